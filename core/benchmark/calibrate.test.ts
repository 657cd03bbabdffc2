import { describe, expect, it } from "vitest";
import { calibrate, errorsByMetric } from "./calibrate.ts";
import { session } from "./sessions.contract.ts";

const measured = (bits: number) => session({ tier: "browser" }, { meanBitsPerSecond: bits });

describe("calibrate()", () => {
  it("is exact where both say the same", () => {
    const found = calibrate([measured(4e6)], [session({})]);
    expect(found).toMatchObject({ meanError: 0, isValid: true, rankCorrelation: null });
    expect(found?.cells.map(({ metric }) => metric)).toEqual([
      ...["startupMs", "stallShare", "meanBitsPerSecond", "goodputBytesPerSecond"],
    ]);
  });

  it("is not valid when figures are off by more than a fifth on average", () => {
    // Bitrate and startup off by 3/4, goodput by 0, stalls by 0: three eighths.
    const own = session({ tier: "browser" }, { meanBitsPerSecond: 1e6, startupMs: 2_000 });
    const found = calibrate([own], [session({})]);
    expect(found).toMatchObject({ meanError: 0.375, isValid: false });
    expect(found === null ? [] : errorsByMetric(found).map(({ error }) => error)).toEqual([0.75, 0, 0.75, 0]);
  });

  it("adds to simulated startups what the page takes, with the worker or without", () => {
    const browser = (strategy: string, startupMs: number) => session({ tier: "browser", strategy }, { startupMs });
    const pageStartup = { workerMs: 300, plainMs: 100 };
    const own = [browser("smart", 800), browser("hls-tuned", 600)];
    const found = calibrate(own, [session({}), session({ strategy: "hls-tuned" })], pageStartup);
    expect(found).toMatchObject({ meanError: 0, pageStartup });
  });

  it("compares twins alone: the same scenario, strategy, quality and seed", () => {
    expect(calibrate([measured(4e6)], [session({ seed: 2 }), session({ strategy: "naive" })])).toBeNull();
  });

  it("takes nothing from sessions that do not count", () => {
    const busy = session({ tier: "browser", invalidReason: "the machine was busy" });
    expect(calibrate([busy], [session({})])).toBeNull();
  });
});
