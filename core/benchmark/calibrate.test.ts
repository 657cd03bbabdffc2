import { describe, expect, it } from "vitest";
import { calibrate } from "./calibrate.ts";
import { session } from "./sessions.contract.ts";

const measured = (bits: number) => session({ tier: "browser" }, { meanBitsPerSecond: bits });

describe("calibrate()", () => {
  it("is exact where both say the same", () => {
    const found = calibrate([measured(4e6)], [session({})]);
    expect(found).toMatchObject({ meanError: 0, isValid: true, rankCorrelation: null });
    expect(found?.cells.map(({ metric }) => metric)).toEqual([
      ...["meanBitsPerSecond", "goodputBytesPerSecond", "stallShare"],
    ]);
  });

  it("is not valid when figures are off by more than a fifth on average", () => {
    // Bitrate off by 3/4, goodput by 0, stalls by 0: a quarter.
    expect(calibrate([measured(1e6)], [session({})])).toMatchObject({ meanError: 0.25, isValid: false });
  });

  it("compares twins alone: the same scenario, strategy, quality and seed", () => {
    expect(calibrate([measured(4e6)], [session({ seed: 2 }), session({ strategy: "naive" })])).toBeNull();
  });

  it("takes nothing from sessions that do not count", () => {
    const busy = session({ tier: "browser", invalidReason: "the machine was busy" });
    expect(calibrate([busy], [session({})])).toBeNull();
  });
});
