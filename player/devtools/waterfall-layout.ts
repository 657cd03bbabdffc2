/**
 * Segments as rows, their attempts as lanes, the phases of an attempt as bars. Pure: traces in, milliseconds since the
 * segment's request out; waterfall-view.ts draws.
 */
import type { AttemptTrace, SegmentTrace } from "#wire/contract/segment-trace.ts";

/** `waiting`: until the first body byte. `body`: bytes arriving. `verify`: the time spent hashing, drawn at the end. */
export type Phase = "waiting" | "body" | "verify";

export interface WaterfallBar {
  readonly phase: Phase;
  readonly startMs: number;
  readonly endMs: number;
}

export interface WaterfallLane {
  /** Undefined for bytes that no node gave: the cache, the gateway. */
  readonly attempt: AttemptTrace | undefined;
  readonly bars: readonly WaterfallBar[];
  readonly endMs: number;
}

export interface WaterfallRow {
  readonly trace: SegmentTrace;
  readonly lanes: readonly WaterfallLane[];
  readonly endMs: number;
}

/** Lays out one segment. What is still under way ends at the last thing that the trace knows. */
export function waterfallRow(trace: SegmentTrace): WaterfallRow {
  const knownMs = lastKnownMs(trace);
  const lanes = trace.attempts.map((attempt) => laneOf(attempt, knownMs));
  if (lanes.length === 0) {
    const endMs = trace.endedMs ?? knownMs;
    lanes.push({ attempt: undefined, bars: [{ phase: "body", startMs: 0, endMs }], endMs });
  }
  return { trace, lanes, endMs: Math.max(trace.endedMs ?? 0, ...lanes.map((lane) => lane.endMs)) };
}

export interface Scale {
  readonly endMs: number;
  readonly ticksMs: readonly number[];
}

/** A common scale for rows: the longest of them, rounded up to 1, 2 or 5 times a power of ten, in four or five steps. */
export function scaleOf(rows: readonly WaterfallRow[]): Scale {
  const longestMs = Math.max(10, ...rows.map((row) => row.endMs));
  const stepMs = niceStep(longestMs / 5);
  const steps = Math.ceil(longestMs / stepMs);
  return { endMs: steps * stepMs, ticksMs: Array.from({ length: steps + 1 }, (_, index) => index * stepMs) };
}

function laneOf(attempt: AttemptTrace, knownMs: number): WaterfallLane {
  const endMs = Math.max(attempt.startedMs, attempt.endedMs ?? knownMs);
  const firstByteMs = attempt.firstByteMs ?? endMs;
  const verifyMs = Math.min(attempt.verifyMs, Math.max(0, endMs - firstByteMs));
  const bars: WaterfallBar[] = [
    { phase: "waiting", startMs: attempt.startedMs, endMs: firstByteMs },
    { phase: "body", startMs: firstByteMs, endMs: endMs - verifyMs },
    { phase: "verify", startMs: endMs - verifyMs, endMs },
  ];
  return { attempt, bars: bars.filter((bar) => bar.endMs > bar.startMs), endMs };
}

function lastKnownMs(trace: SegmentTrace): number {
  const times = trace.attempts.flatMap(({ startedMs, firstByteMs, endedMs }) => [startedMs, firstByteMs, endedMs]);
  return Math.max(trace.endedMs ?? 0, trace.firstReleaseMs ?? 0, ...times.map((time) => time ?? 0));
}

function niceStep(roughMs: number): number {
  const power = 10 ** Math.floor(Math.log10(roughMs));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= roughMs) ?? 10;
  return factor * power;
}
