/** Traces that the program makes itself, ten minutes long: nothing of them was measured anywhere. Rates in bytes per second. */
import type { Random } from "../random.ts";
import type { RateCurve } from "./rate-curve.ts";
import { constantRate, rateCurve } from "./rate-curve.ts";

const GENERATED_MS = 600_000;
const BURST_MS = 100;
/** Of the time in which anything comes at all. */
const BURST_SHARE = 0.6;

/** One rate, then for good another. */
export function stepTrace(before: number, after: number, atMs: number): RateCurve {
  const steps = [
    { atMs: 0, bytesPerSecond: before },
    { atMs, bytesPerSecond: after },
  ];
  return rateCurve(steps, GENERATED_MS);
}

/** High and low in turns, each for half a period. */
export function squareTrace(high: number, low: number, periodMs: number): RateCurve {
  const steps = [
    { atMs: 0, bytesPerSecond: high },
    { atMs: periodMs / 2, bytesPerSecond: low },
  ];
  return rateCurve(steps, periodMs);
}

/** A rate, and nothing at all at the end of each period. */
export function outageTrace(rate: number, outageMs: number, periodMs: number): RateCurve {
  const steps = [
    { atMs: 0, bytesPerSecond: rate },
    { atMs: periodMs - outageMs, bytesPerSecond: 0 },
  ];
  return rateCurve(steps, periodMs);
}

/**
 * A walk over rates, as in Markov models of mobile links: each second it stays, or goes one up or down, ends reflecting.
 *
 * @param rates in order
 * @param moveRatio chance to move in a second, 0..1
 */
export function markovTrace(rates: readonly number[], moveRatio: number, random: Random): RateCurve {
  if (rates.length < 2) return constantRate(rates[0] ?? 0);
  let state = Math.floor(random() * rates.length);
  const steps = Array.from({ length: GENERATED_MS / 1000 }, (_, second) => {
    if (random() < moveRatio) state += random() < 0.5 ? -1 : 1;
    state = state < 0 ? 1 : state === rates.length ? rates.length - 2 : state;
    return { atMs: second * 1000, bytesPerSecond: rates[state] ?? 0 };
  });
  return rateCurve(steps, GENERATED_MS);
}

/** Every tenth of a second another rate, often none: as radio cells serve their clients in turns. */
export function burstTrace(meanRate: number, random: Random): RateCurve {
  const steps = Array.from({ length: GENERATED_MS / BURST_MS }, (_, at) => ({
    atMs: at * BURST_MS,
    bytesPerSecond: random() < BURST_SHARE ? (-Math.log(1 - random()) * meanRate) / BURST_SHARE : 0,
  }));
  return rateCurve(steps, GENERATED_MS);
}
