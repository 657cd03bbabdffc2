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
  const sorted = inOrder(newest);
  return { samples: newest, p50: nearestRank(sorted, 0.5), p95: nearestRank(sorted, 0.95) };
}

/** Adds the newest sample and drops the oldest beyond the limit. */
export function addToWindow(window: SampleWindow, sample: number): SampleWindow {
  return windowOf([...window.samples, sample]);
}

/** By insertion: for so few samples several times as fast as sort(), which is noticed as every answer brings one. */
function inOrder(samples: readonly number[]): number[] {
  const sorted: number[] = [];
  for (const sample of samples) {
    let at = sorted.length;
    for (let before = sorted[at - 1]; before !== undefined && before > sample; before = sorted[at - 1]) {
      sorted[at] = before;
      at -= 1;
    }
    sorted[at] = sample;
  }
  return sorted;
}

/** The smallest sample that at least `share` (0..1) of all samples do not exceed; null without samples. */
function nearestRank(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? null;
}
