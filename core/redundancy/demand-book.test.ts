import { describe, expect, test } from "vitest";
import { heated, NO_HEAT } from "./demand.ts";
import { DemandBook } from "./demand-book.ts";

const HALF = { shortHalfLifeSeconds: 100, longHalfLifeSeconds: 1000 };

describe("DemandBook", () => {
  test("forgets what is coldest, and never holds more than it may", () => {
    const book = new DemandBook(HALF, 32);
    for (let at = 0; at < 500; at += 1) {
      book.add(`video-${at}`, { bytes: at % 50 === 0 ? 1e9 : 1, views: 1 }, 0);
      expect(book.size).toBeLessThanOrEqual(32);
    }
    const hot = Array.from({ length: 10 }, (_, at) => `video-${at * 50}`);
    expect(hot.filter((key) => book.heatOf(key) === NO_HEAT)).toEqual([]);
  });

  test("compares heats of different times at one time", () => {
    const book = new DemandBook(HALF, 16);
    book.add("old", { bytes: 1000, views: 0 }, 0);
    for (let at = 0; at < 16; at += 1) book.add(`new-${at}`, { bytes: 10, views: 0 }, 10_000);
    expect(book.heatOf("old")).toBe(NO_HEAT);
  });

  test("merges what another one has seen, and removes", () => {
    const book = new DemandBook(HALF);
    book.add("video", { bytes: 5, views: 1 }, 0);
    book.merge("video", heated(NO_HEAT, { bytes: 7, views: 2 }, HALF, 0));
    expect([...book.entries()]).toEqual([["video", { atSeconds: 0, shortBytes: 12, longBytes: 12, views: 3 }]]);
    book.remove("video");
    expect(book.size).toBe(0);
  });
});
