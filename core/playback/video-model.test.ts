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

  it("is the same for the same seed, and another for another", () => {
    expect(videoModel(DEFAULT_VIDEO)).toEqual(videoModel(DEFAULT_VIDEO));
    expect(videoModel(DEFAULT_VIDEO)).not.toEqual(videoModel({ ...DEFAULT_VIDEO, seed: 2 }));
  });
});
