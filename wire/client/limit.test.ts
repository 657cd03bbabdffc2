import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { beginLimit } from "./limit.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("beginLimit()", () => {
  test("fires by the deadline, and says so", () => {
    const over = vi.fn();
    const limit = beginLimit(new AbortController().signal, 100, over);
    const { either } = limit;
    vi.advanceTimersByTime(99);
    expect([either.aborted, limit.isLate(), over.mock.calls.length]).toEqual([false, false, 0]);
    vi.advanceTimersByTime(1);
    expect([either.aborted, limit.isLate(), over.mock.calls.length]).toEqual([true, true, 1]);
  });

  test("fires by the signal, once, and is not late then", () => {
    const over = vi.fn();
    const stop = new AbortController();
    const limit = beginLimit(stop.signal, 100, over);
    stop.abort("enough");
    vi.advanceTimersByTime(200);
    expect([limit.either.reason, limit.isLate(), over.mock.calls.length]).toEqual(["enough", false, 1]);
  });

  test("fires for a signal that had fired, but never at once", async () => {
    const over = vi.fn();
    const limit = beginLimit(AbortSignal.abort("before"), 100, over);
    expect([limit.either.reason, over.mock.calls.length]).toEqual(["before", 0]);
    await Promise.resolve();
    expect(over).toHaveBeenCalledOnce();
    limit.end();
  });

  test("never fires when it has ended", () => {
    const over = vi.fn();
    const stop = new AbortController();
    const limit = beginLimit(stop.signal, 100, over);
    limit.end();
    stop.abort();
    vi.advanceTimersByTime(200);
    expect([limit.either.aborted, over.mock.calls.length]).toEqual([true, 0]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
