/** What the browser tier of each form of `vstack bench` plays, and how long it may take. */

export const MODES = ["smoke", "ci", "full", "custom"] as const;
export type Mode = (typeof MODES)[number];

export interface Extent {
  readonly scenarios: readonly string[];
  readonly strategies: readonly string[];
  readonly seedCount: number;
  /** Length of the video; every session plays all of it. */
  readonly seconds: number;
  /** After this nothing more is begun; what is left is said to be not run. */
  readonly budgetMs: number;
  /** Single promises are measured besides: e2e/bench/trials.ts. */
  readonly hasTrials: boolean;
}

const BASELINES = ["smart", "naive", "nearest", "original", "hls-default", "hls-tuned"];
const MINUTE_MS = 60_000;

/**
 * One after the other: two players at a time would measure each other on two cores. A session takes its video's length and
 * about four seconds.
 */
export const EXTENTS: Readonly<Record<Mode, Extent>> = {
  smoke: {
    ...{ scenarios: ["s5-mobile-paths"], strategies: ["smart", "hls-tuned"], seedCount: 1, seconds: 16 },
    ...{ budgetMs: 1.3 * MINUTE_MS, hasTrials: false },
  },
  ci: {
    // Faults at ten seconds find a short video loaded already: the trials have them.
    scenarios: ["s1-broadband-3", "s5-mobile-paths"],
    ...{ strategies: BASELINES, seedCount: 1, seconds: 24, budgetMs: 8 * MINUTE_MS, hasTrials: true },
  },
  full: {
    scenarios: ["s1-broadband-3", "s2-weak-node", "s6-straggler", "scenario:hang", "scenario:brown-out"],
    ...{ strategies: BASELINES, seedCount: 1, seconds: 120, budgetMs: 85 * MINUTE_MS, hasTrials: true },
  },
  custom: {
    scenarios: ["s1-broadband-3"],
    ...{ strategies: BASELINES, seedCount: 1, seconds: 24, budgetMs: 85 * MINUTE_MS, hasTrials: false },
  },
};
