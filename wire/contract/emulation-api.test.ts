import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { NetworkPlan } from "#core/network/conditions.ts";
import { constantRate, rateCurve } from "#core/network/rate-curve.ts";
import {
  NetworkAskSchema,
  NetworkPlanSchema,
  partForNode,
  planFromWords,
  planToWords,
  rateFromWords,
  RateSchema,
  rateToWords,
  SessionNetworkSchema,
} from "./emulation-api.ts";

const path = { rate: constantRate(5), roundTripMs: 20, jitterMs: 0, lossRatio: 0, slowStart: true, fault: null };
const plan: NetworkPlan = {
  ...{ id: "scenario:x", expect: "e", kind: "independent", access: constantRate(1e6) },
  nodes: [
    { nodeId: "n1", path },
    { nodeId: "n2", path },
  ],
  changes: [{ atMs: 5, nodeId: "n2", change: { fault: { kind: "hang" }, rate: constantRate(1) } }],
};
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("rateToWords()", () => {
  it("is undone by rateFromWords() after JSON", () => {
    const steps = fc.array(fc.record({ gapMs: fc.integer({ min: 1 }), bytesPerSecond: fc.nat() }), { maxLength: 20 });
    const property = fc.property(steps, fc.nat(), (gaps, first) => {
      let atMs = 0;
      const rising = gaps.map(({ gapMs, bytesPerSecond }) => ({ atMs: (atMs += gapMs % 1000 || 1), bytesPerSecond }));
      const all = [{ atMs: 0, bytesPerSecond: first }, ...rising];
      const curve = gaps.length === 0 ? constantRate(first) : rateCurve(all, atMs + 1);
      expect(rateFromWords(v.parse(RateSchema, asJson(rateToWords(curve))))).toEqual(curve);
    });
    fc.assert(property, { seed: 41 });
  });
});

describe("RateSchema", () => {
  it.each([
    ...[-1, 1e13, Infinity, "5", { durationMs: 5, steps: [] }, { durationMs: 0, steps: [[0, 1]] }],
    { durationMs: 9, steps: [[1, 1]] },
    {
      durationMs: 9,
      steps: [
        [0, 1],
        [0, 2],
      ],
    },
  ])("refuses %j", (wrong) => {
    expect(v.safeParse(RateSchema, wrong).success).toBe(false);
  });
});

describe("planToWords()", () => {
  it("is undone by planFromWords() after JSON", () => {
    expect(planFromWords(v.parse(NetworkPlanSchema, asJson(planToWords(plan))))).toEqual(plan);
  });

  it("refuses a node id that no node can have", () => {
    expect(() => planToWords({ ...plan, nodes: [{ nodeId: "Node 1", path }] })).toThrow(/node id/);
  });
});

describe("SessionNetworkSchema", () => {
  const network = { ...planToWords(plan), session: null, seed: 1, startedAtMs: 5 };

  it.each([
    ...[{ session: "a b" }, { seed: -1 }, { startedAtMs: -1 }, { kind: "odd" }, { nodes: [{ nodeId: "n1" }] }],
    { changes: [5, 4].map((atMs) => ({ atMs, nodeId: "n1", change: {} })) },
    { nodes: [{ nodeId: "n1", path: { ...planToWords(plan).nodes[0]?.path, lossRatio: 1.1 } }] },
    { nodes: [{ nodeId: "n1", path: { ...planToWords(plan).nodes[0]?.path, fault: { kind: "meteor" } } }] },
  ])("refuses %j", (wrong) => {
    expect(v.safeParse(SessionNetworkSchema, { ...network, ...wrong }).success).toBe(false);
    expect(v.safeParse(SessionNetworkSchema, network).success).toBe(true);
  });

  it("is cut to what concerns a node by partForNode()", () => {
    const part = partForNode(v.parse(SessionNetworkSchema, network), "n1");
    expect(part.nodes.map(({ nodeId }) => nodeId)).toEqual(["n1"]);
    expect(part.changes).toEqual([]);
  });
});

describe("NetworkAskSchema", () => {
  it.each([
    { by: "profile", profile: "normal", nodeIds: ["n1"] },
    { by: "scenario", scenario: "chaos" },
    { by: "topology", topology: "s1-steady" },
    { by: "values", nodes: [{ nodeId: "n1", path: { roundTripMs: 80 } }], access: 1e6 },
    { by: "plan", plan: planToWords(plan), session: "s", seed: 7, startedAtMs: 1 },
  ])("takes $by", (ask) => {
    expect(v.parse(NetworkAskSchema, asJson(ask))).toEqual({ session: null, seed: 1, ...ask });
  });

  it("refuses what it does not know", () => {
    expect(v.safeParse(NetworkAskSchema, { by: "magic" }).success).toBe(false);
    expect(v.safeParse(NetworkAskSchema, { by: "profile" }).success).toBe(false);
  });
});
