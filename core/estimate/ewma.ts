/**
 * A mean that forgets: samples count by how long they lasted, old ones fade by half-life. The weight that is still
 * missing at the start is divided out, so that the first sample is believed as it is (as hls.js does).
 */

import type { Draft } from "../draft.ts";
import { leftAfter } from "../half-life.ts";

export interface Ewma {
  readonly sum: number;
  /** 0 without samples, towards 1 the more there were. */
  readonly weight: number;
}

/** A mean without samples. */
export function newEwma(): Ewma {
  return { sum: 0, weight: 0 };
}

export function copyOfEwma({ sum, weight }: Ewma): Ewma {
  return { sum, weight };
}

/**
 * Adds a sample, in place.
 *
 * @param value the sample
 * @param halfLives how long it lasted, in half-lives of this mean, > 0
 */
export function addSample(mean: Draft<Ewma>, value: number, halfLives: number): void {
  blend(mean, value, leftAfter(halfLives));
}

/** The same, with what is left of the past (0..1): reckoning that takes longer than all the rest. */
export function blend(mean: Draft<Ewma>, value: number, kept: number): void {
  mean.sum = mean.sum * kept + value * (1 - kept);
  mean.weight = mean.weight * kept + (1 - kept);
}

/** Lets the past fade without a new sample, in place: the value stays, the next sample counts more. */
export function fade(mean: Draft<Ewma>, halfLives: number): void {
  if (halfLives === 0 || mean.weight === 0) return;
  const kept = leftAfter(halfLives);
  mean.sum *= kept;
  mean.weight *= kept;
}

/** The mean; null without samples. */
export function ewmaValue(mean: Ewma): number | null {
  return mean.weight > 0 ? mean.sum / mean.weight : null;
}
