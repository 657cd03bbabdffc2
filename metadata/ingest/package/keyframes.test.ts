import { describe, expect, test } from "vitest";
import { startsWithIdr } from "./keyframes.ts";

/** NAL units with four-byte lengths: each a header byte and two bytes more. */
function accessUnit(...headers: number[]): Uint8Array {
  return Uint8Array.from(headers.flatMap((header) => [0, 0, 0, 3, header, 1, 2]));
}

describe("startsWithIdr()", () => {
  test.each([
    ["an IDR slice", accessUnit(0x65), true],
    ["an IDR slice after parameter sets and a message", accessUnit(0x67, 0x68, 0x06, 0x65), true],
    ["a slice after a recovery point message", accessUnit(0x06, 0x41), false],
    ["no slice", accessUnit(0x67, 0x68), false],
    ["nothing", new Uint8Array(0), false],
    ["a length that leads out of the access unit", Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x06, 0x65]), false],
  ])("%s", (_name, bytes, isIdr) => {
    expect(startsWithIdr(bytes, 4)).toBe(isIdr);
  });
});
