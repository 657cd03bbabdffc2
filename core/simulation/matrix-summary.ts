/** Rows of a matrix put together: one line for each scenario, quality and competitor. */
import type { MatrixRow, Quality } from "./run-matrix.ts";

export interface MatrixSummary {
  readonly scenario: string;
  readonly quality: Quality;
  readonly competitor: string;
  readonly sessions: number;
  /** Sessions that did not come to the end of the video in time. */
  readonly left: number;
  /** Null when nothing was ever shown. */
  readonly startupMsMedian: number | null;
  /** Bound over measured. */
  readonly startupShareMedian: number | null;
  /** Stalled share of the time after startup: ratio of sums, 0..1. */
  readonly stallRatio: number;
  readonly stallMsMean: number;
  /** Beyond what 0.9 of the network would have forced: the worst session. */
  readonly excessStallMsMax: number;
  readonly bitsPerSecondMean: number;
  readonly switchesMean: number;
  readonly bufferSecondsMean: number;
  readonly throughputShareMedian: number;
  /** Of all received bytes: ratio of sums. */
  readonly duplicateShare: number;
  readonly lostShare: number;
  /** The slowest; null when no fault hit anything under way. */
  readonly detectedAfterMsMax: number | null;
  readonly violations: number;
}

/** In the order in which they first come. */
export function summarize(rows: readonly MatrixRow[]): MatrixSummary[] {
  const groups = new Map<string, MatrixRow[]>();
  for (const row of rows) {
    const name = `${row.scenario} ${row.quality} ${row.competitor}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [summaryOf(first, group)];
  });
}

function summaryOf({ scenario, quality, competitor }: MatrixRow, rows: readonly MatrixRow[]): MatrixSummary {
  const stalledMs = sum(rows.map(({ stallMs }) => stallMs));
  const playedMs = sum(rows.map(({ playedSeconds }) => playedSeconds * 1000));
  const receivedBytes = Math.max(1, sum(rows.map((row) => row.receivedBytes)));
  const detected = present(rows.map(({ detectedAfterMs }) => detectedAfterMs));
  return {
    ...{ scenario, quality, competitor, sessions: rows.length },
    left: rows.filter(({ outcome }) => outcome === "left").length,
    startupMsMedian: median(present(rows.map(({ startupMs }) => startupMs))),
    startupShareMedian: median(present(rows.map(({ startupShare }) => startupShare))),
    stallRatio: stalledMs / Math.max(1, stalledMs + playedMs),
    stallMsMean: stalledMs / rows.length,
    excessStallMsMax: Math.max(...rows.map(({ excessStallMs }) => excessStallMs)),
    bitsPerSecondMean: mean(rows.map(({ meanBitsPerSecond }) => meanBitsPerSecond)),
    switchesMean: mean(rows.map(({ switches }) => switches)),
    bufferSecondsMean: mean(rows.map(({ bufferMeanSeconds }) => bufferMeanSeconds)),
    throughputShareMedian: median(rows.map(({ throughputShare }) => throughputShare)) ?? 0,
    duplicateShare: sum(rows.map(({ duplicateBytes }) => duplicateBytes)) / receivedBytes,
    lostShare: sum(rows.map(({ lostBytes }) => lostBytes)) / receivedBytes,
    detectedAfterMsMax: detected.length === 0 ? null : Math.max(...detected),
    violations: sum(rows.map(({ violations }) => violations.length)),
  };
}

function present(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / Math.max(1, values.length);
}

/** Null without values. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}
