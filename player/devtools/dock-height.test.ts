import { expect, test } from "vitest";
import { clampedHeight } from "./dock-height.ts";

test("clampedHeight() leaves room for the picture and enough to read", () => {
  expect(clampedHeight(360, 1000)).toBe(360);
  expect(clampedHeight(2000, 1000)).toBe(750);
  expect(clampedHeight(10, 1000)).toBe(180);
});

test("clampedHeight() survives a stored value that is no number, and a tiny window", () => {
  expect(clampedHeight(Number.NaN, 1000)).toBe(180);
  expect(clampedHeight(360, 100)).toBe(180);
});
