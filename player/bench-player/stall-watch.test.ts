import { describe, expect, test } from "vitest";
import { type MediaSample, StallWatch } from "./stall-watch.ts";

const sample = (atMs: number, currentTime: number, rest: Partial<MediaSample> = {}): MediaSample => ({
  ...{ atMs, currentTime, bufferedSeconds: 2, readyState: 4, isResting: false, ...rest },
});

/** Looks each 50 ms; `timeAt` says where playback stands. */
function watched(untilMs: number, timeAt: (atMs: number) => number, rest: (atMs: number) => Partial<MediaSample>) {
  const watch = new StallWatch();
  watch.started(100);
  for (let atMs = 0; atMs <= untilMs; atMs += 50) watch.look(sample(atMs, timeAt(atMs), rest(atMs)));
  watch.close(untilMs);
  return watch;
}

/** Stands still between two moments. */
const standing = (fromMs: number, toMs: number) => (atMs: number) =>
  (atMs < fromMs ? atMs : atMs < toMs ? fromMs - 50 : atMs) / 1000;

describe("StallWatch", () => {
  test("counts a wait for data from the last progress to the next", () => {
    const watch = watched(3_000, standing(1_000, 1_800), (atMs) => ({
      readyState: atMs < 1_800 && atMs >= 1_000 ? 2 : 4,
    }));
    expect(watch.stalls).toEqual([{ fromMs: 950, toMs: 1_800 }]);
  });

  test("counts a wait that the element only told by its event", () => {
    const watch = new StallWatch();
    watch.started(0);
    watch.look(sample(0, 0));
    watch.look(sample(50, 0.05));
    watch.waiting();
    watch.look(sample(400, 0.05));
    watch.look(sample(450, 0.1));
    expect(watch.stalls).toEqual([{ fromMs: 50, toMs: 450 }]);
  });

  test.each([
    ["a decoder that is late", () => ({})],
    ["a pause or a seek", () => ({ isResting: true, readyState: 2 })],
  ])("does not count %s", (_name, rest) => {
    expect(watched(3_000, standing(1_000, 1_800), rest).stalls).toEqual([]);
  });

  test("does not count the time before the first frame", () => {
    const watch = new StallWatch();
    watch.waiting();
    for (const atMs of [0, 500, 1_000]) watch.look(sample(atMs, 0, { readyState: 0 }));
    watch.started(1_000);
    watch.look(sample(1_050, 0.05));
    expect(watch.stalls).toEqual([]);
  });

  test("ends a stall that lasts until the end", () => {
    const watch = watched(2_000, standing(1_000, 9_000), (atMs) => ({ readyState: atMs < 1_000 ? 4 : 1 }));
    expect(watch.stalls).toEqual([{ fromMs: 950, toMs: 2_000 }]);
  });

  test("weighs the buffer by time", () => {
    const watch = new StallWatch();
    watch.started(0);
    watch.look(sample(0, 0, { bufferedSeconds: 0 }));
    watch.look(sample(1_000, 1, { bufferedSeconds: 4 }));
    watch.look(sample(4_000, 4, { bufferedSeconds: 4 }));
    expect(watch.bufferMeanSeconds).toBeCloseTo((1 * 2 + 3 * 4) / 4, 9);
  });
});
