import { expect, test } from "vitest";
import { bytesText, clockText, clockWords, counted, durationText, percentText, rateText } from "./quantities.ts";

test("bytesText() never shows a thousand of a unit", () => {
  expect([0, 999, 1000, 999_499, 999_500, 4_370_000].map(bytesText)).toEqual([
    ...["0 B", "999 B", "1.0 kB", "999 kB", "1.0 MB", "4.4 MB"],
  ]);
});

test("rateText() counts bits, and says when nothing is known", () => {
  expect([125_000, 12_500, 1_500_000].map(rateText)).toEqual(["1.0 Mbit/s", "100 kbit/s", "12 Mbit/s"]);
  expect(rateText(null)).toBe("no data");
  expect(rateText(Number.NaN)).toBe("no data");
});

test("durationText() changes to seconds at one second", () => {
  expect([4.25, 12.4, 999.4, 999.5, 2345].map(durationText)).toEqual(["4.3 ms", "12 ms", "999 ms", "1.00 s", "2.35 s"]);
  expect(durationText(null)).toBe("no data");
});

test("clockText() shows hours only when there are any", () => {
  expect([0, 52.2, 600, 3725].map(clockText)).toEqual(["0:00", "0:52", "10:00", "1:02:05"]);
});

test("clockWords() leaves out what is zero", () => {
  expect([0, 61, 3600].map(clockWords)).toEqual(["0 seconds", "1 minute 1 second", "1 hour"]);
});

test("counted() and percentText() read as a person would write", () => {
  expect([counted(1, "node"), counted(0, "node")]).toEqual(["1 node", "0 nodes"]);
  expect([percentText(0.336), percentText(null)]).toEqual(["34 %", "no data"]);
});
