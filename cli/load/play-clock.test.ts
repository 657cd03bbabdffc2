import { describe, expect, it } from "vitest";
import { bufferedSeconds, NOT_PLAYING, withSegment } from "./play-clock.ts";

describe("PlayClock", () => {
  it("begins with the first segment, which is never late", () => {
    expect(bufferedSeconds(NOT_PLAYING, 5_000)).toBeNull();
    const begun = withSegment(NOT_PLAYING, 4, 5_000);
    expect(begun).toEqual({ dryAtMs: 9_000, late: 0, stalledMs: 0 });
    expect(bufferedSeconds(begun, 6_000)).toBe(3);
  });

  it("adds what comes in time to the end of the buffer", () => {
    const begun = withSegment(NOT_PLAYING, 4, 0);
    expect(withSegment(begun, 4, 4_000)).toEqual({ dryAtMs: 8_000, late: 0, stalledMs: 0 });
  });

  it("counts what comes behind the end as late, and stands still until it is there", () => {
    const begun = withSegment(NOT_PLAYING, 4, 0);
    expect(bufferedSeconds(begun, 4_500)).toBe(0);
    const late = withSegment(begun, 4, 4_500);
    expect(late).toEqual({ dryAtMs: 8_500, late: 1, stalledMs: 500 });
    expect(withSegment(late, 4, 9_500)).toEqual({ dryAtMs: 13_500, late: 2, stalledMs: 1_500 });
  });
});
