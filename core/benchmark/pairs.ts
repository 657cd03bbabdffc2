/** Sessions of two strategies on the same network, video and chance: the unit of every comparison. */
import { differenceOfRatios, geometricMean, logRatio, METRIC_RULES } from "./metrics.ts";
import type { BenchSession, Comparison, Metric, Quality, Tier } from "./report.ts";
import type { Addends, BootstrapOptions, Figure, Sample } from "./statistics.ts";
import { bootstrap, figureOf, middle95 } from "./statistics.ts";

export interface Pair {
  readonly own: BenchSession;
  readonly other: BenchSession;
}

/** Where a comparison looks. */
export interface Versus {
  readonly tier: Tier;
  readonly quality: Quality;
  readonly strategy: string;
  readonly baseline: string;
}

/** Valid sessions by tier, quality, strategy, scenario and seed. */
export class SessionIndex {
  readonly #groups = new Map<string, Map<string, Map<number, BenchSession>>>();

  constructor(sessions: readonly BenchSession[]) {
    for (const session of sessions) {
      if (session.invalidReason !== null) continue;
      const name = cellOf(session);
      const byScenario = this.#groups.get(name) ?? new Map<string, Map<number, BenchSession>>();
      const bySeed = byScenario.get(session.scenario) ?? new Map<number, BenchSession>();
      bySeed.set(session.seed, session);
      byScenario.set(session.scenario, bySeed);
      this.#groups.set(name, byScenario);
    }
  }

  /** Sorted by seed, so that the order of running does not matter. */
  pairs({ tier, quality, strategy, baseline }: Versus, scenario: string): Pair[] {
    const own = this.#groups.get(cellOf({ tier, quality, strategy }))?.get(scenario);
    const other = this.#groups.get(cellOf({ tier, quality, strategy: baseline }))?.get(scenario);
    return [...(own ?? [])]
      .toSorted(([a], [b]) => a - b)
      .flatMap(([seed, session]) => {
        const twin = other?.get(seed);
        return twin === undefined ? [] : [{ own: session, other: twin }];
      });
  }
}

function cellOf({ tier, quality, strategy }: Pick<BenchSession, "tier" | "quality" | "strategy">): string {
  return `${tier} ${quality} ${strategy}`;
}

/**
 * One metric of the strategy against the baseline, over some scenarios: networks are drawn, then seeds.
 *
 * @param groups pairs by scenario
 * @returns undefined when no pair has the metric
 */
export function comparisonOf(
  versus: Versus,
  metric: Metric,
  { scenario, groups }: { scenario: string; groups: readonly (readonly Pair[])[] },
  options: BootstrapOptions,
): Comparison | undefined {
  const { effect } = METRIC_RULES[metric];
  const addends = effect === "ratio" ? ratioAddends : differenceAddends;
  const figure = effect === "ratio" ? geometricMean : differenceOfRatios;
  const sample = sampleOf(groups, (pair) => addends(metric, pair));
  if (sample.length === 0) return undefined;
  const found = estimateOf(sample, figure, options);
  return {
    ...{ ...versus, scenario, metric, effect, draws: options.draws, pairs: sample.flat().length },
    estimate: found.estimate,
    interval: middle95(found.figures),
  };
}

export function estimateOf(sample: Sample, figure: Figure, options: BootstrapOptions) {
  return { estimate: figureOf(sample, figure), figures: bootstrap(sample, figure, options) };
}

/** Groups in which nothing was measured are left out. */
export function sampleOf(
  groups: readonly (readonly Pair[])[],
  addends: (pair: Pair) => Addends | undefined,
): readonly (readonly Addends[])[] {
  return groups
    .map((pairs) =>
      pairs.flatMap((pair) => {
        const found = addends(pair);
        return found === undefined ? [] : [found];
      }),
    )
    .filter((group) => group.length > 0);
}

export function differenceAddends(metric: Metric, { own, other }: Pair): Addends | undefined {
  const { of } = METRIC_RULES[metric];
  const [mine, theirs] = [of(own), of(other)];
  return mine === null || theirs === null ? undefined : [...mine, ...theirs];
}

function ratioAddends(metric: Metric, { own, other }: Pair): Addends | undefined {
  const { of } = METRIC_RULES[metric];
  const [mine, theirs] = [of(own), of(other)];
  return mine === null || theirs === null ? undefined : logRatio(mine, theirs);
}
