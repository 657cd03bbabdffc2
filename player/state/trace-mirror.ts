/**
 * The page's copy of what the worker knows: a snapshot, then numbered deltas. Pure: messages in, a new copy out, and
 * word when a message went missing. The conversation is in trace-store.ts.
 */
import type { NodeEstimateView, SegmentTrace } from "#wire/contract/segment-trace.ts";
import type { WorkerMessage } from "#wire/contract/worker-messages.ts";

/** Traces kept in the page: an hour or two of four-second segments, 2 to 6 kB each. The oldest go first. */
export const MAX_TRACES = 2000;

export interface TraceMirror {
  /** Number of the last message taken in; null before the first snapshot. */
  readonly number: number | null;
  /** By id, in the order in which they began. */
  readonly traces: ReadonlyMap<string, SegmentTrace>;
  readonly estimates: readonly NodeEstimateView[];
}

export const EMPTY_MIRROR: TraceMirror = { number: null, traces: new Map(), estimates: [] };

export interface MirrorStep {
  readonly mirror: TraceMirror;
  /** A delta was missed: the copy is no longer complete, subscribe again. */
  readonly gap: boolean;
}

/** Takes one message in. Kinds that are not about traces change nothing. */
export function takeMessage(mirror: TraceMirror, message: WorkerMessage): MirrorStep {
  if (message.kind === "snapshot") {
    // A worker that was restarted has forgotten finished traces: ours stay. Those under way died with it.
    const kept = [...mirror.traces.values()].filter((trace) => trace.outcome !== "running");
    return {
      mirror: {
        number: message.number,
        traces: mergeTraces(kept, message.traces),
        estimates: message.estimates,
      },
      gap: false,
    };
  }
  if (message.kind !== "delta") return { mirror, gap: false };
  if (mirror.number === null || message.number !== mirror.number + 1) return { mirror, gap: true };
  return {
    mirror: {
      number: message.number,
      traces: mergeTraces([...mirror.traces.values()], message.traces),
      estimates: mergeEstimates(mirror.estimates, message.estimates),
    },
    gap: false,
  };
}

/** Later traces win over earlier ones of the same id, in the order in which they began, the newest {@link MAX_TRACES}. */
export function mergeTraces(
  earlier: readonly SegmentTrace[],
  later: readonly SegmentTrace[],
): ReadonlyMap<string, SegmentTrace> {
  const byId = new Map<string, SegmentTrace>();
  for (const trace of earlier) byId.set(trace.id, trace);
  for (const trace of later) byId.set(trace.id, trace);
  const ordered = [...byId.values()].sort((a, b) => a.startedAtMs - b.startedAtMs).slice(-MAX_TRACES);
  return new Map(ordered.map((trace) => [trace.id, trace]));
}

function mergeEstimates(earlier: readonly NodeEstimateView[], later: readonly NodeEstimateView[]): NodeEstimateView[] {
  const byNode = new Map(earlier.map((estimate) => [estimate.nodeId, estimate]));
  for (const estimate of later) byNode.set(estimate.nodeId, estimate);
  return [...byNode.values()].sort((a, b) => a.nodeId.localeCompare(b.nodeId, "en", { numeric: true }));
}
