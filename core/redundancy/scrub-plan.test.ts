import { describe, expect, test } from "vitest";
import { isOpen, refilled, spent } from "./byte-budget.ts";
import type { ScrubItem } from "./scrub-plan.ts";
import { checked, MAX_REPORTS, NO_REPORTS, planScrub, reported } from "./scrub-plan.ts";

const CONFIG = { scrubCycleSeconds: 1000, scrubBytesPerSecond: 1e6 };

function items(count: number, sizeBytes = 100): ScrubItem[] {
  return Array.from({ length: count }, (_, at) => ({ piece: `p${at}`, sizeBytes, checkedAtSeconds: at % 7 }));
}

describe("planScrub()", () => {
  test("comes to every byte within the cycle, at an even rate", () => {
    const checkedAt = new Map(items(90, 1000).map(({ piece }) => [piece, 0]));
    const all = () => items(90, 1000).map((item) => ({ ...item, checkedAtSeconds: checkedAt.get(item.piece) ?? 0 }));
    let budget = { bytes: 0, atSeconds: 0 };
    let longest = 0;
    for (let second = 1; second <= 2500; second += 1) {
      const plan = planScrub(NO_REPORTS, all(), CONFIG, budget.bytes);
      budget = refilled(budget, plan.rateBytesPerSecond, second);
      for (const item of planScrub(NO_REPORTS, all(), CONFIG, budget.bytes).items) {
        if (!isOpen(budget)) break;
        budget = spent(budget, item.sizeBytes);
        longest = Math.max(longest, second - item.checkedAtSeconds);
        checkedAt.set(item.piece, second);
      }
    }
    expect(longest).toBeLessThanOrEqual(CONFIG.scrubCycleSeconds);
    expect(longest).toBeGreaterThan(CONFIG.scrubCycleSeconds * 0.85);
  });

  test("takes the longest unchecked first, and reports before all, budget or not", () => {
    const state = { ...NO_REPORTS, reports: ["p6"] };
    expect(planScrub(state, items(14), CONFIG, 150).items.map(({ piece }) => piece)).toEqual(["p6", "p0", "p7"]);
    expect(planScrub(state, items(14), CONFIG, 0).items.map(({ piece }) => piece)).toEqual(["p6"]);
  });

  test("says when the limit is too low for the cycle", () => {
    const plan = planScrub(NO_REPORTS, items(10, 1e6), { ...CONFIG, scrubBytesPerSecond: 5000 }, 0);
    expect(plan).toMatchObject({ isTooSlow: true, rateBytesPerSecond: 5000, cycleSeconds: 2000 });
    expect(plan.reason).toBe("0 reported first; 10000000 bytes at 5000 a second take 2000 s, longer than 1000 s");
    expect(planScrub(NO_REPORTS, [], CONFIG, 0)).toMatchObject({ items: [], isTooSlow: false, cycleSeconds: 0 });
  });
});

describe("reported()", () => {
  const [item] = items(1);
  if (item === undefined) throw new Error("no item");

  test("asks for one check, however often it is said, and for none of what was just checked", () => {
    const once = reported(NO_REPORTS, item, 100);
    expect(once.reports).toEqual(["p0"]);
    expect(reported(once, item, 101)).toEqual(once);
    expect(reported(NO_REPORTS, item, 59)).toEqual({ reports: [], refusedReports: 1 });
  });

  test("keeps a bounded line", () => {
    let state = NO_REPORTS;
    for (let at = 0; at < MAX_REPORTS + 10; at += 1) state = reported(state, { ...item, piece: `p${at}` }, 100);
    expect(state.reports).toHaveLength(MAX_REPORTS);
    expect(state.refusedReports).toBe(10);
  });
});

test("checked() has what is wrong repaired, and never has anything deleted", () => {
  const state = { ...NO_REPORTS, reports: ["p0", "p1"] };
  expect(checked(state, "p0", "intact", 5)).toEqual({
    state: { ...state, reports: ["p1"] },
    command: { do: "keep-as-checked", piece: "p0", atSeconds: 5 },
  });
  for (const verdict of ["rotten", "missing"] as const) {
    expect(checked(state, "p0", verdict, 5).command).toEqual({
      ...{ do: "quarantine-and-repair", piece: "p0", reason: `Piece p0 is ${verdict}` },
    });
  }
});
