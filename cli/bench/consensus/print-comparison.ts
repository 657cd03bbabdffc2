/** The comparison of our acceptors with etcd, for people. */
import { loadavg } from "node:os";
import type { PairedRatio } from "#core/benchmark/paired-ratio.ts";
import { quantile } from "#core/benchmark/statistics.ts";
import { printLine, printTable } from "../../print.ts";
import type { Outages, Row, verdictOf } from "./comparison.ts";
import { WANTED } from "./comparison.ts";
import type { Slice } from "./slices.ts";

interface Printed {
  readonly rows: readonly Row[];
  readonly outages: Outages;
  readonly verdicts: readonly ReturnType<typeof verdictOf>[];
  readonly etcd: string;
}

export function printComparison({ rows, outages, verdicts, etcd }: Printed): void {
  printLine(`Making registers that do not exist; etcd: ${etcd}; load average ${loadText()}`);
  printTable(
    ["round trip", "load", "ours p50 / p99", "etcd p50 / p99", "p50 ratio", "ours/s", "etcd/s", "ratio"],
    rows.map(({ roundTripMs, load, rounds, p50, throughput }) => [
      ...[`${roundTripMs} ms`, load.id, latencyText(rounds.map(({ ours }) => ours))],
      ...[latencyText(rounds.flatMap(({ theirs }) => theirs ?? [])), ratioText(p50)],
      ...[rateText(rounds.map(({ ours }) => ours)), rateText(rounds.flatMap(({ theirs }) => theirs ?? []))],
      ratioText(throughput),
    ]),
  );
  printLine("");
  for (const { id, note } of WANTED) printLine(`${id}: ${note}`);
  printLine(
    "Not comparable in kind: etcd orders everything that it is told, and tells watchers; ours orders each register alone",
  );
  printLine("etcd is asked by the JSON form of its API; by gRPC it was up to 1.3 times as fast when both were tried");
  printLine("Ratios: ours to etcd, geometric mean over the rounds, 95 % bootstrap interval");
  printLine("");
  printLine(`Until the next commit after kill -9: an acceptor of ours ${outageText(outages.oursMs)};`);
  printLine(
    `  the leader of etcd ${outageText(outages.theirsMs)} (its default election timeout of 1 s; ours has no leader)`,
  );
  for (const { id, is, value, measured, verdict } of verdicts) {
    const figure = measured === null ? "-" : `${measured.toFixed(2)} x`;
    printLine(`${verdict.toUpperCase()}  ${id}: ${figure}, ${is === "at-most" ? "at most" : "at least"} ${value} x`);
  }
}

export const loadText = (): string => (loadavg()[0] ?? 0).toFixed(1);

function median(values: readonly number[]): number {
  return values.length === 0
    ? NaN
    : quantile(
        values.toSorted((a, b) => a - b),
        0.5,
      );
}

function latencyText(slices: readonly Slice[]): string {
  if (slices.length === 0) return "not run";
  return `${median(slices.map(({ p50Ms }) => p50Ms)).toFixed(1)} / ${median(slices.map(({ p99Ms }) => p99Ms)).toFixed(1)} ms`;
}

function rateText(slices: readonly Slice[]): string {
  return slices.length === 0 ? "not run" : median(slices.map(({ registersPerSecond: rate }) => rate)).toFixed(0);
}

function ratioText(ratio: PairedRatio | null): string {
  if (ratio === null) return "-";
  return `${ratio.ratio.toFixed(2)} (${ratio.interval[0].toFixed(2)} to ${ratio.interval[1].toFixed(2)})`;
}

function outageText(gapsMs: readonly number[]): string {
  if (gapsMs.length === 0) return "not run";
  return `${median(gapsMs).toFixed(1)} ms (${gapsMs.map((gap) => gap.toFixed(1)).join(", ")})`;
}
