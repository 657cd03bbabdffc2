/**
 * Where a decoder can start. The container's flag is not enough, and for H.264 neither is mediabunny's check: outside a
 * browser it also accepts a recovery point SEI, while Chromium starts only at an instantaneous decoder refresh (its MP4
 * parser looks into the access unit and overrules the container). A segment must start where Chromium can.
 */

import { EncodedPacketSink, type InputVideoTrack } from "mediabunny";
import type { KeyRule } from "./sample-reader.ts";
import { reading, type SourceFile } from "./source-file.ts";

/** ISO/IEC 14496-10 table 7-1. */
const NAL_SLICE = 1;
const NAL_IDR_SLICE = 5;

/** Beyond this many (an all-intra film) nobody needs the list: keyframes are everywhere. */
const MOST_KEYFRAME_TIMES = 100_000;

/**
 * The rule for a video track.
 *
 * @param codec mediabunny's name
 * @param description the decoder configuration record (avcC for H.264), where there is one
 */
export function keyRuleFor(codec: string | null, description: Uint8Array | null): KeyRule {
  if (codec !== "avc" || description === null) return (packet) => packet.type === "key";
  // ISO/IEC 14496-15 section 5.3.3.1.2: lengthSizeMinusOne is in the last two bits of byte 4.
  const lengthSizeBytes = ((description[4] ?? 3) & 3) + 1;
  return (packet) => startsWithIdr(packet.data, lengthSizeBytes);
}

/** Whether the first slice of an H.264 access unit (length-prefixed NAL units) is of an IDR picture. */
export function startsWithIdr(accessUnit: Uint8Array, lengthSizeBytes: number): boolean {
  let at = 0;
  while (at + lengthSizeBytes < accessUnit.length) {
    let lengthBytes = 0;
    for (let index = 0; index < lengthSizeBytes; index++)
      lengthBytes = lengthBytes * 256 + (accessUnit[at + index] ?? 0);
    const type = (accessUnit[at + lengthSizeBytes] ?? 0) & 0x1f;
    if (type >= NAL_SLICE && type <= NAL_IDR_SLICE) return type === NAL_IDR_SLICE;
    at += lengthSizeBytes + lengthBytes;
  }
  return false;
}

/**
 * The container's keyframe times, where its index tells them without reading the media (MP4, MOV): source seconds,
 * ascending. Null for Matroska and WebM (their cues may leave keyframes out), and for endless lists.
 */
export async function keyframeTimes(source: SourceFile, signal: AbortSignal): Promise<number[] | null> {
  if (source.video === null || source.container === "Matroska" || source.container === "WebM") return null;
  const { track } = source.video;
  return reading(signal, () => timesFromIndex(track, signal));
}

async function timesFromIndex(track: InputVideoTrack, signal: AbortSignal): Promise<number[] | null> {
  const sink = new EncodedPacketSink(track);
  const times: number[] = [];
  let packet = await sink.getFirstKeyPacket({ metadataOnly: true });
  let lastSequence = Number.NEGATIVE_INFINITY;
  while (packet !== null && packet.sequenceNumber > lastSequence) {
    signal.throwIfAborted();
    if (times.length >= MOST_KEYFRAME_TIMES) return null;
    times.push(packet.timestamp);
    lastSequence = packet.sequenceNumber;
    packet = await sink.getNextKeyPacket(packet, { metadataOnly: true });
  }
  return times;
}
