import { expect, test } from "vitest";
import type { AttemptTrace, SegmentTrace } from "#wire/contract/segment-trace.ts";
import { sampleAttempt, sampleTrace } from "../state/sample-trace.contract.ts";
import { DELIVERED_WINDOW_MS, deliveredRates } from "./delivered-rates.ts";

function traceOf(startedAtMs: number, parts: Partial<AttemptTrace>, session = "p1"): SegmentTrace {
  return sampleTrace({ session, startedAtMs, attempts: [sampleAttempt(parts)] });
}

test("deliveredRates() divides what came within the window by its length", () => {
  const whole = traceOf(95_000, { firstByteMs: 0, endedMs: 1000, receivedBytes: 50_000 });
  const halfBefore = traceOf(89_000, { firstByteMs: 0, endedMs: 2000, receivedBytes: 20_000 });
  const before = traceOf(80_000, { firstByteMs: 0, endedMs: 1000, receivedBytes: 70_000 });
  const rates = deliveredRates([whole, halfBefore, before], undefined, 100_000);
  expect([...rates.values()]).toEqual([(60_000 * 1000) / DELIVERED_WINDOW_MS]);
});

test("deliveredRates() counts attempts under way, and none of other players", () => {
  const running = traceOf(99_000, { firstByteMs: 500, endedMs: null, receivedBytes: 10_000 });
  const other = traceOf(99_000, { firstByteMs: 0, endedMs: 500, receivedBytes: 90_000 }, "p2");
  expect([...deliveredRates([running, other], "p1", 100_000).values()]).toEqual([1000]);
  expect([...deliveredRates([running, other], "p3", 100_000)]).toEqual([]);
});
