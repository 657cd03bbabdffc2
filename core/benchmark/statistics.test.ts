import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../random.ts";
import { differenceOfRatios, geometricMean, ratioOfSums } from "./metrics.ts";
import { bootstrap, figureOf, holm, middle95, pValue, quantile, rankCorrelation } from "./statistics.ts";

const options = (seed: number, draws = 1_000) => ({ draws, random: seededRandom(seed) });

describe("figureOf()", () => {
  it("takes the ratio of sums, not the mean of ratios", () => {
    // 1 of 10 and 9 of 90 stalled, 30 of 100: 40 of 200.
    expect(
      figureOf(
        [
          [
            [1, 10],
            [9, 90],
          ],
          [[30, 100]],
        ],
        ratioOfSums,
      ),
    ).toBe(0.2);
  });

  it("subtracts two ratios of sums", () => {
    expect(
      figureOf(
        [
          [
            [1, 10, 3, 10],
            [1, 10, 5, 10],
          ],
        ],
        differenceOfRatios,
      ),
    ).toBeCloseTo(-0.3, 12);
  });

  it("takes the geometric mean of ratios", () => {
    expect(
      figureOf(
        [
          [
            [Math.log(2), 1],
            [Math.log(8), 1],
          ],
        ],
        geometricMean,
      ),
    ).toBeCloseTo(4, 12);
  });
});

describe("bootstrap()", () => {
  it("gives the same figures for the same seed, rising", () => {
    const sample = [
      [
        [1, 1],
        [2, 1],
        [5, 1],
      ],
      [
        [4, 1],
        [9, 1],
      ],
    ];
    const figures = bootstrap(sample, ratioOfSums, options(3));
    expect(figures).toEqual(bootstrap(sample, ratioOfSums, options(3)));
    expect([...figures]).toEqual([...figures].sort((a, b) => a - b));
    expect(figures).not.toEqual(bootstrap(sample, ratioOfSums, options(4)));
  });

  it("draws groups before members: two groups that differ make it wide", () => {
    const low = Array.from({ length: 30 }, () => [0, 1]);
    const high = Array.from({ length: 30 }, () => [1, 1]);
    expect(middle95(bootstrap([low, high], ratioOfSums, options(1)))).toEqual([0, 1]);
    const [from, to] = middle95(bootstrap([[...low, ...high]], ratioOfSums, options(1)));
    expect(to - from).toBeLessThan(0.3);
  });

  it("never leaves the range of its members", () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, fc.nat(), (members, seed) => {
        const figures = bootstrap([members.map((value) => [value, 1])], ratioOfSums, options(seed, 50));
        const slack = 1e-9 * (1 + Math.max(...members.map(Math.abs)));
        return figures.every(
          (figure) => figure >= Math.min(...members) - slack && figure <= Math.max(...members) + slack,
        );
      }),
    );
  });

  it.each([
    ["even", (random: () => number) => random(), 0.5],
    ["skewed", (random: () => number) => -Math.log(1 - random()), 1],
  ])("covers the mean of an %s distribution about 95 times of 100 with 30 members", (_name, draw, mean) => {
    const random = seededRandom(11);
    const trials = 400;
    let covered = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const members = Array.from({ length: 30 }, () => [draw(random), 1]);
      const [low, high] = middle95(bootstrap([members], ratioOfSums, options(trial, 400)));
      if (low <= mean && mean <= high) covered += 1;
    }
    // The percentile interval is known to be a little narrow with few members, the more so when skewed.
    expect(covered / trials).toBeGreaterThan(0.89);
    expect(covered / trials).toBeLessThan(0.98);
  });
});

describe("quantile()", () => {
  it("lies between two neighbours linearly", () => {
    expect(quantile([1, 2, 3, 10], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3, 10], 0.9)).toBeCloseTo(7.9, 12);
    expect(quantile([7], 0.99)).toBe(7);
  });
});

describe("pValue()", () => {
  it("counts what contradicts, and is never 0", () => {
    const figures = Float64Array.from([-1, 1, 2, 3]);
    expect(pValue(figures, (figure) => figure < 0)).toBe(0.4);
    expect(pValue(figures, () => false)).toBe(0.2);
  });
});

describe("holm()", () => {
  it("corrects as by hand", () => {
    // 0.01 x 4, 0.02 x 3, 0.03 x 2 = 0.06 (not below the one before), 0.5 x 1.
    const corrected = holm([0.5, 0.01, 0.03, 0.02]);
    expect(corrected.map((value) => Number(value.toFixed(12)))).toEqual([0.5, 0.04, 0.06, 0.06]);
  });

  it("keeps the order, stays within 0 and 1, and is never below the raw value", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }), (values) => {
        const corrected = holm(values);
        return values.every((value, at) => {
          const own = corrected[at] ?? NaN;
          const keepsOrder = values.every((other, there) => other < value || own <= (corrected[there] ?? NaN));
          return own >= value && own <= 1 && keepsOrder;
        });
      }),
    );
  });
});

describe("rankCorrelation()", () => {
  it("sees order and nothing else", () => {
    expect(
      rankCorrelation([
        [1, 10],
        [2, 100],
        [3, 1000],
      ]),
    ).toBe(1);
    expect(
      rankCorrelation([
        [1, 3],
        [2, 2],
        [3, 1],
      ]),
    ).toBe(-1);
  });

  it("says nothing of two pairs, or of what does not vary", () => {
    expect(
      rankCorrelation([
        [1, 1],
        [2, 2],
      ]),
    ).toBeNull();
    expect(
      rankCorrelation([
        [1, 1],
        [1, 2],
        [1, 3],
      ]),
    ).toBeNull();
  });
});
