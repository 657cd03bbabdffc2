import { describe, expect, it } from "vitest";
import { DEFAULT_VIDEO, videoModel } from "./video-model.ts";

describe("videoModel()", () => {
  it("has the mean rates of its ladder, whatever the seed", () => {
    for (const seed of [1, 2, 3]) {
      const { renditions, segmentCount } = videoModel({ ...DEFAULT_VIDEO, seed });
      for (const { segmentBytes, meanBitsPerSecond, peakBitsPerSecond } of renditions) {
        const total = segmentBytes.reduce((sum, bytes) => sum + bytes, 0);
        expect((total * 8) / 180 / meanBitsPerSecond, `seed ${seed}`).toBeCloseTo(1, 3);
        expect(peakBitsPerSecond, `seed ${seed}`).toBeGreaterThan(meanBitsPerSecond * 1.2);
        expect(segmentBytes.length).toBe(segmentCount);
      }
    }
  });

  it("is the video that exists, where its segments are given", () => {
    const segmentBytes = [
      [100_000, 150_000],
      [400_000, 300_000],
    ];
    const options = { ladderBitsPerSecond: [250_000, 700_000], segmentSeconds: 4, seconds: 8, spread: 0, seed: 1 };
    const { renditions, segmentCount } = videoModel({ ...options, segmentBytes });
    expect(segmentCount).toBe(2);
    expect(renditions.map((rendition) => rendition.segmentBytes)).toEqual(segmentBytes);
    expect(renditions.map(({ peakBitsPerSecond }) => peakBitsPerSecond)).toEqual([300_000, 800_000]);
    expect(() => videoModel({ ...options, seconds: 12, segmentBytes })).toThrow(/rendition 0 of 2 segments/);
  });

  it("is the same for the same seed, and another for another", () => {
    expect(videoModel(DEFAULT_VIDEO)).toEqual(videoModel(DEFAULT_VIDEO));
    expect(videoModel(DEFAULT_VIDEO)).not.toEqual(videoModel({ ...DEFAULT_VIDEO, seed: 2 }));
  });
});
