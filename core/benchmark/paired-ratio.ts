/**
 * How many times as much one side takes as the other, from rounds in which both took their turn: the geometric mean of the
 * rounds' ratios, with a bootstrap interval over the rounds. What disturbs a whole round disturbs both sides alike.
 */
import type { Random } from "../random.ts";
import type { Interval } from "./report.ts";
import { bootstrap, figureOf, middle95 } from "./statistics.ts";

const DRAWS = 2_000;

export interface PairedRatio {
  readonly ratio: number;
  /** Of 95 %. */
  readonly interval: Interval;
  readonly rounds: number;
}

/** @param rounds at least one, of positive figures; `[10, 20]` is the ratio 0.5 */
export function pairedRatio(rounds: readonly (readonly [number, number])[], random: Random): PairedRatio {
  const sample = [rounds.map(([one, other]) => [Math.log(one / other), 1])];
  const mean = (sums: Float64Array) => Math.exp((sums[0] ?? 0) / (sums[1] ?? 1));
  const interval = middle95(bootstrap(sample, mean, { draws: DRAWS, random }));
  return { ratio: figureOf(sample, mean), interval, rounds: rounds.length };
}
