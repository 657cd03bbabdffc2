/** Figures of each strategy in each scenario, with intervals over seeds, and strategies against the claimant's baselines. */
import { seededRandom } from "../random.ts";
import { BASELINES, CLAIMANT } from "./claims.ts";
import { METRIC_RULES, ratioOfSums } from "./metrics.ts";
import { comparisonOf, type SessionIndex } from "./pairs.ts";
import { METRICS, type Aggregate, type BenchSession, type Comparison, type Metric, type Tier } from "./report.ts";
import { bootstrap, figureOf, middle95, quantile } from "./statistics.ts";

/** For intervals that are shown and decide nothing. */
const AGGREGATE_DRAWS = 1_000;
const COMPARISON_DRAWS = 4_000;
const COMPARED: readonly Metric[] = ["startupMs", "stallShare", "meanBitsPerSecond", "goodputBytesPerSecond"];
const QUALITIES = ["abr", "fixed"] as const;
/** A comparison over all scenarios. */
export const EVERYWHERE = "*";

/** In the order in which cells first come. Metrics that no session of a cell has are left out. */
export function aggregatesOf(sessions: readonly BenchSession[], seed: number): Aggregate[] {
  const cells = new Map<string, BenchSession[]>();
  for (const session of sessions) {
    if (session.invalidReason !== null) continue;
    const name = [session.tier, session.scenario, session.quality, session.strategy].join(" ");
    const cell = cells.get(name);
    if (cell === undefined) cells.set(name, [session]);
    else cell.push(session);
  }
  return [...cells.values()].flatMap((cell) => METRICS.flatMap((metric) => aggregateOf(cell, metric, seed)));
}

function aggregateOf(cell: readonly BenchSession[], metric: Metric, seed: number): Aggregate[] {
  const { of } = METRIC_RULES[metric];
  const bySeed = cell.toSorted((a, b) => a.seed - b.seed);
  const members = bySeed.flatMap((session) => {
    const found = of(session);
    return found === null ? [] : [found];
  });
  const [first] = bySeed;
  if (first === undefined || members.length === 0) return [];
  const { tier, scenario, quality, strategy } = first;
  const each = members.map(([top, bottom]) => (bottom === 0 ? 0 : top / bottom)).sort((a, b) => a - b);
  const figures = bootstrap([members], ratioOfSums, { draws: AGGREGATE_DRAWS, random: seededRandom(seed) });
  return [
    {
      ...{ tier, scenario, quality, strategy, metric, sessions: members.length, interval: middle95(figures) },
      estimate: figureOf([members], ratioOfSums),
      p50: quantile(each, 0.5),
      p90: quantile(each, 0.9),
    },
  ];
}

export interface ComparisonsInput {
  readonly tier: Tier;
  readonly index: SessionIndex;
  readonly scenarios: readonly string[];
  readonly seed: number;
}

/** The claimant against each baseline: in every scenario, and over all of them. */
export function comparisonsOf({ tier, index, scenarios, seed }: ComparisonsInput): Comparison[] {
  return QUALITIES.flatMap((quality) =>
    BASELINES.flatMap((baseline) => {
      const versus = { tier, quality, strategy: CLAIMANT, baseline };
      const groups = scenarios.map((scenario) => ({ scenario, pairs: index.pairs(versus, scenario) }));
      const looks = [
        { scenario: EVERYWHERE, groups: groups.map(({ pairs }) => pairs) },
        ...groups.map(({ scenario, pairs }) => ({ scenario, groups: [pairs] })),
      ];
      return COMPARED.flatMap((metric) =>
        looks.flatMap((look) => {
          const options = { draws: COMPARISON_DRAWS, random: seededRandom(seed) };
          return comparisonOf(versus, metric, look, options) ?? [];
        }),
      );
    }),
  );
}
