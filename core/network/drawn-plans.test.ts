import { describe, expect, it } from "vitest";
import { ANOTHER_TIME_SEEDS, DRAWN_NAMES, drawnPlan } from "./drawn-plans.ts";
import type { RateCurve } from "./rate-curve.ts";

const nodeIds = ["n1", "n2", "n3", "n4"];
const seeds = Array.from({ length: 16 }, (_, at) => at + 1);
const meanMegabits = (name: (typeof DRAWN_NAMES)[number], seed: number) =>
  drawnPlan(name, { nodeIds, seed }).nodes.map(({ path }) => meanOf(path.rate) * 8e-6);
const meanOf = ({ steps, durationMs }: RateCurve) => {
  if (durationMs === Infinity) return steps[0]?.bytesPerSecond ?? 0;
  const bytes = steps.map((step, at) => step.bytesPerSecond * ((steps[at + 1]?.atMs ?? durationMs) - step.atMs));
  return bytes.reduce((sum, value) => sum + value, 0) / durationMs;
};

describe("drawnPlan()", () => {
  it("gives the same for the same seed, and another network for another", () => {
    for (const name of DRAWN_NAMES) {
      expect(drawnPlan(name, { nodeIds, seed: 4 })).toEqual(drawnPlan(name, { nodeIds, seed: 4 }));
      const roundTrips = seeds.flatMap((seed) =>
        drawnPlan(name, { nodeIds, seed }).nodes.map(({ path }) => path.roundTripMs),
      );
      expect(new Set(roundTrips).size).toBe(roundTrips.length);
      expect(Math.min(...roundTrips)).toBeGreaterThanOrEqual(4);
      expect(Math.max(...roundTrips)).toBeLessThanOrEqual(180);
    }
  });

  it("is the same network at another time for a seed that is so much further", () => {
    const [now, then] = [9, 9 + ANOTHER_TIME_SEEDS].map((seed) => drawnPlan("middling", { nodeIds, seed }));
    expect(then?.nodes.map(({ path }) => path.roundTripMs)).toEqual(now?.nodes.map(({ path }) => path.roundTripMs));
    expect(then).not.toEqual(now);
    const rates = [9, 9 + ANOTHER_TIME_SEEDS].map((seed) => meanMegabits("middling", seed));
    for (const [at, rate] of (rates[0] ?? []).entries()) expect((rates[1]?.[at] ?? 0) / rate).toBeCloseTo(1, 1);
  });

  it("draws slow, middling and fast networks of uneven nodes", () => {
    const middles = DRAWN_NAMES.map((name) => {
      const all = seeds.flatMap((seed) => meanMegabits(name, seed)).toSorted((a, b) => a - b);
      return all[all.length >> 1] ?? 0;
    });
    for (const [at, wanted] of [1.2, 5, 20].entries()) {
      expect(middles[at]).toBeGreaterThan(wanted * 0.6);
      expect(middles[at]).toBeLessThan(wanted * 1.6);
    }
    const factors = seeds.map(
      (seed) => Math.max(...meanMegabits("slow", seed)) / Math.min(...meanMegabits("slow", seed)),
    );
    expect(factors.filter((factor) => factor > 2).length).toBeGreaterThan(8);
  });
});
