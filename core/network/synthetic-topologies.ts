/**
 * Nine topologies of generated traces, of the kinds that real ones have: for machines without trace files, and for tests.
 * Names begin with `s`; what is compared on them is compared on nothing that anybody measured.
 */
import { seededRandom } from "../random.ts";
import { markovTrace, outageTrace, squareTrace, stepTrace } from "./generated-traces.ts";
import type { RateCurve } from "./rate-curve.ts";
import { constantRate } from "./rate-curve.ts";
import type { RateSource, Topology, TopologyNode, TraceLookup } from "./topologies.ts";

const MEGABIT = 1_000_000 / 8;
const megabits = (...values: readonly number[]) => values.map((value) => value * MEGABIT);

/** Fixed seeds: a generated trace is the same on every machine. */
const TRACES: ReadonlyMap<string, RateCurve> = new Map([
  ["broad-a", markovTrace(megabits(2, 8, 16, 24, 30), 0.2, seededRandom(1))],
  ["broad-b", markovTrace(megabits(1, 10, 18, 22), 0.2, seededRandom(2))],
  ["broad-c", squareTrace(40 * MEGABIT, 4 * MEGABIT, 50_000)],
  ["weak", markovTrace(megabits(0.5, 1, 2), 0.2, seededRandom(3))],
  ["mobile-a", markovTrace(megabits(0.2, 2, 6, 12, 20), 0.5, seededRandom(4))],
  ["mobile-b", markovTrace(megabits(0.5, 4, 8, 14), 0.5, seededRandom(5))],
  ["mobile-c", outageTrace(9 * MEGABIT, 4_000, 45_000)],
  ["mobile-d", squareTrace(15 * MEGABIT, 2 * MEGABIT, 20_000)],
  ["fast-a", outageTrace(90 * MEGABIT, 3_000, 30_000)],
  ["fast-b", markovTrace(megabits(2, 40, 90, 150), 0.4, seededRandom(6))],
  ["fast-c", squareTrace(120 * MEGABIT, 1 * MEGABIT, 24_000)],
  ["step-down", stepTrace(20 * MEGABIT, 3 * MEGABIT, 300_000)],
  ["crawl", constantRate(0.6 * MEGABIT)],
  ["low-a", markovTrace(megabits(0.3, 1, 2, 3), 0.4, seededRandom(7))],
  ["low-b", outageTrace(1.5 * MEGABIT, 6_000, 60_000)],
  ["low-c", squareTrace(2.5 * MEGABIT, 0.4 * MEGABIT, 30_000)],
]);

export const syntheticTraces: TraceLookup = (id) => {
  const curve = TRACES.get(id);
  return curve === undefined ? undefined : { curve, roundTrips: [] };
};

/** A rate in Mbit/s, or a trace by name. */
type Rate = number | string;

function source(rate: Rate): RateSource {
  return typeof rate === "number" ? { bytesPerSecond: rate * MEGABIT } : { trace: rate, scale: 1, offsetMs: 0 };
}

/** Nodes n1, n2, ... as pairs of round trip and rate. */
function nodes(...all: readonly (readonly [roundTripMs: number, rate: Rate])[]): TopologyNode[] {
  return all.map(([roundTripMs, rate], index) => ({ nodeId: `n${index + 1}`, roundTripMs, rate: source(rate) }));
}

export const SYNTHETIC_TOPOLOGIES: readonly Topology[] = [
  {
    ...{ id: "s1-broadband-3", kind: "independent", access: source(200) },
    expect: "Three paths that differ over time; a good scheduler should win",
    nodes: nodes([4, "broad-a"], [13, "broad-b"], [86, "broad-c"]),
  },
  {
    ...{ id: "s2-weak-node", kind: "independent", access: source(200) },
    expect: "The nearest of four is far slower than the rest; rotation suffers",
    nodes: nodes([4, "weak"], [13, "broad-a"], [27, "broad-b"], [79, "step-down"]),
  },
  {
    ...{ id: "s3-mobile-access", kind: "shared-access+paths", access: source("mobile-a") },
    expect: "Sometimes the access link, sometimes a path is the bottleneck",
    nodes: nodes([4, "broad-b"], [13, "broad-a"], [82, "broad-c"]),
  },
  {
    ...{ id: "s4-null-weak-access", kind: "shared-access", access: source("low-a") },
    expect: "Control: the access link is always the bottleneck, nobody may win by more than noise",
    nodes: nodes([4, 100], [4, 100], [4, 100]),
  },
  {
    ...{ id: "s5-mobile-paths", kind: "independent", access: source(300) },
    expect: "Four strongly varying paths",
    nodes: nodes([4, "mobile-a"], [13, "mobile-b"], [29, "mobile-c"], [85, "mobile-d"]),
  },
  {
    ...{ id: "s6-straggler", kind: "independent", access: source(200) },
    expect: "The nearest node is by far the slowest; choice by latency must lose",
    nodes: nodes([4, "crawl"], [10, "mobile-b"], [34, "broad-a"]),
  },
  {
    ...{ id: "s7-fast-bursty", kind: "independent", access: source(400) },
    expect: "Fast on average, with deep dips and outages",
    nodes: nodes([4, "fast-a"], [9, "fast-b"], [100, "fast-c"]),
  },
  {
    ...{ id: "s8-latency-only", kind: "correlated", access: source(200) },
    expect: "One capacity for all, round trips differ; the nearest is about optimal for whole segments",
    nodes: nodes([4, "mobile-b"], [122, "mobile-b"], [185, "mobile-b"]),
  },
  {
    ...{ id: "s9-low-mobile", kind: "independent", access: source(100) },
    expect: "All five paths are poor; their sum is just enough",
    nodes: nodes([4, "low-a"], [11, "low-b"], [16, "low-c"], [41, "weak"], [79, 1.2]),
  },
];
