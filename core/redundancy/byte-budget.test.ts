import { describe, expect, test } from "vitest";
import { isOpen, refilled, repairRate, spent } from "./byte-budget.ts";
import { DEFAULT_CONFIG } from "./policy-config.ts";

describe("refilled()", () => {
  test("saves two seconds at most, overdraws once, and pays back before it opens again", () => {
    let budget = refilled({ bytes: 0, atSeconds: 0 }, 100, 3600);
    expect(budget.bytes).toBe(200);
    budget = spent(budget, 1000);
    expect(isOpen(budget)).toBe(false);
    expect(isOpen(refilled(budget, 100, 3608))).toBe(false);
    expect(isOpen(refilled(budget, 100, 3608.1))).toBe(true);
  });

  test("moves no more than the rate over any long time, and not at all while a clock goes back", () => {
    let budget = { bytes: 0, atSeconds: 0 };
    let moved = 0;
    for (let second = 1; second <= 1000; second += 1) {
      budget = refilled(budget, 100, second);
      while (isOpen(budget)) {
        budget = spent(budget, 70);
        moved += 70;
      }
    }
    expect(moved).toBeGreaterThan(99_900);
    expect(moved).toBeLessThanOrEqual(100_000 + 70);
    expect(refilled(budget, 100, 0)).toEqual(budget);
  });

  test("refuses a negative amount", () => {
    expect(() => spent({ bytes: 1, atSeconds: 0 }, -1)).toThrow("Cannot spend -1 bytes");
  });
});

test("repairRate() takes half of what playback leaves, within its limits", () => {
  const rate = (playback: number) =>
    repairRate({ capacityBytesPerSecond: 100e6, playbackBytesPerSecond: playback }, DEFAULT_CONFIG);
  expect(rate(0)).toBe(50e6);
  expect(rate(80e6)).toBe(10e6);
  expect(rate(200e6)).toBe(DEFAULT_CONFIG.repairLeastBytesPerSecond);
  expect(repairRate({ capacityBytesPerSecond: 1e12, playbackBytesPerSecond: 0 }, DEFAULT_CONFIG)).toBe(
    DEFAULT_CONFIG.repairBytesPerSecond,
  );
});
