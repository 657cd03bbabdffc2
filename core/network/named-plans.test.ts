import { describe, expect, it } from "vitest";
import type { NetworkPlan } from "./conditions.ts";
import { planFor, planNames, profilePlan, topologyNodeIds } from "./named-plans.ts";
import { pathPhases, phaseAt } from "./path-phases.ts";
import { bytesBetween, rateAt } from "./rate-curve.ts";

const nodeIds = ["n1", "n2", "n3"];
const planOf = (name: string, seed = 1): NetworkPlan => {
  const plan = planFor(name, { seed, nodeIds });
  if (plan === undefined) throw new Error(`No plan is called ${name}`);
  return plan;
};
const at = (plan: NetworkPlan, nodeId: string, atMs: number) => phaseAt(pathPhases(plan, nodeId) ?? [], atMs).path;
const megabits = (plan: NetworkPlan, nodeId: string, atMs = 0) =>
  (bytesBetween(at(plan, nodeId, atMs).rate, 0, 60_000) / 60) * 8e-6;

describe("planFor()", () => {
  it("knows every name that planNames() lists, in order of time and the same for the same seed", () => {
    const names = planNames().map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(7 + 5 + 7 + 9);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) {
      const plan = planOf(name, 5);
      expect(plan.id).toBe(name);
      expect(plan.nodes.map(({ nodeId }) => nodeId)).toEqual(nodeIds);
      expect(plan).toEqual(planOf(name, 5));
      plan.changes.forEach(({ atMs }, index) => {
        expect(atMs).toBeGreaterThanOrEqual(plan.changes[index - 1]?.atMs ?? 0);
      });
    }
  });

  it.each(["", "profile:", "profile:constructor", "scenario:toString", "hang", "a1-broadband-3"])(
    "knows no %j",
    (name) => {
      expect(planFor(name, { seed: 1, nodeIds })).toBeUndefined();
    },
  );

  it("puts topologies of files before its own", () => {
    const [own] = planNames().filter(({ name }) => name === "s1-broadband-3");
    const mine = { id: "s1-broadband-3", expect: "mine", kind: "independent", access: { bytesPerSecond: 5 } } as const;
    const nodes = [{ nodeId: "x", roundTripMs: 1, rate: { bytesPerSecond: 7 } }];
    const files = { topologies: [{ ...mine, nodes }], traces: () => undefined };
    expect(own?.about).not.toBe("mine");
    expect(planFor("s1-broadband-3", { seed: 1, nodeIds, files })?.expect).toBe("mine");
    expect(topologyNodeIds("s1-broadband-3", files)).toEqual(["x"]);
    expect(topologyNodeIds("nowhere")).toBeUndefined();
  });
});

describe("profiles", () => {
  it.each<[string, ...number[]]>([
    ["normal", 20, 5, 50, 0, 0],
    ["high_latency", 150, 50, 50, 0.05, 0],
    ["low_bandwidth", 20, 5, 10, 0, 0],
    ["packet_loss", 30, 10, 40, 0.15, 0],
    ["degraded", 100, 30, 20, 0.1, 0.05],
    ["recovery", 50, 20, 35, 0.02, 0],
  ])("profile:%s has the ancestor's values, the rate within 10 %%", (name, ...values) => {
    const [roundTripMs = NaN, jitterMs = NaN, rate = NaN, loss = NaN, failing = NaN] = values;
    const plan = planOf(`profile:${name}`);
    const path = at(plan, "n2", 0);
    expect(path).toMatchObject({ roundTripMs, jitterMs, lossRatio: loss, failureRatio: failing, fault: null });
    expect(megabits(plan, "n2") / rate).toBeCloseTo(1, 1);
    const rates = Array.from({ length: 60 }, (_, second) => rateAt(path.rate, second * 1000) * 8e-6);
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(rate * 0.9);
    expect(Math.max(...rates)).toBeLessThanOrEqual(rate * 1.1);
    expect(new Set(rates).size).toBeGreaterThan(50);
  });

  it("profile:node_failure refuses", () => {
    expect(at(planOf("profile:node_failure"), "n1", 0).fault).toEqual({ kind: "refuse" });
  });

  it("leaves other nodes at 20 ms and 50 Mbit/s", () => {
    const plan = profilePlan("degraded", { nodeIds, affected: ["n2"], seed: 1 });
    expect(at(plan, "n2", 0).roundTripMs).toBe(100);
    expect(at(plan, "n1", 0)).toMatchObject({ roundTripMs: 20, lossRatio: 0 });
    expect(megabits(plan, "n1") / 50).toBeCloseTo(1, 1);
  });
});

describe("scenarios", () => {
  it("network-degradation goes through delay, rate and losses, by ramps", () => {
    const plan = planOf("scenario:network-degradation");
    const roundTrips = [0, 5_000, 5_500, 8_000, 14_999, 18_000].map((atMs) => at(plan, "n3", atMs).roundTripMs);
    expect(roundTrips[0]).toBe(20);
    expect(roundTrips[1]).toBeCloseTo(20 + 130 / 6);
    expect(roundTrips[2]).toBeCloseTo(20 + 130 / 3);
    expect(roundTrips.slice(3)).toEqual([150, 150, 20]);
    expect(megabits(plan, "n3", 18_000) / 10).toBeCloseTo(1, 1);
    expect(at(plan, "n3", 30_000).lossRatio).toBe(0.15);
  });

  it("recovery ends well", () => {
    const plan = planOf("scenario:recovery");
    expect([0, 13_000, 23_000].map((atMs) => at(plan, "n1", atMs).roundTripMs)).toEqual([100, 50, 20]);
    expect(at(plan, "n1", 30_000)).toMatchObject({ fault: null, failureRatio: 0, lossRatio: 0 });
  });

  it.each([
    ["node-failure", 5_000, "refuse"],
    ["hang", 10_000, "hang"],
    ["brown-out", 10_000, "brown-out"],
    ["corrupt", 10_000, "corrupt"],
    ["truncate", 10_000, "truncate"],
    ["unavailable", 10_000, "unavailable"],
    ["slow-disk", 10_000, "slow-disk"],
    ["one-dead", 0, "refuse"],
  ])("%s strikes the first node at %d ms, and nobody else", (name, atMs, kind) => {
    const plan = planOf(`scenario:${name}`);
    if (atMs > 0) expect(at(plan, "n1", atMs - 1).fault).toBeNull();
    expect(at(plan, "n1", atMs + 60_000).fault).toEqual({ kind });
    expect(at(plan, "n2", atMs + 60_000).fault).toBeNull();
  });

  it("flapping comes and goes, return comes back", () => {
    const kinds = (name: string, times: readonly number[]) =>
      times.map((atMs) => at(planOf(`scenario:${name}`), "n1", atMs).fault?.kind ?? "none");
    expect(kinds("flapping", [0, 2_500, 4_500, 6_500])).toEqual(["none", "refuse", "none", "refuse"]);
    expect(kinds("return", [9_999, 10_000, 24_999, 25_000])).toEqual(["none", "refuse", "refuse", "none"]);
  });

  it("chaos-test changes some node every 5 to 15 s, otherwise for another seed", () => {
    const onsets = (seed: number) =>
      planOf("scenario:chaos-test", seed)
        .changes.filter(({ atMs }, index, all) => all.findIndex((one) => one.atMs === atMs) === index)
        .map(({ atMs, nodeId }) => ({ atMs, nodeId }));
    expect(onsets(1)).not.toEqual(onsets(2));
    expect(onsets(1)[0]?.atMs).toBeGreaterThan(5_000);
    expect(onsets(1)[0]?.atMs).toBeLessThan(15_000);
    expect(new Set(onsets(1).map(({ nodeId }) => nodeId)).size).toBe(3);
  });

  it("client-cap is the only one with an access link", () => {
    expect(rateAt(planOf("scenario:client-cap").access, 0)).toBe(1_250_000);
    expect(rateAt(planOf("scenario:hang").access, 0)).toBe(1e12);
  });
});
