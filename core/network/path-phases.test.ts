import { describe, expect, it } from "vitest";
import { seededRandom } from "../random.ts";
import type { NetworkPlan } from "./conditions.ts";
import { capacityBetween, FREE_PATH, firstByteDelayMs, nextPhaseMs, pathPhases, phaseAt } from "./path-phases.ts";
import { constantRate } from "./rate-curve.ts";

const path = { ...FREE_PATH, rate: constantRate(1_000_000), roundTripMs: 100, jitterMs: 30 };
const plan: NetworkPlan = {
  ...{ id: "x", expect: "", kind: "independent", access: constantRate(1) },
  nodes: [{ nodeId: "n1", path }],
  changes: [
    { atMs: 10, nodeId: "n1", change: { roundTripMs: 50 } },
    { atMs: 10, nodeId: "n2", change: { roundTripMs: 7 } },
    { atMs: 20, nodeId: "n1", change: { fault: { kind: "hang" } } },
    { atMs: 20, nodeId: "n1", change: { lossRatio: 0.5 } },
  ],
};

describe("pathPhases()", () => {
  it("applies each change to what held before, and those of other nodes not at all", () => {
    const phases = pathPhases(plan, "n1") ?? [];
    expect(phaseAt(phases, 9.9).path).toEqual(path);
    expect(phaseAt(phases, 10).path).toEqual({ ...path, roundTripMs: 50 });
    expect(phaseAt(phases, 1e9).path).toEqual({ ...path, roundTripMs: 50, fault: { kind: "hang" }, lossRatio: 0.5 });
    expect([0, 10, 19.9, 20].map((atMs) => nextPhaseMs(phases, atMs))).toEqual([10, 20, 20, Infinity]);
  });
});

describe("capacityBetween()", () => {
  it("is nothing while a node hangs or everything is lost, and 50 kbit/s at most in a brown-out", () => {
    expect(capacityBetween(path, 0, 500)).toBe(500_000);
    expect(capacityBetween({ ...path, fault: { kind: "hang" } }, 0, 500)).toBe(0);
    expect(capacityBetween({ ...path, lossRatio: 1 }, 0, 500)).toBe(0);
    expect(capacityBetween({ ...path, fault: { kind: "brown-out" } }, 0, 800)).toBe(5_000);
    expect(capacityBetween({ ...path, rate: constantRate(1_000), fault: { kind: "brown-out" } }, 0, 800)).toBe(800);
  });
});

describe("firstByteDelayMs()", () => {
  it("is a round trip within the jitter, another for a new connection, half a second for a slow disk", () => {
    const seed = 8;
    const random = seededRandom(seed);
    const delays = Array.from({ length: 500 }, () => firstByteDelayMs(path, false, random));
    expect(Math.min(...delays), `seed ${seed}`).toBeGreaterThanOrEqual(70);
    expect(Math.max(...delays), `seed ${seed}`).toBeLessThanOrEqual(130);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(55);
    const middle = () => 0.5;
    expect(firstByteDelayMs(path, true, middle)).toBe(200);
    expect(firstByteDelayMs({ ...path, fault: { kind: "slow-disk" } }, false, middle)).toBe(600);
    expect(firstByteDelayMs({ ...path, jitterMs: 500 }, false, () => 0)).toBe(0);
  });
});
