import { expect, test } from "vitest";
import { MAX_ASKED, roundTripFigures, withAnswer } from "./round-trips.ts";

test("roundTripFigures() leaves lost questions out of the times and counts them", () => {
  expect(roundTripFigures([4, null, 2, 100, 3, null])).toEqual({ p50Ms: 3, p95Ms: 100, answered: 4, lost: 2 });
});

test("roundTripFigures() knows no time without an answer", () => {
  expect(roundTripFigures([])).toEqual({ p50Ms: null, p95Ms: null, answered: 0, lost: 0 });
  expect(roundTripFigures([null])).toEqual({ p50Ms: null, p95Ms: null, answered: 0, lost: 1 });
});

test("withAnswer() keeps the newest", () => {
  let asked: readonly (number | null)[] = [];
  for (let ms = 0; ms < MAX_ASKED + 5; ms += 1) asked = withAnswer(asked, ms);
  expect(asked).toHaveLength(MAX_ASKED);
  expect([asked[0], asked.at(-1)]).toEqual([5, MAX_ASKED + 4]);
});
