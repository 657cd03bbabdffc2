/**
 * What hls.js is told about the time a segment took. It derives the quality it picks from these times, and a segment out
 * of the worker's cache would read as 500 Mbit/s, one that others came beside as half of what there is: so for bytes that did
 * not come over the network during their request and alone, times are given that the network would need now (notes on scheduling, section 2.10; the way of p2p-media-loader).
 */
import type { WorkerMessage } from "#wire/contract/worker-messages.ts";

export type DeliveredNote = Extract<WorkerMessage, { kind: "delivered" }>;

/** Milliseconds of `performance.now()`. */
export interface LoadTiming {
  readonly startMs: number;
  readonly firstByteMs: number;
  readonly endMs: number;
}

/** Below this a rate is no measurement but a division by nothing; 8 kbit/s carries no video. */
const LEAST_BYTES_PER_SECOND = 1000;

export interface TimedLoad {
  readonly real: LoadTiming;
  readonly receivedBytes: number;
  /** What the worker said about this delivery; undefined when no worker served it. */
  readonly note: DeliveredNote | undefined;
  /** The player's present estimate: telling it once more changes nothing, which is right when nothing is known. */
  readonly estimateBytesPerSecond: number;
}

/**
 * Real times when the bytes came over the network during this request and alone; otherwise the same end, with a start that fits
 * what the network can do now.
 */
export function honestTiming({ real, receivedBytes, note, estimateBytesPerSecond }: TimedLoad): LoadTiming {
  if (note === undefined || (note.servedFrom !== "cache" && !note.timesMislead)) return real;
  const bytesPerSecond = Math.max(note.rateBytesPerSecond ?? estimateBytesPerSecond, LEAST_BYTES_PER_SECOND);
  const firstByteMs = real.endMs - (1000 * receivedBytes) / bytesPerSecond;
  return { startMs: firstByteMs - Math.max(0, note.firstByteMs ?? 0), firstByteMs, endMs: real.endMs };
}
