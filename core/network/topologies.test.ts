import { describe, expect, it } from "vitest";
import { markovTrace } from "./generated-traces.ts";
import { bytesBetween, rateAt, shiftedCurve } from "./rate-curve.ts";
import { seededRandom } from "../random.ts";
import { SYNTHETIC_TOPOLOGIES, syntheticTraces } from "./synthetic-topologies.ts";
import type { Topology } from "./topologies.ts";
import { topologyPlan } from "./topologies.ts";

const plans = (seed: number) => SYNTHETIC_TOPOLOGIES.map((one) => topologyPlan(one, { traces: syntheticTraces, seed }));
const find = (id: string): Topology => {
  const found = SYNTHETIC_TOPOLOGIES.find((one) => one.id === id);
  if (found === undefined) throw new Error(id);
  return found;
};
const planOf = (id: string, seed: number, nodeIds?: readonly string[]) =>
  topologyPlan(find(id), { traces: syntheticTraces, seed, ...(nodeIds === undefined ? {} : { nodeIds }) });

describe("topologyPlan()", () => {
  it("gives the same for the same seed, and something else for another", () => {
    expect(plans(7)).toEqual(plans(7));
    const [seven, eight] = [planOf("s1-broadband-3", 7), planOf("s1-broadband-3", 8)];
    expect(seven.nodes[0]?.path.rate).not.toEqual(eight.nodes[0]?.path.rate);
  });

  it("starts correlated paths at one moment, and independent ones each at its own", () => {
    const [first, ...others] = planOf("s8-latency-only", 3).nodes.map(({ path }) => path.rate);
    for (const other of others) expect(other).toEqual(first);
    const twins: Topology = { ...find("s8-latency-only"), kind: "independent" };
    const [one, two] = topologyPlan(twins, { traces: syntheticTraces, seed: 3 }).nodes.map(({ path }) => path.rate);
    expect(one).not.toEqual(two);
  });

  it("scales and starts later what the topology says", () => {
    const rate = { trace: "broad-c", scale: 0.5, offsetMs: 10_000 };
    const base = { trace: "broad-c", scale: 1, offsetMs: 0 };
    const nodes = [rate, base].map((one, index) => ({ nodeId: `n${index}`, roundTripMs: 1, rate: one }));
    const topology: Topology = { ...find("s8-latency-only"), nodes };
    const [later, plain] = topologyPlan(topology, { traces: syntheticTraces, seed: 5 }).nodes;
    if (later === undefined || plain === undefined) throw new Error("Two nodes were asked for");
    const wanted = shiftedCurve(plain.path.rate, 10_000);
    for (let atMs = 111; atMs < 60_000; atMs += 777) {
      expect(rateAt(later.path.rate, atMs)).toBe(rateAt(wanted, atMs) / 2);
    }
  });

  it("puts a cluster's nodes in the topology's places, around when there are more", () => {
    const four = planOf("s6-straggler", 1, ["x1", "x2", "x3", "x4"]);
    expect(four.nodes.map(({ nodeId, path }) => [nodeId, path.roundTripMs])).toEqual([
      ["x1", 4],
      ["x2", 10],
      ["x3", 34],
      ["x4", 4],
    ]);
    expect(planOf("s6-straggler", 1, ["x1"]).nodes).toEqual(four.nodes.slice(0, 1));
  });

  it("follows measured round trips where the topology names none, from the same start as the rate", () => {
    const curve = markovTrace([1, 2, 3], 0.5, seededRandom(1));
    const roundTrips = [0, 100, 200, 300, 400, 500].map((second) => ({
      atMs: second * 1000,
      roundTripMs: 60 + second,
    }));
    const topology: Topology = {
      ...find("s8-latency-only"),
      nodes: [{ nodeId: "n1", roundTripMs: null, rate: { trace: "t", scale: 1, offsetMs: 150_000 } }],
      access: { bytesPerSecond: 1 },
    };
    const seed = 9;
    const startMs = 150_000 + seededRandom(seed)() * curve.durationMs;
    const plan = topologyPlan(topology, { traces: () => ({ curve, roundTrips }), seed });
    const at = (atMs: number) =>
      plan.changes.findLast((one) => one.atMs <= atMs)?.change.roundTripMs ?? plan.nodes[0]?.path.roundTripMs;
    for (let atMs = 0; atMs < 1_700_000; atMs += 33_333) {
      const inTraceMs = (startMs + atMs) % curve.durationMs;
      expect(at(atMs), `at ${atMs} ms, seed ${seed}`).toBe(60 + Math.floor(inTraceMs / 100_000) * 100);
    }
  });

  it("says which trace is missing", () => {
    expect(() => topologyPlan(find("s1-broadband-3"), { traces: () => undefined, seed: 1 })).toThrow(/"broad-a"/);
  });
});

describe("SYNTHETIC_TOPOLOGIES", () => {
  it("are nine of all kinds, each true to its word", () => {
    expect(SYNTHETIC_TOPOLOGIES).toHaveLength(9);
    expect(new Set(SYNTHETIC_TOPOLOGIES.map(({ kind }) => kind)).size).toBe(4);
    const mean = (id: string) => {
      const plan = planOf(id, 1);
      const minutes = 600_000;
      const of = (curve: (typeof plan)["access"]) => bytesBetween(curve, 0, minutes) / minutes;
      return { access: of(plan.access), nodes: plan.nodes.map(({ path }) => of(path.rate)) };
    };
    const weak = mean("s4-null-weak-access");
    expect(weak.access).toBeLessThan(Math.min(...weak.nodes) / 10);
    const [nearest = NaN, ...others] = mean("s6-straggler").nodes;
    expect(nearest).toBeLessThan(Math.min(...others) / 5);
    const fast = mean("s7-fast-bursty").nodes;
    expect(fast.reduce((a, b) => a + b) * 8e-3).toBeGreaterThan(40);
  });
});
