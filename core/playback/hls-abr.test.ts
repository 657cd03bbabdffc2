import { describe, expect, it } from "vitest";
import { DEFAULT_ESTIMATE_BITS_PER_SECOND, HlsAbr, startEstimateOf } from "./hls-abr.ts";
import { DEFAULT_VIDEO, videoModel } from "./video-model.ts";

// Segments of one size: peak and mean are the same.
const video = videoModel({ ...DEFAULT_VIDEO, spread: 0 });
const LADDER = DEFAULT_VIDEO.ladderBitsPerSecond;

/** An ABR that has loaded ten segments of a level at a rate. */
function after(level: number, bitsPerSecond: number): HlsAbr {
  const abr = new HlsAbr(video, DEFAULT_ESTIMATE_BITS_PER_SECOND);
  const bytes = ((LADDER[level] ?? 0) * 4) / 8;
  for (let at = 0; at < 10; at += 1) {
    abr.loaded(level, bytes, { startMs: 0, firstByteMs: 20, endMs: 20 + (bytes * 8000) / bitsPerSecond });
  }
  return abr;
}

describe("HlsAbr", () => {
  it("begins with the lowest level that the default estimate carries", () => {
    expect(new HlsAbr(video, DEFAULT_ESTIMATE_BITS_PER_SECOND).nextLevel(0)).toBe(0);
    expect(new HlsAbr(video, 3_200_000).nextLevel(0)).toBe(3);
  });

  it("begins with what the first variant of the playlist says, at most 5 Mbit/s", () => {
    const startOf = (...ladderBitsPerSecond: number[]) =>
      startEstimateOf(videoModel({ ...DEFAULT_VIDEO, spread: 0, ladderBitsPerSecond }));
    expect(startOf(1_000_000, 8_000_000)).toBe(5_000_000);
    expect(startOf(1_000_000, 3_000_000)).toBe(3_000_000);
    expect(startOf(200_000)).toBe(DEFAULT_ESTIMATE_BITS_PER_SECOND);
  });

  it("goes up only with room: 0.7 of the estimate; stays with 0.95 of it", () => {
    expect(after(2, 4_200_000).nextLevel(20)).toBe(2);
    expect(after(2, 4_400_000).nextLevel(20)).toBe(3);
    expect(after(3, 3_200_000).nextLevel(20)).toBe(3);
    expect(after(3, 3_100_000).nextLevel(20)).toBe(2);
  });

  it("takes no segment that would not be there before the buffer is empty", () => {
    // 8 Mbit/s over 20 Mbit/s take 2.3 s a segment going up.
    expect(after(0, 20_000_000).nextLevel(10)).toBe(5);
    expect(after(0, 20_000_000).nextLevel(2)).toBe(4);
  });

  it("gives up a load that would outlast the buffer, for the lowest, and forgets", () => {
    const abr = after(5, 12_000_000);
    const load = { level: 5, startMs: 0, firstByteMs: 20, loadedBytes: 250_000 };
    expect(abr.review({ ...load, nowMs: 1_900 }, 3)).toBeNull();
    expect(abr.review({ ...load, nowMs: 2_100, loadedBytes: 2_500_000 }, 3)).toBeNull();
    const plan = abr.review({ ...load, nowMs: 2_100 }, 3);
    expect(plan).toMatchObject({ afterMs: 0 });
    abr.abandoned(plan?.level ?? -1, 3);
    expect(abr.nextLevel(3)).toBe(0);
    expect(abr.estimateBitsPerSecond).toBe(400_000);
  });

  it("lets the lowest level run on", () => {
    const load = { level: 0, startMs: 0, firstByteMs: null, loadedBytes: 0, nowMs: 60_000 };
    expect(after(0, 1_000_000).review(load, 0)).toBeNull();
  });
});
