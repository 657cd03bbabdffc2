/** Quantiles over the newest samples: a bounded window forgets what a node was like long ago. */

/** Enough for a 95th percentile that is not simply the worst; 32 numbers are sorted in microseconds. */
export const MAX_WINDOW_SAMPLES = 32;

/** Samples, oldest first, at most {@link MAX_WINDOW_SAMPLES}. */
export type SampleWindow = readonly number[];

/** Adds the newest sample and drops the oldest beyond the limit. */
export function addToWindow(window: SampleWindow, sample: number): SampleWindow {
  return [...window, sample].slice(-MAX_WINDOW_SAMPLES);
}

/**
 * The smallest sample that at least `share` of all samples do not exceed (nearest rank); null without samples.
 *
 * @param share 0..1, for example 0.95
 */
export function quantile(window: SampleWindow, share: number): number | null {
  const sorted = [...window].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? null;
}
