import { expect, test } from "vitest";
import type { Progression } from "./transfer-rate.ts";
import { leftText, NOTHING_SEEN, ratePerSecond, secondsLeft, seen } from "./transfer-rate.ts";

/** A steady stream: `rate` per second, told every `everyMs`. */
function steady(rate: number, seconds: number, everyMs: number): Progression {
  let progression = NOTHING_SEEN;
  for (let atMs = 0; atMs <= seconds * 1000; atMs += everyMs) {
    progression = seen(progression, (rate * atMs) / 1000, atMs);
  }
  return progression;
}

test.each([50, 200, 1000])("ratePerSecond() finds a steady rate told every %i ms", (everyMs) => {
  expect(ratePerSecond(steady(1000, 30, everyMs), 30_000)).toBeCloseTo(1000, 0);
});

test("ratePerSecond() says nothing after half a second", () => {
  expect(ratePerSecond(steady(1000, 0.5, 100), 500)).toBeNull();
  expect(ratePerSecond(NOTHING_SEEN, 0)).toBeNull();
});

test("ratePerSecond() falls while nothing comes", () => {
  const progression = steady(1000, 10, 200);
  expect(ratePerSecond(progression, 20_000)).toBeCloseTo(500, -1);
});

test("ratePerSecond() forgets what was longer ago than its window", () => {
  let progression = steady(100, 20, 500);
  for (let atMs = 20_500; atMs <= 40_000; atMs += 500) {
    progression = seen(progression, 2000 + (atMs - 20_000), atMs);
  }
  expect(ratePerSecond(progression, 40_000)).toBeCloseTo(1000, 0);
});

test("seen() starts over when less is done than before", () => {
  const progression = seen(steady(1000, 5, 500), 100, 6000);
  expect(progression).toEqual([{ atMs: 6000, amount: 100 }]);
});

test("seen() keeps a bounded number of points", () => {
  expect(steady(1, 600, 10).length).toBeLessThanOrEqual(64);
});

test("secondsLeft() divides what remains by the rate", () => {
  expect(secondsLeft(steady(1000, 10, 500), 15_000, 10_000)).toBeCloseTo(5, 1);
  expect(secondsLeft(NOTHING_SEEN, 10, 0)).toBeNull();
});

test("secondsLeft() promises nothing when nothing moves", () => {
  let progression = NOTHING_SEEN;
  for (let atMs = 0; atMs < 5000; atMs += 500) progression = seen(progression, 7, atMs);
  expect(secondsLeft(progression, 10, 5000)).toBeNull();
});

test.each([
  [3, "a few seconds left"],
  [12, "about 20 s left"],
  [58, "about 1 min left"],
  [600, "about 10 min left"],
  [5400, "about 1.5 h left"],
  [90_000, "about 25 h left"],
  [1e7, "days left"],
])("leftText() says %d s as %j", (seconds, text) => {
  expect(leftText(seconds)).toBe(text);
});
