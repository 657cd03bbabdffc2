/** Two reports side by side: what changed on the cells that both have. */
import { METRIC_RULES } from "./metrics.ts";
import type { Aggregate, BenchReport, Verdict } from "./report.ts";

export interface CellChange {
  readonly cell: Pick<Aggregate, "tier" | "scenario" | "quality" | "strategy" | "metric">;
  readonly before: Aggregate;
  readonly after: Aggregate;
  /** `same`: the intervals overlap, or the change is within {@link LEAST_CHANGE}. */
  readonly is: "better" | "worse" | "same";
}

export interface ReportChange {
  readonly changes: readonly CellChange[];
  /** Rows whose verdict is another one. */
  readonly verdicts: readonly { readonly id: string; readonly before: Verdict; readonly after: Verdict }[];
  /** Cells that only one of them has. */
  readonly unmatched: number;
}

/** Smaller changes are not worth a word, however certain. */
const LEAST_CHANGE = 0.05;

export function compareReports(before: BenchReport, after: BenchReport): ReportChange {
  const old = new Map(before.aggregates.map((aggregate) => [nameOf(aggregate), aggregate]));
  const changes = after.aggregates.flatMap((aggregate) => {
    const earlier = old.get(nameOf(aggregate));
    return earlier === undefined ? [] : [changeOf(earlier, aggregate)];
  });
  const verdictsBefore = new Map(verdictsOf(before));
  const verdicts = verdictsOf(after).flatMap(([id, now]) => {
    const then = verdictsBefore.get(id);
    return then === undefined || then === now ? [] : [{ id, before: then, after: now }];
  });
  const unmatched = before.aggregates.length + after.aggregates.length - 2 * changes.length;
  return { changes, verdicts, unmatched };
}

function changeOf(before: Aggregate, after: Aggregate): CellChange {
  const { tier, scenario, quality, strategy, metric } = after;
  const cell = { tier, scenario, quality, strategy, metric };
  const change = after.estimate - before.estimate;
  const isSmall = Math.abs(change) <= LEAST_CHANGE * Math.max(Math.abs(before.estimate), Math.abs(after.estimate));
  const overlap = after.interval[0] <= before.interval[1] && before.interval[0] <= after.interval[1];
  if (isSmall || overlap) return { cell, before, after, is: "same" };
  const isBetter = METRIC_RULES[metric].better === "low" ? change < 0 : change > 0;
  return { cell, before, after, is: isBetter ? "better" : "worse" };
}

function nameOf({ tier, scenario, quality, strategy, metric }: Aggregate): string {
  return [tier, scenario, quality, strategy, metric].join(" ");
}

function verdictsOf({ targets, controls }: BenchReport): (readonly [string, Verdict])[] {
  return [
    ...targets.map(({ id, tier, verdict }) => [`${tier} ${id}`, verdict] as const),
    ...controls.map(({ id, verdict }) => [id, verdict] as const),
  ];
}
