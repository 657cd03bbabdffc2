import { describe, expect, test } from "vitest";
import type { PolicyConfig } from "./policy-config.ts";
import { configProblems, DEFAULT_CONFIG, SETTING_NAMES, SETTINGS } from "./policy-config.ts";

describe("configProblems()", () => {
  test("finds none in the defaults, and none with every time in seconds", () => {
    const watched: PolicyConfig = {
      ...DEFAULT_CONFIG,
      ...{ shortHalfLifeSeconds: 5, longHalfLifeSeconds: 10, dwellHotSeconds: 5, dwellColdSeconds: 1, newSeconds: 0 },
      ...{ graceSeconds: 5, holdOffSeconds: 2, scrubCycleSeconds: 20 },
    };
    expect(configProblems(DEFAULT_CONFIG)).toEqual([]);
    expect(configProblems(watched)).toEqual([]);
  });

  test("names each number that is out of its bounds, and no number at all", () => {
    for (const name of SETTING_NAMES) {
      for (const value of [SETTINGS[name].least - 1, SETTINGS[name].most * 2, Number.NaN]) {
        const problems = configProblems({ ...DEFAULT_CONFIG, [name]: value });
        expect(problems.some((problem) => problem.startsWith(`Cannot use ${name} of ${value}`))).toBe(true);
      }
    }
  });

  test("refuses thresholds without hysteresis and half-lives in the wrong order", () => {
    expect(configProblems({ ...DEFAULT_CONFIG, demoteBelow: 12 })).toEqual([
      "Cannot use demoteBelow of 12 as it must be below promoteAbove: that is 12",
    ]);
    expect(configProblems({ ...DEFAULT_CONFIG, longHalfLifeSeconds: 10 })).toHaveLength(1);
  });
});
