import { expect, test } from "vitest";
import { NEW_VIEWING, viewingCounts, watchedTo } from "./viewing.ts";

const watch = (positions: readonly number[], isPlaying = true) =>
  positions.reduce((viewing, position) => watchedTo(viewing, position, isPlaying), NEW_VIEWING);

test("viewingCounts() after two seconds of playing", () => {
  expect(viewingCounts(watch([0, 0.5, 1, 1.5, 1.99]))).toBe(false);
  expect(viewingCounts(watch([0, 0.5, 1, 1.5, 2]))).toBe(true);
});

test("viewingCounts() not by seeking to and fro, nor by a paused frame", () => {
  expect(viewingCounts(watch([0, 30, 5, 50, 2]))).toBe(false);
  expect(viewingCounts(watch([0, 1, 2, 3], false))).toBe(false);
});

test("watchedTo() adds up what was watched before and after a seek", () => {
  expect(watch([10, 11, 40, 41, 42]).watchedSeconds).toBe(3);
});
