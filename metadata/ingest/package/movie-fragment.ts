/**
 * Writes one media segment: a `moof` with one `traf` per track, and one `mdat` with the video samples before the audio
 * samples (ISO/IEC 14496-12 sections 8.8.4 to 8.8.8 and 8.8.12). Not mediabunny's muxer: it chooses fragment boundaries
 * by duration, keeps a record of every sample until the end for an index that HLS does not use, and adds that index.
 *
 * The sources tell presentation times only, so decode times are the presentation times of the segment in ascending
 * order. The first decode time of a segment is then its first presentation time, which is what hls.js reads. A frame
 * shown before its decode time would need a negative offset: version 1 of `trun` allows it and browsers play it, but
 * ffmpeg 5.1 then shows the whole track late (measured: 83 ms with two B-frames). So every frame is shown `delayTicks`
 * later than it should, and an edit list in the init segment takes that back.
 */

import { damaged } from "./refusals.ts";
import type { Sample } from "./sample-reader.ts";

/** One track's part of a segment. */
export interface FragmentTrack {
  readonly trackId: number;
  /** In decode order, at least one. */
  readonly samples: readonly Sample[];
  /** Where the track goes on in the next segment; null at its end. Ticks. */
  readonly nextTicks: number | null;
  /** How much later than its `startTicks` each sample is dated, to keep offsets positive; 0 for audio. */
  readonly delayTicks: number;
}

/** What a sample adds to a segment: its bytes and its row in the `trun`. Bytes. */
export function storedBytes(sample: Sample): number {
  return sample.bytes.length + TRUN_SAMPLE_BYTES;
}

/** What a segment of two tracks takes besides its samples' `storedBytes`, rounded up. Bytes. */
export const SEGMENT_OVERHEAD_BYTES = 256;

/**
 * The delay that these samples need: the most by which one of them is shown before its decode time. 0 without B-frames.
 *
 * @param samples of one segment, in decode order
 */
export function neededDelayTicks(samples: readonly Sample[]): number {
  const decodeTicks = decodeTimes(samples);
  return samples.reduce((most, { startTicks }, index) => Math.max(most, (decodeTicks[index] ?? 0) - startTicks), 0);
}

/** Sizes of the boxes as written here. */
const BOX_HEADER_BYTES = 8;
const FULL_BOX_HEADER_BYTES = 12;
const MFHD_BYTES = FULL_BOX_HEADER_BYTES + 4;
const TFHD_BYTES = FULL_BOX_HEADER_BYTES + 4;
const TFDT_BYTES = FULL_BOX_HEADER_BYTES + 8;
const TRUN_HEADER_BYTES = FULL_BOX_HEADER_BYTES + 8;
const TRUN_SAMPLE_BYTES = 16;

const TFHD_DEFAULT_BASE_IS_MOOF = 0x02_00_00;
const TRUN_DATA_OFFSET = 0x00_01;
const TRUN_SAMPLE_DURATION_SIZE_FLAGS_COMPOSITION = 0x0f_00;
/** ISO/IEC 14496-12 section 8.8.3.1: sample_depends_on = 2 (no other), sync. */
const FLAGS_KEY = 0x02_00_00_00;
/** sample_depends_on = 1 (others), sample_is_non_sync_sample. */
const FLAGS_DELTA = 0x01_01_00_00;

/**
 * The bytes of a segment.
 *
 * @param sequenceNumber 1 for the first segment of a rendition, then ascending
 * @param tracks those that have samples in the segment, in track order
 * @throws UnsupportedMediaError `damaged` when a track would go backwards
 */
export function writeMovieFragment(sequenceNumber: number, tracks: readonly FragmentTrack[]): Uint8Array<ArrayBuffer> {
  const moofBytes = BOX_HEADER_BYTES + MFHD_BYTES + tracks.reduce((sum, track) => sum + trafBytes(track), 0);
  const mediaBytes = tracks.reduce((sum, { samples }) => sum + sizeOf(samples), 0);
  const writer = new BoxWriter(moofBytes + BOX_HEADER_BYTES + mediaBytes);
  writer.box("moof", moofBytes);
  writer.fullBox("mfhd", MFHD_BYTES, { version: 0, flags: 0 });
  writer.u32(sequenceNumber);
  let dataOffset = moofBytes + BOX_HEADER_BYTES;
  for (const track of tracks) {
    writeTrackFragment(writer, track, dataOffset);
    dataOffset += sizeOf(track.samples);
  }
  writer.box("mdat", BOX_HEADER_BYTES + mediaBytes);
  for (const { samples } of tracks) for (const { bytes } of samples) writer.bytes(bytes);
  return writer.finish();
}

function trafBytes(track: FragmentTrack): number {
  const trunBytes = TRUN_HEADER_BYTES + TRUN_SAMPLE_BYTES * track.samples.length;
  return BOX_HEADER_BYTES + TFHD_BYTES + TFDT_BYTES + trunBytes;
}

function sizeOf(samples: readonly Sample[]): number {
  return samples.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function writeTrackFragment(writer: BoxWriter, track: FragmentTrack, dataOffset: number): void {
  const { samples } = track;
  const decodeTicks = decodeTimes(samples);
  const durations = sampleDurations(decodeTicks, track);
  writer.box("traf", trafBytes(track));
  writer.fullBox("tfhd", TFHD_BYTES, { version: 0, flags: TFHD_DEFAULT_BASE_IS_MOOF });
  writer.u32(track.trackId);
  writer.fullBox("tfdt", TFDT_BYTES, { version: 1, flags: 0 });
  writer.u64(decodeTicks[0] ?? 0);
  const flags = TRUN_DATA_OFFSET | TRUN_SAMPLE_DURATION_SIZE_FLAGS_COMPOSITION;
  writer.fullBox("trun", TRUN_HEADER_BYTES + TRUN_SAMPLE_BYTES * samples.length, { version: 1, flags });
  writer.u32(samples.length);
  writer.u32(dataOffset);
  for (const [index, sample] of samples.entries()) {
    writer.u32(durations[index] ?? 0);
    writer.u32(sample.bytes.length);
    writer.u32(sample.isKey ? FLAGS_KEY : FLAGS_DELTA);
    writer.i32(sample.startTicks + track.delayTicks - (decodeTicks[index] ?? 0));
  }
}

function decodeTimes(samples: readonly Sample[]): number[] {
  return samples.map(({ startTicks }) => startTicks).sort((a, b) => a - b);
}

/** Each sample lasts until the next is decoded, over the segment's end too, so that decode times are without gaps. */
function sampleDurations(decodeTicks: readonly number[], track: FragmentTrack): number[] {
  const lastTicks = decodeTicks.at(-1) ?? 0;
  const shownLast = track.samples.find(({ startTicks }) => startTicks === lastTicks);
  const endTicks = track.nextTicks ?? lastTicks + (shownLast?.durationTicks ?? 0);
  return decodeTicks.map((ticks, index) => {
    const durationTicks = (decodeTicks[index + 1] ?? endTicks) - ticks;
    if (durationTicks < 0 || durationTicks > 0xff_ff_ff_ff) throw damaged("its timestamps go backwards or leap");
    return durationTicks;
  });
}

/** Big-endian writer over one buffer of the final size. */
class BoxWriter {
  readonly #buffer: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(sizeBytes: number) {
    this.#buffer = new Uint8Array(sizeBytes);
    this.#view = new DataView(this.#buffer.buffer);
  }

  box(type: string, sizeBytes: number): void {
    this.u32(sizeBytes);
    for (const letter of type) this.#buffer[this.#at++] = letter.charCodeAt(0);
  }

  fullBox(type: string, sizeBytes: number, head: { version: number; flags: number }): void {
    this.box(type, sizeBytes);
    this.u32(head.version * 0x01_00_00_00 + head.flags);
  }

  u32(value: number): void {
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
  }

  i32(value: number): void {
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  u64(value: number): void {
    this.u32(Math.floor(value / 0x1_00_00_00_00));
    this.u32(value % 0x1_00_00_00_00);
  }

  bytes(bytes: Uint8Array): void {
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#buffer;
  }
}
