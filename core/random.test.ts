import { describe, expect, test } from "vitest";
import { seededRandom } from "./random.ts";

const draw = (seed: number, count: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random());
};

describe("seededRandom()", () => {
  test("gives the same numbers for the same seed, others for another", () => {
    expect(draw(7, 5)).toEqual(draw(7, 5));
    expect(draw(7, 5)).not.toEqual(draw(8, 5));
  });

  test("is the published mulberry32", () => {
    expect(draw(0, 3).map((number) => Math.round(number * 2 ** 32))).toEqual([1144304738, 1416247, 958946056]);
  });

  test("is uniform in [0, 1) within two per cent over ten bins", () => {
    const bins = new Array<number>(10).fill(0);
    for (const number of draw(3, 100_000)) {
      expect(number >= 0 && number < 1).toBe(true);
      const bin = Math.floor(number * 10);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    for (const count of bins) expect(Math.abs(count - 10_000)).toBeLessThan(350);
  });
});
