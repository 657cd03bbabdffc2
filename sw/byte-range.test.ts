import { describe, expect, it } from "vitest";
import { cutToRange, parseByteRange } from "./byte-range.ts";

describe("parseByteRange()", () => {
  it.each([
    ["bytes=0-99", { start: 0, end: 100 }],
    ["bytes=10-", { start: 10, end: 1000 }],
    ["bytes=-10", { start: 990, end: 1000 }],
    ["bytes=-5000", { start: 0, end: 1000 }],
    ["bytes=999-5000", { start: 999, end: 1000 }],
    ["bytes=0-0", { start: 0, end: 1 }],
    ["bytes=1000-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    [null, "whole"],
    ["bytes=-", "whole"],
    ["bytes=9-3", "whole"],
    ["bytes=0-1,5-6", "whole"],
    ["items=0-1", "whole"],
  ])("reads %j of 1000 bytes", (header, expected) => {
    expect(parseByteRange(header, 1000)).toEqual(expected);
  });

  it("satisfies nothing of an empty chunk", () => {
    expect(parseByteRange("bytes=0-", 0)).toBe("unsatisfiable");
    expect(parseByteRange("bytes=-1", 0)).toBe("unsatisfiable");
  });
});

describe("cutToRange()", () => {
  const block = Uint8Array.of(10, 11, 12, 13);
  it.each([
    [{ start: 0, end: 100 }, [10, 11, 12, 13]],
    [{ start: 11, end: 13 }, [11, 12]],
    [{ start: 0, end: 11 }, [10]],
    [{ start: 13, end: 100 }, [13]],
  ])("keeps what %j has of bytes 10 to 13", (range, expected) => {
    expect([...(cutToRange(block, 10, range) ?? [])]).toEqual(expected);
  });

  it.each([
    { start: 0, end: 10 },
    { start: 14, end: 20 },
  ])("gives nothing for %j", (range) => {
    expect(cutToRange(block, 10, range)).toBeUndefined();
  });
});
