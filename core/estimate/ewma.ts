/**
 * A mean that forgets: samples count by how long they lasted, old ones fade by half-life. The weight that is still
 * missing at the start is divided out, so that the first sample is believed as it is (as hls.js does).
 */

import { leftAfter } from "../half-life.ts";

export interface Ewma {
  readonly sum: number;
  /** 0 without samples, towards 1 the more there were. */
  readonly weight: number;
}

export const EMPTY_EWMA: Ewma = { sum: 0, weight: 0 };

/**
 * Adds a sample.
 *
 * @param value the sample
 * @param halfLives how long it lasted, in half-lives of this mean, > 0
 */
export function addSample(mean: Ewma, value: number, halfLives: number): Ewma {
  const kept = leftAfter(halfLives);
  return { sum: mean.sum * kept + value * (1 - kept), weight: mean.weight * kept + (1 - kept) };
}

/** Lets the past fade without a new sample: the value stays, the next sample counts more. */
export function fade(mean: Ewma, halfLives: number): Ewma {
  if (halfLives === 0 || mean.weight === 0) return mean;
  const kept = leftAfter(halfLives);
  return { sum: mean.sum * kept, weight: mean.weight * kept };
}

/** The mean; null without samples. */
export function ewmaValue(mean: Ewma): number | null {
  return mean.weight > 0 ? mean.sum / mean.weight : null;
}
