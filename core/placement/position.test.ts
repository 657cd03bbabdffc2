import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { videoIdFromBytes } from "../ids.ts";
import { MAX_SEQ, parsePosition, parseSeq, positionText } from "./position.ts";

const VIDEO = videoIdFromBytes(new Uint8Array(16));

describe("parsePosition()", () => {
  test("reads what positionText() writes", () => {
    const slots = fc.oneof(
      fc.constantFrom(`${VIDEO}/poster`, `${VIDEO}/meta`, `${VIDEO}/720p/init`),
      fc.integer({ min: 0, max: MAX_SEQ }).map((seq) => `${VIDEO}/720p/${seq}`),
    );
    const property = fc.property(slots, (text) => {
      const position = parsePosition(text);
      expect(position === undefined ? "no position" : positionText(position)).toBe(text);
    });
    fc.assert(property, { seed: 12 });
  });

  test.each([
    ...["", "/", "poster", VIDEO, `${VIDEO}/`, `${VIDEO}/init`, `${VIDEO}/720p`, `${VIDEO}/720p/`, `${VIDEO}/720p/x`],
    ...[`${VIDEO}/720p/-1`, `${VIDEO}/720p/01`, `${VIDEO}/720p/1.0`, `${VIDEO}/720p/1000000`, `${VIDEO}/720p/1/2`],
    ...[`${VIDEO}/../1`, `${VIDEO.toUpperCase()}/poster`, ` ${VIDEO}/poster`],
  ])("refuses %j", (text) => {
    expect(parsePosition(text)).toBeUndefined();
  });
});

test("parseSeq() knows one spelling of each number", () => {
  expect(parseSeq("0")).toBe(0);
  expect(parseSeq("999999")).toBe(MAX_SEQ);
  for (const text of ["", "00", "+1", "1e3", " 1", "1000000"]) expect(parseSeq(text)).toBeUndefined();
});
