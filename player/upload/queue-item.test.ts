import { expect, test } from "vitest";
import { titleOf } from "./queue-item.ts";

test.each([
  ["holiday.mp4", "holiday"],
  ["My_best   film.final.mkv", "My best film.final"],
  [".mp4", ".mp4"],
  ["no ending", "no ending"],
  ["  .mov", "Untitled video"],
  ["Füße & <b>.webm", "Füße & <b>"],
])("titleOf() makes of %j the title %j", (fileName, title) => {
  expect(titleOf(fileName)).toBe(title);
});

test("titleOf() keeps to the length of a title, and cuts no character in two", () => {
  expect(titleOf(`${"n".repeat(250)}.mp4`)).toHaveLength(200);
  expect(titleOf(`${"n".repeat(199)}😀😀.mp4`)).toBe("n".repeat(199));
});
