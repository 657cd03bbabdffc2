import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesBetween, constantRate, rateCurve } from "./rate-curve.ts";
import { SharedLink } from "./shared-link.ts";

const curve = rateCurve(
  [
    { atMs: 0, bytesPerSecond: 2_000_000 },
    { atMs: 700, bytesPerSecond: 100_000 },
  ],
  1000,
);

describe("SharedLink", () => {
  it("grants what was due while somebody wanted it, no more and no less", () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 60 });
    const property = fc.property(gaps, (gapsMs) => {
      const link = new SharedLink<string>(curve, 0);
      link.want("a", 1e9);
      link.want("b", 1e9);
      let [nowMs, granted] = [0, 0];
      for (const gapMs of gapsMs) {
        for (const { bytes } of link.advance((nowMs += gapMs))) granted += bytes;
      }
      const due = bytesBetween(curve, 0, nowMs);
      expect(granted).toBeLessThanOrEqual(due + 1e-6);
      expect(granted).toBeGreaterThan(due - 3);
    });
    fc.assert(property, { seed: 20_266 });
  });

  it("shares by max-min, and forgets who leaves", () => {
    const link = new SharedLink<string>(constantRate(1_000_000), 0);
    link.want("small", 1000);
    link.want("large", 1e6);
    link.want("gone", 1e6);
    link.leave("gone");
    expect(link.advance(10)).toEqual([
      { flow: "small", bytes: 1000 },
      { flow: "large", bytes: 9000 },
    ]);
    link.leaveAll((flow) => flow === "large");
    expect(link.isWanted).toBe(false);
  });

  it("keeps little while idle", () => {
    const link = new SharedLink<string>(constantRate(1_000_000), 0);
    link.advance(900);
    link.want("a", 1e6);
    expect(link.advance(900)).toEqual([{ flow: "a", bytes: 10_000 }]);
  });
});
