import { describe, expect, it } from "vitest";
import { parseSingleRange } from "./single-range.ts";

describe("parseSingleRange()", () => {
  it.each([
    ["bytes=0-0", { start: 0, end: 1 }],
    ["bytes=5-", { start: 5, end: 100 }],
    ["bytes=90-200", { start: 90, end: 100 }],
    ["bytes=-10", { start: 90, end: 100 }],
    ["bytes=-1000", { start: 0, end: 100 }],
  ])("reads %s", (header, range) => {
    expect(parseSingleRange(header, 100)).toEqual(range);
  });
  it.each([undefined, "", "items=0-1", "bytes=0-1,3-4", "bytes=-", "bytes=9-5", "bytes=a-b"])(
    "sends the whole for %s",
    (header) => {
      expect(parseSingleRange(header, 100)).toBeUndefined();
    },
  );
  it.each(["bytes=100-", "bytes=200-300", "bytes=-0"])("refuses %s with the size", (header) => {
    expect(() => parseSingleRange(header, 100)).toThrow(expect.objectContaining({ code: "range-not-satisfiable" }));
  });
});
