import { describe, expect, it } from "vitest";
import { playbackOf } from "./timeline.ts";

describe("playbackOf()", () => {
  it("fills by segments, empties by time, and stalls in between", () => {
    // Two segments of 4 s at 1 s and 2 s last until 9 s; the third comes at 11 s.
    const { buffer, stalls } = playbackOf([1_000, 2_000, 11_000], 4);
    expect(stalls).toEqual([{ fromMs: 9_000, toMs: 11_000 }]);
    expect(buffer).toEqual([
      { atMs: 1_000, bufferedSeconds: 0 },
      { atMs: 1_000, bufferedSeconds: 4 },
      { atMs: 2_000, bufferedSeconds: 3 },
      { atMs: 2_000, bufferedSeconds: 7 },
      { atMs: 9_000, bufferedSeconds: 0 },
      { atMs: 11_000, bufferedSeconds: 0 },
      { atMs: 11_000, bufferedSeconds: 4 },
      { atMs: 15_000, bufferedSeconds: 0 },
    ]);
  });

  it("counts waiting for the first segment as startup, and has nothing to show of nothing", () => {
    expect(playbackOf([5_000], 4).stalls).toEqual([]);
    expect(playbackOf([], 4)).toEqual({ buffer: [], stalls: [] });
  });
});
