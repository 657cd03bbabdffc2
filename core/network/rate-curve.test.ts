import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bytesBetween,
  constantRate,
  nextChangeMs,
  rateAt,
  rateCurve,
  scaledCurve,
  shiftedCurve,
} from "./rate-curve.ts";

const curve = rateCurve(
  [
    { atMs: 0, bytesPerSecond: 1000 },
    { atMs: 400, bytesPerSecond: 0 },
    { atMs: 600, bytesPerSecond: 3000 },
  ],
  1000,
);

describe("rateAt()", () => {
  it("holds a step until the next, and begins again at the end", () => {
    expect([0, 399, 400, 999, 1000, 1400].map((atMs) => rateAt(curve, atMs))).toEqual([1000, 1000, 0, 3000, 1000, 0]);
  });
});

describe("nextChangeMs()", () => {
  it("is the next step, or the end of the round", () => {
    expect([0, 400, 600, 1000].map((atMs) => nextChangeMs(curve, atMs))).toEqual([400, 600, 1000, 1400]);
    expect(nextChangeMs(constantRate(5), 77)).toBe(Infinity);
  });
});

describe("bytesBetween()", () => {
  it("adds up over steps and rounds", () => {
    expect(bytesBetween(curve, 0, 1000)).toBeCloseTo(1600);
    expect(bytesBetween(curve, 500, 2500)).toBeCloseTo(1200 + 1600 + 400);
    expect(bytesBetween(constantRate(1000), 0, 2500)).toBeCloseTo(2500);
  });
});

describe("shiftedCurve(), scaledCurve()", () => {
  it("say what the original says later, and so many times as fast", () => {
    const times = fc.tuple(fc.double({ min: 0, max: 5000, noNaN: true }), fc.integer({ min: 0, max: 3000 }));
    const property = fc.property(times, ([atMs, offsetMs]) => {
      // Right at a step the two may round to different sides.
      fc.pre([0, 400, 600].every((step) => Math.abs(((atMs + offsetMs) % 1000) - step) > 1e-3));
      expect(rateAt(shiftedCurve(curve, offsetMs), atMs)).toBe(rateAt(curve, atMs + offsetMs));
      expect(rateAt(scaledCurve(curve, 0.5), atMs)).toBe(rateAt(curve, atMs) / 2);
    });
    fc.assert(property, { seed: 20_263 });
  });
});

describe("rateCurve()", () => {
  it("refuses steps out of order", () => {
    expect(() => rateCurve([{ atMs: 1, bytesPerSecond: 1 }], 10)).toThrow(/begin at 0/);
    expect(() => rateCurve([{ atMs: 0, bytesPerSecond: -1 }], 10)).toThrow(/-1/);
  });
});
