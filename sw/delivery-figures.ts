/**
 * What a delivered segment says about the network, for the player's quality choice. A cached segment arrives in no time
 * and says nothing: with such samples hls.js believes in hundreds of Mbit/s (its issue 5826). So the last real
 * measurements of the same strategy speak for it, and when there are none the page is told so.
 */
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import type { WorkerMessage } from "#wire/contract/worker-messages.ts";

/** Smaller deliveries measure the first byte, not the rate (scheduling note 2.1). */
const MIN_RATE_SAMPLE_BYTES = 32 * 1024;
/** Segments that the recent rate rests on: about half a minute, so that it follows the network. */
const RECENT_SEGMENTS = 8;

type Delivered = Extract<WorkerMessage, { kind: "delivered" }>;

/**
 * @param trace of the delivered segment
 * @param earlier other traces, oldest first
 * @param request the player's name for it
 */
export function deliveredMessage(trace: SegmentTrace, earlier: readonly SegmentTrace[], request: string): Delivered {
  const fetched = trace.servedFrom !== "cache";
  const firstByteMs = fetched ? firstByteOf(trace) : null;
  return {
    kind: "delivered",
    session: trace.session,
    request,
    deliveredBytes: trace.deliveredBytes,
    servedFrom: trace.servedFrom,
    firstByteMs,
    networkMs: fetched ? (trace.endedMs ?? 0) : 0,
    rateBytesPerSecond: (fetched ? rateOf([trace]) : null) ?? recentRate(trace, earlier),
    strategy: trace.strategy,
  };
}

/** Bytes per second of the latest fetched segments of the same strategy; null when there are none. */
function recentRate(trace: SegmentTrace, earlier: readonly SegmentTrace[]): number | null {
  const samples: SegmentTrace[] = [];
  for (let i = earlier.length - 1; i >= 0 && samples.length < RECENT_SEGMENTS; i -= 1) {
    const sample = earlier[i];
    if (sample !== undefined && sample.id !== trace.id && sample.strategy === trace.strategy) {
      if (rateOf([sample]) !== null) samples.push(sample);
    }
  }
  return rateOf(samples);
}

/** All bytes over all time between first and last byte; null when that is too little to tell. */
function rateOf(traces: readonly SegmentTrace[]): number | null {
  let bytes = 0;
  let bodyMs = 0;
  for (const trace of traces) {
    const firstByteMs = firstByteOf(trace);
    if (trace.servedFrom === "cache" || trace.outcome !== "delivered" || firstByteMs === null) continue;
    if (trace.endedMs === null || trace.deliveredBytes < MIN_RATE_SAMPLE_BYTES) continue;
    bytes += trace.deliveredBytes;
    bodyMs += trace.endedMs - firstByteMs;
  }
  return bytes > 0 && bodyMs > 0 ? (bytes * 1000) / bodyMs : null;
}

/** When the first body byte came from anywhere; the gateway's bytes are released as they come. */
function firstByteOf(trace: SegmentTrace): number | null {
  if (trace.servedFrom === "gateway") return trace.firstReleaseMs;
  const times = trace.attempts.flatMap((attempt) => (attempt.firstByteMs === null ? [] : [attempt.firstByteMs]));
  return times.length > 0 ? Math.min(...times) : null;
}
