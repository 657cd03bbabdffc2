/**
 * What the boxes of a fragmented MP4 say about its tracks and times (ISO/IEC 14496-12 sections 8.3, 8.5, 8.8; 14496-15 for
 * avcC; 14496-1 section 7.2.6 for esds). Reads only what this project's ffmpeg commands make.
 */
import { boxesIn, findBoxes, type Mp4Box } from "../package/mp4-boxes.ts";
import { damaged } from "../package/refusals.ts";

export interface FragmentTrack {
  readonly id: number;
  readonly kind: "video" | "audio";
  readonly timescale: number;
  /** RFC 6381. */
  readonly codec: string;
  /** Pixels; null for sound. */
  readonly width: number | null;
  readonly height: number | null;
  /** Bytes before each H.264 unit; null for other codecs. */
  readonly lengthSizeBytes: number | null;
}

export interface TrackFragment {
  readonly track: FragmentTrack;
  /** By decoding time, which is presentation time but for the constant delay that the edit list takes back. */
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** Where its first sample begins in the segment. Byte offset. */
  readonly firstSampleAt: number;
}

/** A visual sample entry has this many bytes before its boxes, an audio one fewer. */
const VISUAL_ENTRY_BYTES = 78;
const AUDIO_ENTRY_BYTES = 28;

/** The tracks of an init segment. @throws UnsupportedMediaError `damaged` when one cannot be understood */
export function readTracks(init: Uint8Array): FragmentTrack[] {
  return findBoxes(init, ["moov", "trak"]).map(({ contentAt, endAt }) => readTrack(init.subarray(contentAt, endAt)));
}

function readTrack(trak: Uint8Array): FragmentTrack {
  const view = viewOf(trak);
  const [tkhd] = findBoxes(trak, ["tkhd"]);
  const [mdhd] = findBoxes(trak, ["mdia", "mdhd"]);
  const [stsd] = findBoxes(trak, ["mdia", "minf", "stbl", "stsd"]);
  const [entry] = stsd === undefined ? [] : boxesIn(trak, { at: stsd.contentAt + 8, endAt: stsd.endAt });
  if (tkhd === undefined || mdhd === undefined || entry === undefined)
    throw damaged("ffmpeg made a track without a head");
  const [tkhdIsLong, mdhdIsLong] = [trak[tkhd.contentAt] === 1, trak[mdhd.contentAt] === 1];
  const common = {
    id: view.getUint32(tkhd.contentAt + (tkhdIsLong ? 20 : 12)),
    timescale: view.getUint32(mdhd.contentAt + (mdhdIsLong ? 20 : 12)),
  };
  const within = (skipped: number) => boxesIn(trak, { at: entry.contentAt + skipped, endAt: entry.endAt });
  const configuration = within(VISUAL_ENTRY_BYTES).find(({ type }) => type === "avcC");
  if (configuration !== undefined) {
    const at = configuration.contentAt;
    return {
      ...common,
      kind: "video",
      codec: `${entry.type}.${Buffer.from(trak.subarray(at + 1, at + 4)).toString("hex")}`,
      width: view.getUint16(entry.contentAt + 24),
      height: view.getUint16(entry.contentAt + 26),
      lengthSizeBytes: ((trak[at + 4] ?? 3) & 3) + 1,
    };
  }
  const sound = within(AUDIO_ENTRY_BYTES).find(({ type }) => type === "esds");
  if (sound === undefined) throw damaged(`ffmpeg made a track of "${entry.type}"`);
  const codec = `mp4a.40.${audioObjectType(trak.subarray(sound.contentAt + 4, sound.endAt))}`;
  return { ...common, kind: "audio", codec, width: null, height: null, lengthSizeBytes: null };
}

/** Descriptors nest: ES (3) holds DecoderConfig (4), which holds DecoderSpecificInfo (5). AAC-LC is 2. */
function audioObjectType(esds: Uint8Array): number {
  const skippedBytes: Readonly<Record<number, number>> = { 3: 3, 4: 13 };
  let at = 0;
  while (at < esds.length) {
    const tag = esds[at] ?? 0;
    at += 1;
    while (((esds[at] ?? 0) & 0x80) !== 0) at += 1;
    at += 1;
    if (tag === 5) return (esds[at] ?? 0) >> 3;
    const skipped = skippedBytes[tag];
    if (skipped === undefined) break;
    at += skipped;
  }
  return 2;
}

/** The times of every track in one segment (`moof` and `mdat`). */
export function readFragment(segment: Uint8Array, tracks: readonly FragmentTrack[]): TrackFragment[] {
  return findBoxes(segment, ["moof", "traf"]).flatMap((traf) => {
    const fragment = readTrackFragment(segment, traf, tracks);
    return fragment === null ? [] : [fragment];
  });
}

function readTrackFragment(segment: Uint8Array, traf: Mp4Box, tracks: readonly FragmentTrack[]): TrackFragment | null {
  const view = viewOf(segment);
  const boxes = boxesIn(segment, { at: traf.contentAt, endAt: traf.endAt });
  const [tfhd, tfdt] = ["tfhd", "tfdt"].map((type) => boxes.find((box) => box.type === type));
  const runs = boxes.filter(({ type }) => type === "trun");
  const [run] = runs;
  if (tfhd === undefined || tfdt === undefined || run === undefined) return null;
  const track = tracks.find(({ id }) => id === view.getUint32(tfhd.contentAt + 4));
  if (track === undefined) return null;
  const isLong = segment[tfdt.contentAt] === 1;
  const startTicks = isLong ? Number(view.getBigUint64(tfdt.contentAt + 4)) : view.getUint32(tfdt.contentAt + 4);
  const defaultTicks = defaultDurationTicks(view, tfhd);
  const ticks = runs.reduce((sum, box) => sum + durationTicks(view, box, defaultTicks), 0);
  return {
    track,
    startSeconds: startTicks / track.timescale,
    endSeconds: (startTicks + ticks) / track.timescale,
    // From the beginning of the `moof`, which begins the segment: our commands ask for default-base-is-moof.
    firstSampleAt: view.getInt32(run.contentAt + 8),
  };
}

/** Flags of a full box: 24 bits. */
const flagsAt = (view: DataView, { contentAt }: Mp4Box) => view.getUint32(contentAt) & 0xffffff;

function defaultDurationTicks(view: DataView, tfhd: Mp4Box): number {
  const flags = flagsAt(view, tfhd);
  if ((flags & 0x8) === 0) return 0;
  return view.getUint32(tfhd.contentAt + 8 + ((flags & 0x1) === 0 ? 0 : 8) + ((flags & 0x2) === 0 ? 0 : 4));
}

function durationTicks(view: DataView, trun: Mp4Box, defaultTicks: number): number {
  const flags = flagsAt(view, trun);
  const count = view.getUint32(trun.contentAt + 4);
  if ((flags & 0x100) === 0) return count * defaultTicks;
  const firstAt = trun.contentAt + 8 + ((flags & 0x1) === 0 ? 0 : 4) + ((flags & 0x4) === 0 ? 0 : 4);
  const entryBytes = 4 * [0x100, 0x200, 0x400, 0x800].filter((flag) => (flags & flag) !== 0).length;
  let sum = 0;
  for (let index = 0; index < count; index += 1) sum += view.getUint32(firstAt + index * entryBytes);
  return sum;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
