/**
 * The statistics of the benchmark: a seeded hierarchical bootstrap and Holm's correction. Every figure that is compared is
 * a function of sums over sessions, so that one draw is a sum over the sessions that were drawn:
 * ratio of sums for shares, geometric mean of ratios (a sum of logarithms) for times and rates, plain means.
 *
 * Efron and Tibshirani, "An Introduction to the Bootstrap", chapter 13 (percentile interval); Davison and Hinkley,
 * "Bootstrap Methods", section 3.8 (resampling groups, then members); Holm, "A Simple Sequentially Rejective Multiple Test
 * Procedure", 1979.
 */
import { invariant } from "../invariant.ts";
import type { Random } from "../random.ts";
import type { Interval } from "./report.ts";

/** What one session or pair adds to each sum; all members of a sample have as many. */
export type Addends = readonly number[];

/** Groups (networks) of members (seeds). */
export type Sample = readonly (readonly Addends[])[];

/** From sums to the figure. */
export type Figure = (sums: Float64Array) => number;

/** @returns the figure of the sample as it is */
export function figureOf(sample: Sample, figure: Figure): number {
  const sums = new Float64Array(sample[0]?.[0]?.length ?? 0);
  for (const addends of sample.flat()) for (const [at, value] of addends.entries()) sums[at] = (sums[at] ?? 0) + value;
  return figure(sums);
}

/**
 * The figure of resampled samples: as many groups as there are, with replacement, and in each as many members as it has.
 * With one group only its members are drawn. Uniform numbers of `random` decide, so one seed gives one result.
 *
 * @param sample groups of at least one member
 * @returns as many figures as `draws`, rising
 */
export function bootstrap(sample: Sample, figure: Figure, { draws, random }: BootstrapOptions): Float64Array {
  const width = sample[0]?.[0]?.length ?? 0;
  const groups = sample.map((members) => {
    invariant(members.length > 0, "Cannot resample a group without members");
    return { size: members.length, addends: Float64Array.from(members.flat()) };
  });
  invariant(groups.length > 0 && width > 0, "Cannot resample nothing");
  const sums = new Float64Array(width);
  const figures = new Float64Array(draws);
  for (let draw = 0; draw < draws; draw += 1) {
    sums.fill(0);
    for (const own of groups) {
      const group = groups.length === 1 ? own : (groups[Math.floor(random() * groups.length)] ?? own);
      for (let member = 0; member < group.size; member += 1) {
        const from = Math.floor(random() * group.size) * width;
        for (let at = 0; at < width; at += 1) sums[at] = (sums[at] ?? 0) + (group.addends[from + at] ?? 0);
      }
    }
    figures[draw] = figure(sums);
  }
  return figures.sort();
}

export interface BootstrapOptions {
  readonly draws: number;
  readonly random: Random;
}

/** The middle 95 % of rising figures. */
export function middle95(figures: Float64Array): Interval {
  return [quantile(figures, 0.025), quantile(figures, 0.975)];
}

/**
 * Between two neighbours linearly (Hyndman and Fan, type 7).
 *
 * @param rising at least one value
 * @param share 0..1
 */
export function quantile(rising: ArrayLike<number>, share: number): number {
  invariant(rising.length > 0, "Cannot take a quantile of nothing");
  const at = share * (rising.length - 1);
  const [low, high] = [rising[Math.floor(at)] ?? NaN, rising[Math.ceil(at)] ?? NaN];
  return low + (high - low) * (at - Math.floor(at));
}

/**
 * One-sided: how often chance alone would show this much, 0..1, never 0.
 *
 * @param contradicts whether a draw speaks against the claim
 */
export function pValue(figures: Float64Array, contradicts: (figure: number) => boolean): number {
  const against = figures.reduce((count, figure) => count + (contradicts(figure) ? 1 : 0), 0);
  return (against + 1) / (figures.length + 1);
}

/**
 * Holm's correction: with the corrected values, the chance that any true null hypothesis of the family is rejected stays
 * below the level of one test.
 *
 * @returns in the order of the input, each at most 1
 */
export function holm(pValues: readonly number[]): number[] {
  const corrected = pValues.map(() => 1);
  let least = 0;
  const order = pValues.map((value, at) => ({ value, at })).toSorted((a, b) => a.value - b.value);
  for (const [rank, { value, at }] of order.entries()) {
    least = Math.max(least, Math.min(1, value * (pValues.length - rank)));
    corrected[at] = least;
  }
  return corrected;
}

/** Spearman's rank correlation, -1..1, ties by mean rank; null with fewer than three pairs or nothing that varies. */
export function rankCorrelation(pairs: readonly (readonly [number, number])[]): number | null {
  if (pairs.length < 3) return null;
  const xs = ranks(pairs.map(([x]) => x));
  const ys = ranks(pairs.map(([, y]) => y));
  const middle = (pairs.length + 1) / 2;
  let [both, xx, yy] = [0, 0, 0];
  for (const [at, x] of xs.entries()) {
    const [dx, dy] = [x - middle, (ys[at] ?? middle) - middle];
    both += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx === 0 || yy === 0 ? null : Math.max(-1, Math.min(1, both / Math.sqrt(xx * yy)));
}

function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}
