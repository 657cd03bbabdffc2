/** Each metric of the report: its unit, which way is better, and how sessions are put together to one figure. */
import type { BenchSession, Metric, Unit } from "./report.ts";
import type { Addends, Figure } from "./statistics.ts";

export interface MetricRule {
  readonly name: string;
  readonly unit: Unit;
  readonly better: "low" | "high";
  /** Two strategies are told apart by this. */
  readonly effect: "difference" | "ratio";
  /** Numerator and denominator of one session: figures are ratios of sums. Null: has none. */
  readonly of: (session: BenchSession) => readonly [number, number] | null;
}

export const METRIC_RULES: Readonly<Record<Metric, MetricRule>> = {
  startupMs: rule("startup", "ms", "low", "ratio", ({ metrics }) => meanOf(metrics.startupMs)),
  startupShare: rule("startup, share of the bound", "share", "high", "difference", ({ metrics }) =>
    meanOf(metrics.startupShare),
  ),
  // Who never showed anything did not stall either: no share at all, not a share of 0.
  stallShare: rule(
    "time stalled",
    "share",
    "low",
    "difference",
    ({ metrics: { startupMs, stallMs, playedSeconds } }) =>
      startupMs === null ? null : [stallMs, stallMs + playedSeconds * 1000],
  ),
  excessStallMs: rule("stall beyond the bound", "ms", "low", "difference", ({ metrics }) =>
    meanOf(metrics.excessStallMs),
  ),
  meanBitsPerSecond: rule("bitrate", "bits-per-second", "high", "ratio", ({ metrics }) =>
    meanOf(metrics.meanBitsPerSecond),
  ),
  switches: rule("changes of quality", "count", "low", "difference", ({ metrics }) => meanOf(metrics.switches)),
  bufferMeanSeconds: rule("buffer", "seconds", "high", "difference", ({ metrics }) =>
    meanOf(metrics.bufferMeanSeconds),
  ),
  goodputBytesPerSecond: rule("goodput", "bytes-per-second", "high", "ratio", ({ metrics }) =>
    meanOf(metrics.goodputBytesPerSecond),
  ),
  throughputShare: rule("throughput, share of the supply", "share", "high", "difference", ({ metrics }) =>
    meanOf(metrics.throughputShare),
  ),
  duplicateShare: rule("duplicate bytes", "share", "low", "difference", ({ metrics }) =>
    metrics.duplicateBytes === null ? null : [metrics.duplicateBytes, metrics.receivedBytes],
  ),
  detectedAfterMs: rule("failover", "ms", "low", "difference", ({ metrics }) => meanOf(metrics.detectedAfterMs)),
};

function rule(
  name: string,
  unit: Unit,
  better: "low" | "high",
  ...[effect, of]: [MetricRule["effect"], MetricRule["of"]]
): MetricRule {
  return { name, unit, better, effect, of };
}

function meanOf(value: number | null): readonly [number, number] | null {
  return value === null ? null : [value, 1];
}

/** Ratio of sums of what {@link MetricRule.of} gives; 0 of nothing is 0. */
export const ratioOfSums: Figure = (sums) => ratio(sums[0], sums[1]);

/** Of a pair: strategy, then baseline, each with numerator and denominator. */
export const differenceOfRatios: Figure = (sums) => ratio(sums[0], sums[1]) - ratio(sums[2], sums[3]);

/** The same as strategy over baseline. */
export const ratioOfRatios: Figure = (sums) =>
  ratio(sums[0], sums[1]) / Math.max(Number.MIN_VALUE, ratio(sums[2], sums[3]));

/** Of logarithms and their number. */
export const geometricMean: Figure = (sums) => Math.exp(ratio(sums[0], sums[1]));

function ratio(top = 0, bottom = 0): number {
  return bottom === 0 ? 0 : top / bottom;
}

/** Below this a ratio means nothing: a millisecond, a byte. */
const LEAST_OF_RATIO = 1;

/** What one pair adds to {@link geometricMean}. */
export function logRatio(own: readonly [number, number], other: readonly [number, number]): Addends {
  const [a, b] = [own, other].map(([top, bottom]) => Math.max(LEAST_OF_RATIO, ratio(top, bottom)));
  return [Math.log((a ?? 1) / (b ?? 1)), 1];
}
