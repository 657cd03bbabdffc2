import { expect, test } from "vitest";
import { configProblems } from "#core/redundancy/policy-config.ts";
import { SIMULATED_POLICIES } from "#core/simulation/redundancy/replay-policy.ts";
import { configOf, FIRST_WHAT_IF, whatIfRows } from "./what-if-result.ts";

test("whatIfRows() puts every policy between the two ends", () => {
  const rows = [...whatIfRows(FIRST_WHAT_IF)];
  expect(rows.map(({ policy }) => policy)).toEqual(SIMULATED_POLICIES);
  const overhead = new Map(rows.map((row) => [row.policy, row.overhead]));
  expect(overhead.get("always-replication")).toBeCloseTo(3);
  const least = overhead.get("always-erasure") ?? Infinity;
  expect(overhead.get("adaptive")).toBeGreaterThanOrEqual(least);
  expect(overhead.get("adaptive")).toBeLessThanOrEqual(3 + 1e-9);
  expect(rows.every(({ regret }) => regret >= 0)).toBe(true);
});

test("whatIfRows() keeps more bytes when less demand is enough for replicas", () => {
  const adaptive = (promoteAbove: number) =>
    [...whatIfRows({ ...FIRST_WHAT_IF, promoteAbove, demoteBelow: promoteAbove / 4 })][0]?.overhead ?? 0;
  expect(adaptive(1)).toBeGreaterThan(adaptive(40));
});

test("configOf() gives settings that may be used, wherever the sliders stand", () => {
  for (const promoteAbove of [0.5, 5, 50]) {
    for (const shortHalfLifeHours of [1, 24, 240]) {
      const whatIf = { ...FIRST_WHAT_IF, promoteAbove, demoteBelow: 20, shortHalfLifeHours };
      expect(configProblems(configOf(whatIf)), JSON.stringify(whatIf)).toEqual([]);
    }
  }
});
