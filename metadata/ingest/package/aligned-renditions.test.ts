import { describe, expect, test } from "vitest";
import { assertAligned, type RenditionTimeline } from "./aligned-renditions.ts";

function rendition(name: string, starts: readonly number[], endSeconds = 12): RenditionTimeline {
  const segments = starts.map((startSeconds, seq) => ({
    startSeconds,
    durationSeconds: (starts[seq + 1] ?? endSeconds) - startSeconds,
  }));
  return { name, frameRate: 25, segments };
}

describe("assertAligned()", () => {
  test("passes boundaries that differ by less than half a frame", () => {
    expect(() => {
      assertAligned([rendition("720p", [0, 4, 8]), rendition("360p", [0, 4.015, 7.99])]);
      assertAligned([rendition("720p", [0, 4, 8])]);
      assertAligned([]);
    }).not.toThrow();
  });

  test.each([
    ["another boundary", rendition("360p", [0, 4.03, 8]), "segment 0 ends at 4.000 s in 720p and 4.030 s in 360p"],
    ["another end", rendition("360p", [0, 4, 8], 11.9), "segment 2 ends at 12.000 s in 720p and 11.900 s in 360p"],
    ["another number", rendition("360p", [0, 4, 8, 12], 16), "720p has 3, 360p has 4"],
  ])("names %s", (_name, other, message) => {
    expect(() => {
      assertAligned([rendition("720p", [0, 4, 8]), other]);
    }).toThrow(message);
  });
});
