import { expect, test } from "vitest";
import { seededRandom } from "../random.ts";
import { pairedRatio } from "./paired-ratio.ts";

test("pairedRatio() is the geometric mean of the rounds, however slow a round was for both", () => {
  const { ratio, rounds } = pairedRatio(
    [
      [1, 4],
      [100, 100],
    ],
    seededRandom(1),
  );
  expect(ratio).toBeCloseTo(0.5);
  expect(rounds).toBe(2);
});

test("pairedRatio() has an interval around the ratio that is as wide as the rounds differ", () => {
  const random = seededRandom(2);
  const steady = pairedRatio(
    Array.from({ length: 10 }, (_, at): [number, number] => [at + 1, 2 * (at + 1)]),
    random,
  );
  expect(steady.interval[0]).toBeCloseTo(0.5);
  expect(steady.interval[1]).toBeCloseTo(0.5);
  const shaky = pairedRatio(
    Array.from({ length: 10 }, (_, at): [number, number] => [1 + (at % 3), 2]),
    random,
  );
  expect(shaky.interval[0]).toBeLessThan(shaky.ratio);
  expect(shaky.interval[1]).toBeGreaterThan(shaky.ratio);
});
