/** Quantiles over the newest samples: a bounded window forgets what a node was like long ago. */

/** Enough for a 95th percentile that is not simply the worst; 32 numbers are sorted in microseconds. */
export const MAX_WINDOW_SAMPLES = 32;

/** Samples, oldest first, at most {@link MAX_WINDOW_SAMPLES}, and what they amount to: it is read far more often than it grows. */
export interface SampleWindow {
  readonly samples: readonly number[];
  /** Null without samples. */
  readonly p50: number | null;
  readonly p95: number | null;
}

export const EMPTY_WINDOW: SampleWindow = { samples: [], p50: null, p95: null };

/** The newest of these samples, oldest first. */
export function windowOf(samples: readonly number[]): SampleWindow {
  const newest = samples.slice(-MAX_WINDOW_SAMPLES);
  const sorted = new Float64Array(newest).sort();
  return { samples: newest, p50: nearestRank(sorted, 0.5), p95: nearestRank(sorted, 0.95) };
}

/** Adds the newest sample and drops the oldest beyond the limit. */
export function addToWindow(window: SampleWindow, sample: number): SampleWindow {
  return windowOf([...window.samples, sample]);
}

/** The smallest sample that at least `share` (0..1) of all samples do not exceed; null without samples. */
function nearestRank(sorted: Float64Array, share: number): number | null {
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? null;
}
