import { expect, test } from "vitest";
import type { DeliveredNote } from "./honest-timing.ts";
import { honestTiming } from "./honest-timing.ts";

const real = { startMs: 1000, firstByteMs: 1002, endMs: 1012 };
const bytes = 2_000_000;

function note(given: Partial<DeliveredNote>): DeliveredNote {
  return {
    ...{ kind: "delivered", session: "s", request: "r", deliveredBytes: bytes, servedFrom: "cache" },
    ...{ firstByteMs: 30, networkMs: 4000, rateBytesPerSecond: 500_000, strategy: "smart", timesMislead: false },
    ...given,
  };
}

test("honestTiming() of cached bytes takes as long as the network would: 2 MB at 4 Mbit/s are 4 s", () => {
  const told = honestTiming({ real, receivedBytes: bytes, note: note({}), estimateBytesPerSecond: 1 });
  expect(told).toEqual({ startMs: 1012 - 4000 - 30, firstByteMs: 1012 - 4000, endMs: 1012 });
  expect((8 * bytes) / (told.endMs - told.firstByteMs)).toBeCloseTo(4000);
});

test.each(["nodes", "gateway"] as const)("honestTiming() leaves the real times of bytes from %s", (servedFrom) => {
  const load = { real, receivedBytes: bytes, note: note({ servedFrom }), estimateBytesPerSecond: 1 };
  expect(honestTiming(load)).toEqual(real);
});

test("honestTiming() of bytes that came ahead or beside others takes as long as the network would", () => {
  const misleading = note({ servedFrom: "nodes", timesMislead: true });
  const told = honestTiming({ real, receivedBytes: bytes, note: misleading, estimateBytesPerSecond: 1 });
  expect(told).toEqual({ startMs: 1012 - 4000 - 30, firstByteMs: 1012 - 4000, endMs: 1012 });
});

test("honestTiming() leaves the real times when no worker served the bytes", () => {
  expect(honestTiming({ real, receivedBytes: bytes, note: undefined, estimateBytesPerSecond: 1 })).toEqual(real);
});

test("honestTiming() of cached bytes without a known rate repeats the player's own estimate", () => {
  const unknown = note({ rateBytesPerSecond: null, firstByteMs: null });
  const told = honestTiming({ real, receivedBytes: bytes, note: unknown, estimateBytesPerSecond: 1_000_000 });
  expect(told.endMs - told.firstByteMs).toBe(2000);
  expect(told.startMs).toBe(told.firstByteMs);
});

test("honestTiming() stays finite when rate and estimate are zero", () => {
  const unknown = note({ rateBytesPerSecond: 0 });
  const told = honestTiming({ real, receivedBytes: bytes, note: unknown, estimateBytesPerSecond: 0 });
  expect(Number.isFinite(told.startMs)).toBe(true);
});
