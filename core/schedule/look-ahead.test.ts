import { describe, expect, it } from "vitest";
import type { Asked } from "./look-ahead.ts";
import { likelyNext, segmentsInARow, stayOf } from "./look-ahead.ts";

const init = (rendition: string): Asked => ({ rendition, slot: "init", seq: 0 });
const segment = (rendition: string, seq: number): Asked => ({ rendition, slot: "segment", seq });
const again = (one: Asked): Asked[] => [one, one, one];
const NEXT_OF_7 = { rendition: "low", seq: 8 };

describe("likelyNext()", () => {
  it.each([
    ["nothing was asked for", [], undefined],
    ["the first request is an init segment", [init("low")], { rendition: "low", seq: 0 }],
    ["the player begins in the middle", [segment("low", 7)], undefined],
    ["it goes on behind its init segment", [init("low"), segment("low", 7)], { rendition: "low", seq: 8 }],
    ["it goes through", [segment("low", 3), segment("low", 4)], { rendition: "low", seq: 5 }],
    ["it jumps", [segment("low", 3), segment("low", 40)], undefined],
    ["it switches", [segment("low", 3), segment("high", 4)], undefined],
    ["it switches by an init segment", [segment("low", 3), init("high")], { rendition: "high", seq: 4 }],
    ["it asks again", [segment("low", 3), segment("low", 4), segment("low", 4)], { rendition: "low", seq: 5 }],
    ["it asks again and again behind its init segment", [init("low"), ...again(segment("low", 7))], NEXT_OF_7],
    ["it begins in the middle and asks again", again(segment("low", 7)), undefined],
    ["it jumps back to where it was", [segment("low", 4), segment("low", 9), segment("low", 4)], undefined],
    ["sound is between", [segment("low", 3), segment("en", 3), segment("low", 4)], { rendition: "low", seq: 5 }],
  ] as const)("when %s", (_, asked, next) => {
    expect(likelyNext(asked)).toEqual(next);
  });
});

describe("segmentsInARow()", () => {
  it.each([
    ["nothing was asked for", [], 0],
    ["the newest is an init segment", [init("low")], 0],
    ["segments follow each other", [segment("low", 2), segment("low", 3), segment("low", 4)], 3],
    ["one was asked for again", [segment("low", 2), segment("low", 3), segment("low", 3), segment("low", 4)], 3],
    ["the newest was asked for again", [segment("low", 3), ...again(segment("low", 4))], 2],
    ["the player jumped", [segment("low", 2), segment("low", 9), segment("low", 10)], 2],
    ["sound is between", [segment("low", 2), segment("en", 2), segment("low", 3)], 2],
  ] as const)("when %s", (_, asked, count) => {
    expect(segmentsInARow(asked)).toBe(count);
  });
});

describe("stayOf()", () => {
  it.each([
    ["the player came from another rendition", [segment("low", 1), segment("high", 2), segment("high", 3)], true],
    ["it came back to one it had left", [segment("low", 1), segment("high", 2), segment("low", 3)], true],
    ["it began with this one", [init("low"), segment("low", 0), segment("low", 1)], false],
    ["sound goes on beside it", [segment("en", 1), segment("low", 1), segment("en", 2), segment("low", 2)], false],
    ["nothing was asked for", [], false],
  ] as const)("tells a switch when %s", (_, asked, hasSwitched) => {
    expect(stayOf(asked).hasSwitched).toBe(hasSwitched);
  });
});
