/**
 * `vstack simulate scheduler`: many simulated sessions, every strategy on the same networks, against the bound that nobody
 * can beat. No servers and no waiting: the figures are simulated, and say so.
 */
import { writeFile } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { MatrixSummary } from "#core/simulation/matrix-summary.ts";
import { summarize } from "#core/simulation/matrix-summary.ts";
import type { Promised } from "#core/simulation/promises.ts";
import { promisesOf } from "#core/simulation/promises.ts";
import type { MatrixOptions, MatrixRow } from "#core/simulation/run-matrix.ts";
import { matrixSize, runMatrix } from "#core/simulation/run-matrix.ts";
import { interrupted } from "../interrupted.ts";
import { printJson, printLine, printTable, remark } from "../print.ts";
import { readTraces } from "../read-traces.ts";
import { simMatrix } from "../sim-matrix.ts";

export interface SimulateOptions {
  readonly scenario?: readonly string[];
  readonly strategy?: readonly string[];
  readonly seeds: number;
  readonly seed: number;
  readonly traces?: string;
  readonly cold: boolean;
  readonly json: boolean;
  readonly out?: string;
}

/** Of the report; grows when a field changes its meaning. */
const REPORT_SCHEMA = 1;
const REMARK_EVERY_MS = 2_000;

/** @returns exit code: 1 when a rule that must hold was broken, or a bound was beaten */
export async function simulateScheduler(options: SimulateOptions): Promise<number> {
  const files = options.traces === undefined ? undefined : await readTraces(options.traces);
  const seeds = Array.from({ length: options.seeds }, (_, at) => options.seed + at);
  const matrix = simMatrix({ ...options, seeds }, files);
  const startedMs = performance.now();
  const rows = await runAll(matrix);
  const sessionsPerSecond = (rows.length * 1000) / (performance.now() - startedMs);
  const summaries = summarize(rows);
  const smart = matrix.competitors.find(({ name }) => name === "smart");
  const promises = smart === undefined ? [] : promisesOf(smart, summaries, options.seed);
  const violations = rows.flatMap((row) =>
    row.violations.map((text) => `${row.scenario}, ${row.competitor}, ${row.quality}, seed ${row.seed}: ${text}`),
  );
  const verdict = {
    verdict: violations.length === 0 ? "passed" : "failed",
    simulated: true,
    sessions: rows.length,
    sessionsPerSecond: Math.round(sessionsPerSecond * 10) / 10,
    violations: violations.slice(0, 20),
    promises,
    report: options.out ?? null,
  };
  if (options.out !== undefined) {
    const report = { schema: REPORT_SCHEMA, ...verdict, seed: options.seed, seeds: options.seeds, summaries, rows };
    await writeFile(options.out, `${JSON.stringify(report)}\n`);
  }
  if (!options.json) printForPeople(summaries, promises, violations);
  remark(`${rows.length} simulated sessions, ${sessionsPerSecond.toFixed(1)} a second on one core`);
  if (options.out !== undefined) remark(`Report in ${options.out}`);
  printJson(options.json ? { ...verdict, summaries } : verdict);
  return violations.length === 0 ? 0 : 1;
}

async function runAll(matrix: MatrixOptions): Promise<MatrixRow[]> {
  const rows: MatrixRow[] = [];
  const signal = interrupted();
  const total = matrixSize(matrix);
  let remarkedMs = performance.now();
  for (const row of runMatrix(matrix)) {
    rows.push(row);
    if (performance.now() - remarkedMs < REMARK_EVERY_MS) continue;
    remarkedMs = performance.now();
    remark(`${rows.length} of ${total} sessions`);
    // Ctrl-C is heard between two turns only.
    await nextTurn();
    signal.throwIfAborted();
  }
  return rows;
}

function printForPeople(
  summaries: readonly MatrixSummary[],
  promises: readonly Promised[],
  violations: readonly string[],
): void {
  printLine("Simulated. Startup: median, and bound / measured. Stalls: share of the time after startup.");
  printTable(
    [
      "SCENARIO",
      "QUALITY",
      "STRATEGY",
      "STARTUP",
      "OF BOUND",
      "STALLED",
      "BEYOND",
      "MBIT/S",
      "BUFFER",
      "OF SUPPLY",
      "TWICE",
    ],
    summaries.map((one) => [
      one.scenario,
      one.quality,
      one.competitor,
      one.startupMsMedian === null ? "never" : `${one.startupMsMedian.toFixed(0)} ms`,
      one.startupShareMedian === null ? "-" : percent(one.startupShareMedian),
      percent(one.stallRatio),
      `${(one.excessStallMsMax / 1000).toFixed(1)} s`,
      (one.bitsPerSecondMean / 1e6).toFixed(2),
      `${one.bufferSecondsMean.toFixed(1)} s`,
      percent(one.throughputShareMedian),
      percent(one.duplicateShare),
    ]),
  );
  if (promises.length > 0) {
    printLine("");
    printTable(
      ["PROMISE OF SMART", "MUST", "MEASURED", "KEPT"],
      promises.map((one) => [one.promise, mustText(one), measuredText(one, one.measured), keptText(one)]),
    );
  }
  for (const violation of violations.slice(0, 20)) printLine(`BROKEN: ${violation}`);
}

function mustText(one: Promised): string {
  return "atLeast" in one.must
    ? `at least ${measuredText(one, one.must.atLeast)}`
    : `at most ${measuredText(one, one.must.atMost)}`;
}

function measuredText({ unit }: Promised, value: number | null): string {
  if (value === null) return "not run";
  return unit === "share" ? percent(value) : `${value.toFixed(0)} ms`;
}

function keptText({ isKept }: Promised): string {
  return isKept === null ? "not run" : isKept ? "yes" : "no";
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
