/**
 * What a delivered segment says about the network, for the player's quality choice. Its own times do so only when all of
 * it came during its request and nothing else did: a cached segment arrives in no time, with such samples hls.js believes
 * in hundreds of Mbit/s (its issue 5826), segments that overlap halve each other, and one that several nodes share shows
 * its front late. So what counts is what all fetches
 * of the session brought in the time in which at least one was under way (core/estimate/busy-rate.ts).
 */
import type { Span } from "#core/estimate/busy-rate.ts";
import { busyRate } from "#core/estimate/busy-rate.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import type { WorkerMessage } from "#wire/contract/worker-messages.ts";

/** Smaller fetches measure the first byte, not the rate (scheduling note 2.1). */
const MIN_RATE_SAMPLE_BYTES = 32 * 1024;
/** Segments that the recent rate rests on: about half a minute, so that it follows the network. */
const RECENT_SEGMENTS = 8;

type Delivered = Extract<WorkerMessage, { kind: "delivered" }>;

/** What one fetch brought: spans in Unix milliseconds, and from when to when. */
interface Measured extends Time {
  readonly spans: readonly Span[];
}

interface Time {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * @param trace of the delivered segment
 * @param known all traces that the worker knows, oldest first, with those under way
 * @param request the player's name for it
 */
export function deliveredMessage(trace: SegmentTrace, known: readonly SegmentTrace[], request: string): Delivered {
  const nowMs = trace.startedAtMs + (trace.endedMs ?? 0);
  const fetched = trace.servedFrom !== "cache";
  const own = fetched ? measured(trace, nowMs) : undefined;
  const others = alike(trace, known).flatMap((other) => measured(other, nowMs) ?? []);
  const beside = own === undefined ? [] : others.filter((other) => overlap(own, other));
  const now = own === undefined ? null : rateWithin([own, ...beside], own);
  return {
    kind: "delivered",
    session: trace.session,
    request,
    deliveredBytes: trace.deliveredBytes,
    servedFrom: trace.servedFrom,
    firstByteMs: fetched ? firstByteOf(trace) : null,
    networkMs: fetched ? (trace.endedMs ?? 0) : 0,
    rateBytesPerSecond: now ?? recentRate(others),
    timesMislead: fetched && (wasAhead(trace) || wasShared(trace) || beside.length > 0),
    strategy: trace.strategy,
  };
}

/** Other fetches for the same player by the same strategy that say anything about the rate. */
function alike(trace: SegmentTrace, known: readonly SegmentTrace[]): SegmentTrace[] {
  return known.filter(
    ({ id, session, strategy, servedFrom }) =>
      id !== trace.id && session === trace.session && strategy === trace.strategy && servedFrom !== "cache",
  );
}

function wasAhead({ attempts }: SegmentTrace): boolean {
  return attempts[0]?.because === "ahead";
}

/** Its front may have come last: then the player sees a long wait and a burst. */
function wasShared({ attempts }: SegmentTrace): boolean {
  return attempts.filter(({ receivedBytes }) => receivedBytes > 0).length > 1;
}

/**
 * What a fetch brought, and when. It counts from its first byte on: waiting for that says nothing about the rate; later
 * waiting, while a request follows another, is time in which the player got no more either.
 */
function measured(trace: SegmentTrace, nowMs: number): Measured | undefined {
  const firstByteMs = firstByteOf(trace);
  if (firstByteMs === null) return undefined;
  const startMs = trace.startedAtMs + firstByteMs;
  const spans = trace.servedFrom === "gateway" ? [gatewaySpan(trace, startMs, nowMs)] : attemptSpans(trace, nowMs);
  const bytes = spans.reduce((sum, span) => sum + span.bytes, 0);
  if (bytes < MIN_RATE_SAMPLE_BYTES) return undefined;
  return { spans, startMs, endMs: Math.max(...spans.map(({ endMs }) => endMs)) };
}

function attemptSpans(trace: SegmentTrace, nowMs: number): Span[] {
  const { startedAtMs, attempts } = trace;
  const fromMs = startedAtMs + (firstByteOf(trace) ?? 0);
  return attempts
    .filter(({ receivedBytes }) => receivedBytes > 0)
    .map(({ startedMs, endedMs, receivedBytes }) => ({
      startMs: Math.max(fromMs, startedAtMs + startedMs),
      endMs: endedMs === null ? nowMs : startedAtMs + endedMs,
      bytes: receivedBytes,
    }));
}

/** The gateway's bytes are released as they come. */
function gatewaySpan(trace: SegmentTrace, startMs: number, nowMs: number): Span {
  const endMs = trace.endedMs === null ? nowMs : trace.startedAtMs + trace.endedMs;
  return { startMs, endMs, bytes: trace.deliveredBytes };
}

function overlap(one: Measured, other: Measured): boolean {
  return other.startMs < one.endMs && other.endMs > one.startMs;
}

/** Over the latest fetches; of older ones what came in the same time. */
function recentRate(fetches: readonly Measured[]): number | null {
  const recent = fetches.slice(-RECENT_SEGMENTS);
  const startMs = Math.min(...recent.map((fetch) => fetch.startMs));
  const endMs = Math.max(...recent.map((fetch) => fetch.endMs));
  return rateWithin(fetches, { startMs, endMs });
}

/** Bytes per second in a time; null when nothing came. */
function rateWithin(fetches: readonly Measured[], time: Time): number | null {
  return busyRate(fetches.flatMap(({ spans }) => within(spans, time)));
}

/** The parts of spans that fall into a time. Attempts are short, so their bytes count as spread evenly. */
function within(spans: readonly Span[], { startMs, endMs }: Time): Span[] {
  return spans.flatMap((span) => {
    const part = { startMs: Math.max(span.startMs, startMs), endMs: Math.min(span.endMs, endMs) };
    if (part.endMs < part.startMs) return [];
    const share = span.endMs > span.startMs ? (part.endMs - part.startMs) / (span.endMs - span.startMs) : 1;
    return [{ ...part, bytes: span.bytes * share }];
  });
}

/** When the first body byte came from anywhere. */
function firstByteOf(trace: SegmentTrace): number | null {
  if (trace.servedFrom === "gateway") return trace.firstReleaseMs;
  const times = trace.attempts.flatMap((attempt) => (attempt.firstByteMs === null ? [] : [attempt.firstByteMs]));
  return times.length > 0 ? Math.min(...times) : null;
}
