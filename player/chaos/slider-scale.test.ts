import { expect, test } from "vitest";
import { UNLIMITED_BYTES_PER_SECOND } from "#core/network/rate-curve.ts";
import { JITTER_SCALE, LAST_PLACE, LOSS_SCALE, RATE_SCALE, ROUND_TRIP_SCALE } from "./slider-scale.ts";

const PLACES = Array.from({ length: LAST_PLACE + 1 }, (_, place) => place);

test("RATE_SCALE goes from 0.1 Mbit/s by equal factors to 200, and then to no limit", () => {
  expect(RATE_SCALE.valueAt(0) * 8).toBe(100_000);
  expect(RATE_SCALE.valueAt(LAST_PLACE - 1) * 8).toBe(200_000_000);
  expect(RATE_SCALE.valueAt(LAST_PLACE)).toBe(UNLIMITED_BYTES_PER_SECOND);
  expect(RATE_SCALE.placeOf(UNLIMITED_BYTES_PER_SECOND)).toBe(LAST_PLACE);
  expect(RATE_SCALE.placeOf(0)).toBe(0);
});

test.each([
  ["RATE_SCALE", RATE_SCALE],
  ["ROUND_TRIP_SCALE", ROUND_TRIP_SCALE],
  ["JITTER_SCALE", JITTER_SCALE],
  ["LOSS_SCALE", LOSS_SCALE],
])("%s never falls, and its values stand within a place of where they came from", (_name, scale) => {
  for (const place of PLACES) {
    if (place > 0) expect(scale.valueAt(place)).toBeGreaterThanOrEqual(scale.valueAt(place - 1));
    // Below one grain several places mean nothing at all.
    if (scale.valueAt(place) > 0) expect(Math.abs(scale.placeOf(scale.valueAt(place)) - place)).toBeLessThanOrEqual(3);
  }
});

test("ROUND_TRIP_SCALE and LOSS_SCALE say round numbers", () => {
  expect(PLACES.map((place) => ROUND_TRIP_SCALE.valueAt(place)).every(Number.isInteger)).toBe(true);
  expect(LOSS_SCALE.valueAt(50)).toBe(0.075);
  expect(ROUND_TRIP_SCALE.placeOf(60_000)).toBe(LAST_PLACE);
});
