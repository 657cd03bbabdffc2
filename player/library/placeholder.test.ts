import { expect, test } from "vitest";
import { placeholderOf } from "./placeholder.ts";

test("placeholderOf() paints the same video the same way, and another one differently", () => {
  expect(placeholderOf("aaaa", "One")).toEqual(placeholderOf("aaaa", "One"));
  expect(placeholderOf("aaaa", "One").background).not.toBe(placeholderOf("aaab", "One").background);
});

test("placeholderOf() keeps its picture when the title changes", () => {
  expect(placeholderOf("aaaa", "One").background).toBe(placeholderOf("aaaa", "Two").background);
});

test.each([
  ["Sintel trailer, 720p", "ST"],
  ["demo", "D"],
  ["élan vital", "ÉV"],
  ["…", ""],
])("placeholderOf() takes the letters of %j as %j", (title, letters) => {
  expect(placeholderOf("aaaa", title).letters).toBe(letters);
});
