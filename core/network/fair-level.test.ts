import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fairLevel } from "./fair-level.ts";

describe("fairLevel()", () => {
  it("gives what one cannot use to the rest", () => {
    expect(fairLevel([1, 10, 10], 9)).toBe(4);
    expect(fairLevel([1, 2, 3], 6)).toBe(Infinity);
    expect(fairLevel([Infinity, Infinity], 6)).toBe(3);
    expect(fairLevel([7], 6)).toBe(6);
    expect(fairLevel([], 6)).toBe(Infinity);
  });

  it("uses the link up exactly, whoever wants what", () => {
    const limits = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 });
    const property = fc.property(limits, fc.double({ min: 0, max: 1e7, noNaN: true }), (wanted, capacity) => {
      const level = fairLevel(wanted, capacity);
      const given = wanted.map((limit) => Math.min(limit, level)).reduce((a, b) => a + b, 0);
      const total = wanted.reduce((a, b) => a + b, 0);
      expect(Math.abs(given - Math.min(total, capacity))).toBeLessThan(1e-6 * Math.max(1, capacity));
    });
    fc.assert(property, { seed: 20_264 });
  });
});
