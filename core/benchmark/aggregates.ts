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

/**
 * In the order in which cells first come, each strategy over all its scenarios last. Metrics that no session of a cell has
 * are left out.
 */
export function aggregatesOf(sessions: readonly BenchSession[], seed: number): Aggregate[] {
  const valid = sessions.filter(({ invalidReason }) => invalidReason === null);
  const cells = grouped(valid, ({ tier, scenario, quality, strategy }) => `${tier} ${scenario} ${quality} ${strategy}`);
  const overall = grouped(valid, ({ tier, quality, strategy }) => `${tier} ${quality} ${strategy}`);
  return [
    ...cells.flatMap((cell) => METRICS.flatMap((metric) => aggregateOf([cell], metric, { seed }))),
    ...overall.flatMap((cell) => {
      const byScenario = grouped(cell, ({ scenario }) => scenario);
      return METRICS.flatMap((metric) => aggregateOf(byScenario, metric, { seed, scenario: EVERYWHERE }));
    }),
  ];
}

function grouped(sessions: readonly BenchSession[], nameOf: (session: BenchSession) => string): BenchSession[][] {
  const groups = new Map<string, BenchSession[]>();
  for (const session of sessions) {
    const name = nameOf(session);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [session]);
    else group.push(session);
  }
  return [...groups.values()];
}

/** Scenarios are drawn, then seeds. */
function aggregateOf(
  groups: readonly (readonly BenchSession[])[],
  metric: Metric,
  { seed, scenario: name }: { seed: number; scenario?: string },
): Aggregate[] {
  const sample = groups
    .map((group) =>
      group
        .toSorted((a, b) => a.seed - b.seed)
        .map((session) => METRIC_RULES[metric].of(session))
        .filter((member) => member !== null),
    )
    .filter((members) => members.length > 0);
  const first = groups[0]?.[0];
  if (first === undefined || sample.length === 0) return [];
  const { tier, scenario, quality, strategy } = first;
  const members = sample.flat();
  const each = members.map(([top, bottom]) => (bottom === 0 ? 0 : top / bottom)).sort((a, b) => a - b);
  const figures = bootstrap(sample, ratioOfSums, { draws: AGGREGATE_DRAWS, random: seededRandom(seed) });
  return [
    {
      ...{ tier, scenario: name ?? scenario, quality, strategy, metric, sessions: members.length },
      ...{ estimate: figureOf(sample, ratioOfSums), interval: middle95(figures) },
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
