/** Quantiles over the newest samples: a bounded window forgets what a node was like long ago. */
import type { Draft } from "../draft.ts";

/** Enough for a 95th percentile that is not simply the worst; 32 numbers are sorted in less than a microsecond. */
export const MAX_WINDOW_SAMPLES = 32;

/** Samples, oldest first, at most {@link MAX_WINDOW_SAMPLES}, and what they amount to: it is read far more often than it grows. */
export interface SampleWindow {
  readonly samples: number[];
  /** Null without samples. */
  readonly p50: number | null;
  readonly p95: number | null;
}

/** The newest of these samples, oldest first. */
export function windowOf(samples: readonly number[]): SampleWindow {
  const newest = samples.slice(-MAX_WINDOW_SAMPLES);
  sortInto(sorted, newest);
  return { samples: newest, p50: nearestRank(0.5, newest.length), p95: nearestRank(0.95, newest.length) };
}

/** Adds the newest sample and drops the oldest beyond the limit, in place. */
export function addToWindow(window: Draft<SampleWindow>, sample: number): void {
  const { samples, p50, p95 } = window;
  samples.push(sample);
  if (samples.length > MAX_WINDOW_SAMPLES) {
    const dropped = samples.shift();
    if (staysBetween(p50, dropped, sample) && staysBetween(p95, dropped, sample)) return;
  }
  sortInto(sorted, samples);
  window.p50 = nearestRank(0.5, samples.length);
  window.p95 = nearestRank(0.95, samples.length);
}

/** Whether as many samples as before are on either side of a quantile: half of all need not be sorted. */
function staysBetween(quantile: number | null, dropped: number | undefined, added: number): boolean {
  if (quantile === null || dropped === undefined) return false;
  return (dropped < quantile && added < quantile) || (dropped > quantile && added > quantile);
}

/** Where samples are sorted: every answer brings one, and an array for each is noticed. */
const sorted = new Float64Array(MAX_WINDOW_SAMPLES);

/** By insertion: for so few samples several times as fast as sort(). */
function sortInto(target: Float64Array, samples: readonly number[]): void {
  for (let count = 0; count < samples.length; count += 1) {
    const sample = samples[count] ?? 0;
    let at = count;
    for (; at > 0 && (target[at - 1] ?? 0) > sample; at -= 1) target[at] = target[at - 1] ?? 0;
    target[at] = sample;
  }
}

/** The smallest of the sorted samples that at least `share` (0..1) of all do not exceed; null without samples. */
function nearestRank(share: number, count: number): number | null {
  return count === 0 ? null : (sorted[Math.max(1, Math.ceil(share * count)) - 1] ?? null);
}
