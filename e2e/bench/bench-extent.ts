/** What the browser tier of each form of `vstack bench` plays, and how long it may take. */

export const MODES = ["smoke", "ci", "full", "custom"] as const;
export type Mode = (typeof MODES)[number];

export interface Extent {
  readonly scenarios: readonly string[];
  readonly strategies: readonly string[];
  readonly seedCount: number;
  /** Length of the video; every session plays all of it. */
  readonly seconds: number;
  /** After this no session is begun; what is left is said to be not run. */
  readonly budgetMs: number;
  /** Single promises are measured besides (measure-promises.ts), none of them begun after this; null: none are. */
  readonly trialsUntilMs: number | null;
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
    ...{ budgetMs: 1.3 * MINUTE_MS, trialsUntilMs: null },
  },
  ci: {
    // Faults at ten seconds find a short video loaded already: the trials have them.
    scenarios: ["s5-mobile-paths"],
    ...{ strategies: BASELINES, seedCount: 1, seconds: 24, budgetMs: 4 * MINUTE_MS, trialsUntilMs: 6.5 * MINUTE_MS },
  },
  full: {
    scenarios: ["s1-broadband-3", "s2-weak-node", "s6-straggler", "scenario:hang", "scenario:brown-out"],
    ...{ strategies: BASELINES, seedCount: 1, seconds: 120, budgetMs: 80 * MINUTE_MS, trialsUntilMs: 85 * MINUTE_MS },
  },
  custom: {
    scenarios: ["s1-broadband-3"],
    ...{ strategies: BASELINES, seedCount: 1, seconds: 24, budgetMs: 85 * MINUTE_MS, trialsUntilMs: null },
  },
};
