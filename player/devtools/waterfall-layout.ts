/**
 * Segments as rows, the attempts on one node in as few lanes as keep them apart, the phases of an attempt as bars. Pure:
 * traces in, milliseconds since the segment's request out; waterfall-view.ts draws.
 */
import type { AttemptTrace, SegmentTrace } from "#wire/contract/segment-trace.ts";

/** `waiting`: until the first body byte. `body`: bytes arriving. `verify`: the time spent hashing, drawn at the end. */
export type Phase = "waiting" | "body" | "verify";

/**
 * What kind of attempt it is, to be drawn in a shape of its own. `steal`: it took blocks over from a slower node. `hedge`: it
 * asked for what another was asked for too, to be quicker (races count as that). `ahead`: before the player asked.
 */
export type Shape = "plain" | "steal" | "hedge" | "ahead";

export interface WaterfallBar {
  readonly phase: Phase;
  readonly startMs: number;
  readonly endMs: number;
}

/** One attempt as bars. */
export interface WaterfallRun {
  /** Undefined for bytes that no node gave: the cache, the gateway. */
  readonly attempt: AttemptTrace | undefined;
  readonly shape: Shape;
  readonly bars: readonly WaterfallBar[];
  readonly endMs: number;
}

/** Attempts on one node that follow each other. */
export interface WaterfallLane {
  /** Undefined for what no node gave. */
  readonly nodeId: string | undefined;
  /** In the order of time, at least one. */
  readonly runs: readonly WaterfallRun[];
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
  const lanes = lanesOf(trace.attempts.map((attempt) => runOf(attempt, knownMs)));
  if (lanes.length === 0) {
    const endMs = trace.endedMs ?? knownMs;
    const bars: WaterfallBar[] = [{ phase: "body", startMs: 0, endMs }];
    lanes.push({ nodeId: undefined, runs: [{ attempt: undefined, shape: "plain", bars, endMs }], endMs });
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

const SHAPES: Readonly<Record<string, Shape>> = { steal: "steal", hedge: "hedge", race: "hedge", ahead: "ahead" };

export function shapeOf({ because }: AttemptTrace): Shape {
  return SHAPES[because] ?? "plain";
}

/** Nodes in the order in which they were first asked; a second lane of a node only for what overlaps its first. */
function lanesOf(runs: readonly WaterfallRun[]): WaterfallLane[] {
  const byNode = new Map<string, WaterfallRun[][]>();
  for (const run of [...runs].sort((a, b) => startOf(a) - startOf(b))) {
    const nodeId = run.attempt?.nodeId ?? "";
    const lanes = byNode.get(nodeId) ?? [];
    const free = lanes.find((lane) => (lane.at(-1)?.endMs ?? 0) <= startOf(run));
    if (free === undefined) lanes.push([run]);
    else free.push(run);
    byNode.set(nodeId, lanes);
  }
  return [...byNode].flatMap(([nodeId, lanes]) =>
    lanes.map((own) => ({ nodeId, runs: own, endMs: Math.max(...own.map((run) => run.endMs)) })),
  );
}

function startOf({ attempt }: WaterfallRun): number {
  return attempt?.startedMs ?? 0;
}

function runOf(attempt: AttemptTrace, knownMs: number): WaterfallRun {
  const endMs = Math.max(attempt.startedMs, attempt.endedMs ?? knownMs);
  const firstByteMs = attempt.firstByteMs ?? endMs;
  const verifyMs = Math.min(attempt.verifyMs, Math.max(0, endMs - firstByteMs));
  const bars: WaterfallBar[] = [
    { phase: "waiting", startMs: attempt.startedMs, endMs: firstByteMs },
    { phase: "body", startMs: firstByteMs, endMs: endMs - verifyMs },
    { phase: "verify", startMs: endMs - verifyMs, endMs },
  ];
  return { attempt, shape: shapeOf(attempt), bars: bars.filter((bar) => bar.endMs > bar.startMs), endMs };
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
