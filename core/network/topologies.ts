/**
 * Topologies: which node has which path, and what access link they share. The seed says where in the traces a session
 * begins: somewhere else on each path when they are independent, at one moment on all when they depend on each other. The
 * same seed always gives the same, so that strategies can be compared in pairs.
 */
import { invariant } from "../invariant.ts";
import type { Random } from "../random.ts";
import { seededRandom } from "../random.ts";
import type { NetworkPlan, PathConditions, ScheduledChange } from "./conditions.ts";
import { FREE_PATH } from "./path-phases.ts";
import type { RateCurve } from "./rate-curve.ts";
import { constantRate, scaledCurve, shiftedCurve } from "./rate-curve.ts";
import type { Trace } from "./trace-file.ts";

/** Where a rate comes from. `offsetMs`: the trace starts later, around its end. */
export type RateSource =
  | { readonly bytesPerSecond: number }
  | { readonly trace: string; readonly scale: number; readonly offsetMs: number };

export interface TopologyNode {
  readonly nodeId: string;
  /** Null: as measured with the trace. */
  readonly roundTripMs: number | null;
  readonly rate: RateSource;
}

export interface Topology {
  readonly id: string;
  readonly expect: string;
  readonly kind: NetworkPlan["kind"];
  readonly access: RateSource;
  readonly nodes: readonly TopologyNode[];
}

export type TraceLookup = (id: string) => Trace | undefined;

/** Measured round trips go on for this long: longer than any session that is compared. */
const MEASURED_MS = 30 * 60_000;

export interface TopologyChoice {
  readonly traces: TraceLookup;
  readonly seed: number;
  /**
   * The nodes of the cluster, which take the topology's places in order: those beyond it begin again at the first (at
   * another offset when independent), places without a node stay empty. The topology's own names when left out.
   */
  readonly nodeIds?: readonly string[];
}

/** @throws InvariantError when a trace is missing: who reads topologies looks for that first */
export function topologyPlan(topology: Topology, { traces, seed, nodeIds }: TopologyChoice): NetworkPlan {
  const random = seededRandom(seed);
  const places = nodeIds === undefined ? topology.nodes : placesFor(topology.nodes, nodeIds);
  const start = startsOf(topology, traces, random);
  const access = curveOf(topology.access, traces, start);
  const nodes: { nodeId: string; path: PathConditions }[] = [];
  const changes: ScheduledChange[] = [];
  for (const { nodeId, roundTripMs, rate } of places) {
    const offset = start.next();
    const path = { ...FREE_PATH, rate: curveOf(rate, traces, { next: () => offset }) };
    if (roundTripMs !== null) {
      nodes.push({ nodeId, path: { ...path, roundTripMs } });
      continue;
    }
    const measured = roundTripsOf(rate, traces, offset);
    nodes.push({ nodeId, path: { ...path, roundTripMs: measured[0]?.roundTripMs ?? 0 } });
    for (const step of measured.slice(1)) {
      changes.push({ atMs: step.atMs, nodeId, change: { roundTripMs: step.roundTripMs } });
    }
  }
  const { id, expect, kind } = topology;
  return { id, expect, kind, access, nodes, changes: changes.sort((a, b) => a.atMs - b.atMs) };
}

function placesFor(nodes: readonly TopologyNode[], nodeIds: readonly string[]): TopologyNode[] {
  return nodeIds.map((nodeId, index) => {
    const place = nodes[index % nodes.length];
    invariant(place !== undefined, "Cannot place nodes in a topology that has none");
    return { ...place, nodeId };
  });
}

/** A start for each curve: a function of the curve's length. */
interface Starts {
  next(): (durationMs: number) => number;
}

function startsOf({ kind, access, nodes }: Topology, traces: TraceLookup, random: Random): Starts {
  if (kind === "independent") {
    return {
      next: () => {
        const share = random();
        return (durationMs) => share * durationMs;
      },
    };
  }
  const durations = [access, ...nodes.map(({ rate }) => rate)].map((source) =>
    "trace" in source ? traceOf(source.trace, traces).curve.durationMs : 0,
  );
  const startMs = random() * Math.max(...durations);
  return { next: () => () => startMs };
}

function curveOf(source: RateSource, traces: TraceLookup, starts: Starts): RateCurve {
  const start = starts.next();
  if (!("trace" in source)) return constantRate(source.bytesPerSecond);
  const { curve } = traceOf(source.trace, traces);
  return scaledCurve(shiftedCurve(curve, source.offsetMs + start(curve.durationMs)), source.scale);
}

function roundTripsOf(source: RateSource, traces: TraceLookup, start: (durationMs: number) => number) {
  invariant("trace" in source, "Cannot take a round trip from a constant rate");
  const { curve, roundTrips } = traceOf(source.trace, traces);
  const { durationMs } = curve;
  const startMs = (source.offsetMs + start(durationMs)) % durationMs;
  const first = roundTrips.findLast(({ atMs }) => atMs <= startMs) ?? roundTrips.at(-1);
  if (first === undefined) return [];
  const rounds = Math.ceil(MEASURED_MS / durationMs) + 1;
  const later = Array.from({ length: rounds }, (_, round) =>
    roundTrips.map(({ atMs, roundTripMs }) => ({ atMs: atMs - startMs + round * durationMs, roundTripMs })),
  ).flat();
  return [{ ...first, atMs: 0 }, ...later.filter(({ atMs }) => atMs > 0 && atMs < MEASURED_MS)];
}

function traceOf(id: string, traces: TraceLookup): Trace {
  const trace = traces(id);
  invariant(trace !== undefined, `Cannot build a topology without the trace "${id}"`);
  return trace;
}
