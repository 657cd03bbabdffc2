import { describe, expect, test } from "vitest";
import { audioTiming, commonOriginSeconds, videoDelayTicks, videoTiming } from "./track-timing.ts";

describe("commonOriginSeconds()", () => {
  test.each([
    ["the first frame", 5, 5.3, 5],
    ["the first frame, with priming before it", 0, -0.023, 0],
    ["the first frame, cut by an edit list", -1.3, 0, -1.3],
    ["the audio where it starts clearly earlier", 1.5, 0, 0],
    ["the first frame without audio", 2, null, 2],
    ["the container's 0 for primed audio alone", null, -0.023, 0],
    ["the first packet of late audio alone", null, 3, 3],
  ])("is %s", (_name, videoSeconds, audioSeconds, originSeconds) => {
    expect(commonOriginSeconds(videoSeconds, audioSeconds)).toBe(originSeconds);
  });
});

describe("videoTiming()", () => {
  test.each([
    [24, 24_000],
    [1000, 10_000],
    [30_000, 30_000],
    [10_000_000, 90_000],
    [3000.35, 90_000],
    [0, 90_000],
  ])("turns %d ticks per second into %d", (sourceTimescale, timescale) => {
    expect(videoTiming(sourceTimescale, 0)).toEqual({ timescale, originSeconds: 0, editTicks: 0 });
  });
});

test("audioTiming() hides what comes before the origin", () => {
  expect(audioTiming(48_000, { originSeconds: 0, firstSeconds: -1024 / 48_000 }).editTicks).toBe(1024);
  expect(audioTiming(48_000, { originSeconds: 0, firstSeconds: 0.5 }).editTicks).toBe(0);
});

test("videoDelayTicks() adds a frame for a pyramid, and nothing without B-frames", () => {
  expect(videoDelayTicks(2000, 1000)).toBe(3000);
  expect(videoDelayTicks(0, 1000)).toBe(0);
});
