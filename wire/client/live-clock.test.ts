import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { liveClock, liveRandom } from "./live-clock.ts";

describe("liveClock.sleep()", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("ends after its time and not before", async () => {
    let ended = false;
    void liveClock.sleep(100, new AbortController().signal).then(() => (ended = true));
    await vi.advanceTimersByTimeAsync(99);
    expect(ended).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toBe(true);
  });

  test("ends at once when its signal fires, or has fired, and leaves no timer", async () => {
    const stop = new AbortController();
    const sleeping = liveClock.sleep(1e6, stop.signal);
    stop.abort();
    await sleeping;
    await liveClock.sleep(1e6, stop.signal);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("liveRandom() stays in [0, 1) and does not repeat itself", () => {
  const drawn = Array.from({ length: 1_000 }, liveRandom);
  expect(drawn.every((number) => number >= 0 && number < 1)).toBe(true);
  expect(new Set(drawn).size).toBeGreaterThan(990);
});
