/**
 * A rate over time: constant from one step to the next, and from the end again from the start (a trace is shorter than a
 * session). Everything that emulates, simulates or bounds a network reads rates from here.
 */
import { invariant } from "../invariant.ts";

export interface RateStep {
  /** Since the start of the curve. */
  readonly atMs: number;
  /** Valid until the next step; 0 is an outage. */
  readonly bytesPerSecond: number;
}

export interface RateCurve {
  /** Length of one round; Infinity for a constant. */
  readonly durationMs: number;
  /** The first at 0, rising. */
  readonly steps: readonly RateStep[];
}

/** No bottleneck: faster than any machine that this runs on. */
export const UNLIMITED_BYTES_PER_SECOND = 1e12;

export function constantRate(bytesPerSecond: number): RateCurve {
  return rateCurve([{ atMs: 0, bytesPerSecond }], Infinity);
}

/** @throws InvariantError when the steps do not begin at 0, do not rise, or a rate is negative */
export function rateCurve(steps: readonly RateStep[], durationMs: number): RateCurve {
  invariant(steps[0]?.atMs === 0, "Cannot read a rate curve that does not begin at 0 ms");
  let beforeMs = -1;
  for (const { atMs, bytesPerSecond } of steps) {
    invariant(atMs > beforeMs && atMs < durationMs, `Cannot read a rate curve with a step at ${atMs} ms`);
    invariant(bytesPerSecond >= 0 && bytesPerSecond < Infinity, `Cannot read a rate of ${bytesPerSecond} bytes/s`);
    beforeMs = atMs;
  }
  return { durationMs, steps };
}

/** Bytes per second at a time >= 0. */
export function rateAt(curve: RateCurve, atMs: number): number {
  return stepAt(curve, withinRound(curve, atMs)).bytesPerSecond;
}

/** When the rate may change next, > `atMs`; Infinity when it never does. */
export function nextChangeMs(curve: RateCurve, atMs: number): number {
  const { steps, durationMs } = curve;
  if (steps.length === 1) return Infinity;
  const inRoundMs = withinRound(curve, atMs);
  const next = steps[indexAt(steps, inRoundMs) + 1]?.atMs ?? durationMs;
  // A difference that floating point swallows would be no change at all, for ever.
  return Math.max(atMs + (next - inRoundMs), atMs + 1e-6);
}

/** Bytes that pass in [fromMs, toMs) when somebody always wants some. */
export function bytesBetween(curve: RateCurve, fromMs: number, toMs: number): number {
  let bytes = 0;
  for (let atMs = fromMs; atMs < toMs; ) {
    const untilMs = Math.min(toMs, nextChangeMs(curve, atMs));
    bytes += (rateAt(curve, atMs) * (untilMs - atMs)) / 1000;
    atMs = untilMs;
  }
  return bytes;
}

/** The same shape, so many times as fast. */
export function scaledCurve(curve: RateCurve, factor: number): RateCurve {
  const steps = curve.steps.map(({ atMs, bytesPerSecond }) => ({ atMs, bytesPerSecond: bytesPerSecond * factor }));
  return rateCurve(steps, curve.durationMs);
}

/** The curve as it goes on from `offsetMs`, around its end. */
export function shiftedCurve(curve: RateCurve, offsetMs: number): RateCurve {
  if (curve.steps.length === 1) return curve;
  const startMs = withinRound(curve, offsetMs);
  const first = { atMs: 0, bytesPerSecond: rateAt(curve, startMs) };
  const moved = curve.steps
    .map(({ atMs, bytesPerSecond }) => ({
      atMs: atMs > startMs ? atMs - startMs : atMs + curve.durationMs - startMs,
      bytesPerSecond,
    }))
    .filter(({ atMs }) => atMs > 0 && atMs < curve.durationMs)
    .sort((a, b) => a.atMs - b.atMs);
  return rateCurve([first, ...moved], curve.durationMs);
}

function withinRound({ durationMs }: RateCurve, atMs: number): number {
  return durationMs === Infinity ? atMs : atMs % durationMs;
}

function stepAt(curve: RateCurve, inRoundMs: number): RateStep {
  const step = curve.steps[indexAt(curve.steps, inRoundMs)];
  invariant(step !== undefined, `Cannot find the rate at ${inRoundMs} ms`);
  return step;
}

/** The last step that begins at or before the time. */
function indexAt(steps: readonly RateStep[], inRoundMs: number): number {
  let [low, high] = [0, steps.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((steps[middle]?.atMs ?? 0) <= inRoundMs) low = middle;
    else high = middle - 1;
  }
  return low;
}
