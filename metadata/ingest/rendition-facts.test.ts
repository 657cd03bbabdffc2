import { describe, expect, it } from "vitest";
import { rendition720 } from "../placement/placement-register.contract.ts";
import { NO_NAMES, renditionFacts, renditionIds } from "./rendition-facts.ts";

const picture = (height: number | null) => ({ width: height, height, frameRate: 24, codecs: "avc1.64001f" });

describe("renditionIds()", () => {
  it("names by height, sound by itself, and tells equals apart", () => {
    expect(renditionIds([picture(720), picture(360), picture(null), picture(720)])).toEqual([
      "720p",
      "360p",
      "audio",
      "720p-2",
    ]);
  });
});

describe("renditionFacts()", () => {
  it("tells the peak of one segment and the average of all", () => {
    const segments = [
      { startSeconds: 0, durationSeconds: 4, sizeBytes: 1000 },
      { startSeconds: 4, durationSeconds: 2, sizeBytes: 2000 },
    ];
    const facts = renditionFacts(rendition720, { picture: picture(720), track: NO_NAMES }, { initBytes: 10, segments });
    expect(facts).toMatchObject({
      peakBitsPerSecond: 8000,
      averageBitsPerSecond: 4000,
      segmentCount: 2,
      sizeBytes: 3010,
    });
  });
});
