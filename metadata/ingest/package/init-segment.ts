/**
 * Makes the init segment (`ftyp` + `moov`) of a rendition: mediabunny writes it, as it knows every codec's sample entry,
 * colour, aspect ratio and rotation, from the first packet of each track; the fragment that follows is thrown away.
 * Two things are then set in its bytes: creation times to 0 (mediabunny writes the wall clock, and equal sources must
 * give equal chunks), and timescales and edit lists to ours (mediabunny dates video in 1/57600 s), so that frame times
 * stay exact.
 */

import {
  EncodedAudioPacketSource,
  EncodedVideoPacketSource,
  type InputAudioTrack,
  type InputVideoTrack,
  Mp4OutputFormat,
  NullTarget,
  Output,
} from "mediabunny";
import { findBoxes, type Mp4Box } from "./mp4-boxes.ts";
import { damaged } from "./refusals.ts";
import type { SourcePacket, TrackTiming } from "./sample-reader.ts";

/** One track to describe. */
export interface InitTrack<Track> {
  readonly track: Track;
  readonly firstPacket: SourcePacket;
  readonly timing: TrackTiming;
}

/** The tracks of a rendition; at least one. */
export interface InitTracks {
  readonly video: InitTrack<InputVideoTrack> | null;
  readonly audio: InitTrack<InputAudioTrack> | null;
}

/** The init segment, and the ids its tracks were given. */
export interface InitSegment {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly videoTrackId: number;
  readonly audioTrackId: number;
  /** What its edit list takes back from the video's times. Ticks. */
  readonly videoDelayTicks: number;
}

/**
 * Writes the init segment.
 *
 * @throws UnsupportedMediaError `damaged` when a track lacks its decoder configuration
 */
export async function makeInitSegment(tracks: InitTracks): Promise<InitSegment> {
  const parts: Uint8Array[] = [];
  const keep = (data: Uint8Array): void => {
    parts.push(data.slice());
  };
  const format = new Mp4OutputFormat({ fastStart: "fragmented", onFtyp: keep, onMoov: keep });
  const output = new Output({ format, target: new NullTarget() });
  const addVideo = tracks.video === null ? null : await declareVideo(output, tracks.video);
  const addAudio = tracks.audio === null ? null : await declareAudio(output, tracks.audio);
  await output.start();
  await addVideo?.();
  await addAudio?.();
  await output.finalize();
  const bytes = new Uint8Array(Buffer.concat(parts));
  settle(bytes, tracks);
  const videoDelayTicks = tracks.video?.timing.editTicks ?? 0;
  return { bytes, videoTrackId: 1, audioTrackId: tracks.video === null ? 1 : 2, videoDelayTicks };
}

type AddFirstPacket = () => Promise<void>;

async function declareVideo(output: Output, init: InitTrack<InputVideoTrack>): Promise<AddFirstPacket> {
  const { track } = init;
  const [codec, decoderConfig] = [await track.getCodec(), await track.getDecoderConfig()];
  if (codec === null || decoderConfig === null) throw damaged("the video track has no decoder configuration");
  if (codec === "avc" && decoderConfig.description === undefined) {
    throw damaged("the H.264 track has no decoder configuration record (avcC)");
  }
  const source = new EncodedVideoPacketSource(codec);
  output.addVideoTrack(source, { transformationMatrix: await track.getTransformationMatrix() });
  return async () => source.add(atTrackStart(init), { decoderConfig });
}

async function declareAudio(output: Output, init: InitTrack<InputAudioTrack>): Promise<AddFirstPacket> {
  const { track } = init;
  const [codec, decoderConfig] = [await track.getCodec(), await track.getDecoderConfig()];
  if (codec === null || decoderConfig === null) throw damaged("the audio track has no decoder configuration");
  if (codec === "aac" && decoderConfig.description === undefined) {
    throw damaged("the AAC track has no decoder configuration (AudioSpecificConfig)");
  }
  const source = new EncodedAudioPacketSource(codec);
  output.addAudioTrack(source, { languageCode: await track.getLanguageCode() });
  return async () => source.add(atTrackStart(init), { decoderConfig });
}

/** A packet that starts before 0 makes mediabunny write the edit list that hides it, which is what priming needs. */
function atTrackStart(init: InitTrack<unknown>): SourcePacket {
  const { editTicks, timescale } = init.timing;
  return init.firstPacket.clone({ timestamp: editTicks === 0 ? 0 : -editTicks / timescale, type: "key" });
}

/** ISO/IEC 14496-12 sections 8.2.2, 8.3.2, 8.4.2 (times, timescale) and 8.6.6 (edit list). */
function settle(bytes: Uint8Array<ArrayBuffer>, tracks: InitTracks): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (const box of findBoxes(bytes, ["moov", "mvhd"])) zeroTimes(bytes, box);
  const timings = [tracks.video?.timing, tracks.audio?.timing].filter((timing) => timing !== undefined);
  for (const [index, { contentAt, endAt }] of findBoxes(bytes, ["moov", "trak"]).entries()) {
    const timing = timings[index];
    const trak = bytes.subarray(contentAt, endAt);
    for (const box of findBoxes(trak, ["tkhd"])) zeroTimes(trak, box);
    for (const box of findBoxes(trak, ["mdia", "mdhd"])) {
      const timescaleAt = contentAt + box.contentAt + 4 + zeroTimes(trak, box);
      if (timing !== undefined) view.setUint32(timescaleAt, timing.timescale);
    }
    // Version 0, one entry: version and flags, count, segment_duration 0 (unknown), media_time, media_rate.
    for (const box of findBoxes(trak, ["edts", "elst"])) {
      if (timing !== undefined) view.setInt32(contentAt + box.contentAt + 12, timing.editTicks);
    }
  }
}

/** Returns how many bytes the two times take: 8, or 16 in version 1. */
function zeroTimes(bytes: Uint8Array, box: Mp4Box): number {
  const timeBytes = bytes[box.contentAt] === 1 ? 16 : 8;
  bytes.fill(0, box.contentAt + 4, box.contentAt + 4 + timeBytes);
  return timeBytes;
}
