import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseByteRange } from "./byte-range.ts";

const size = fc.integer({ min: 0, max: 5_000 });
const offset = fc.integer({ min: 0, max: 6_000 });

describe("parseByteRange()", () => {
  test.each([
    ["bytes=0-0", { answer: "part", start: 0, end: 1 }],
    ["bytes=0-99", { answer: "part", start: 0, end: 100 }],
    ["bytes=90-1000", { answer: "part", start: 90, end: 100 }],
    ["bytes=99-", { answer: "part", start: 99, end: 100 }],
    ["bytes=-1", { answer: "part", start: 99, end: 100 }],
    ["bytes=-1000", { answer: "part", start: 0, end: 100 }],
    ["Bytes= 5-6 ", { answer: "part", start: 5, end: 7 }],
    ["bytes=100-", { answer: "unsatisfiable" }],
    ["bytes=-0", { answer: "unsatisfiable" }],
    ["bytes=6-5", { answer: "whole" }],
    ["bytes=-", { answer: "whole" }],
    ["bytes=0-1,5-6", { answer: "whole" }],
    ["bytes=a-b", { answer: "whole" }],
    ["items=0-1", { answer: "whole" }],
    ["bytes=9999999999999999-", { answer: "whole" }],
    [undefined, { answer: "whole" }],
  ])("reads %j of 100 bytes", (header, expected) => {
    expect(parseByteRange(header, 100)).toEqual(expected);
  });

  test("gives first-last the bytes that both bounds and chunk allow", () => {
    fc.assert(
      fc.property(size, offset, offset, (sizeBytes, first, length) => {
        const range = parseByteRange(`bytes=${first}-${first + length}`, sizeBytes);
        if (first >= sizeBytes) expect(range).toEqual({ answer: "unsatisfiable" });
        else expect(range).toEqual({ answer: "part", start: first, end: Math.min(first + length + 1, sizeBytes) });
      }),
    );
  });

  test("gives -n the last n bytes", () => {
    fc.assert(
      fc.property(size, offset, (sizeBytes, suffixBytes) => {
        const range = parseByteRange(`bytes=-${suffixBytes}`, sizeBytes);
        if (range.answer !== "part") expect(Math.min(suffixBytes, sizeBytes)).toBe(0);
        else expect([range.end, range.end - range.start]).toEqual([sizeBytes, Math.min(suffixBytes, sizeBytes)]);
      }),
    );
  });

  test("answers any text with a range inside the chunk, or none", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^bytes=[0-9,\- ]{0,12}$/));
    fc.assert(
      fc.property(text, size, (header, sizeBytes) => {
        const range = parseByteRange(header, sizeBytes);
        if (range.answer !== "part") return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.start).toBeLessThan(range.end);
        expect(range.end).toBeLessThanOrEqual(sizeBytes);
      }),
    );
  });
});
