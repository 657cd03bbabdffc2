import { describe, expect, it } from "vitest";
import type { Asked } from "./look-ahead.ts";
import { likelyNext } from "./look-ahead.ts";

const init = (rendition: string): Asked => ({ rendition, slot: "init", seq: 0 });
const segment = (rendition: string, seq: number): Asked => ({ rendition, slot: "segment", seq });

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
    ["sound is between", [segment("low", 3), segment("en", 3), segment("low", 4)], { rendition: "low", seq: 5 }],
  ] as const)("when %s", (_, asked, next) => {
    expect(likelyNext(asked)).toEqual(next);
  });
});
