/**
 * `vstack simulate redundancy`: what the policies would keep, move and cost on drawn workloads, beside the best choice
 * afterwards; and schedules of changes under faults, in which no reading may fail. Simulated, and says so.
 */
import { writeFile } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { PolicySummary } from "#core/simulation/redundancy/compare-policies.ts";
import { comparePolicies } from "#core/simulation/redundancy/compare-policies.ts";
import { MOVE_PRICE, READ_PRICE } from "#core/simulation/redundancy/prices.ts";
import type { SimulatedPolicy } from "#core/simulation/redundancy/replay-policy.ts";
import { SIMULATED_POLICIES } from "#core/simulation/redundancy/replay-policy.ts";
import type { Rule } from "#core/simulation/redundancy/rules.ts";
import { isRule, RULES, WITHOUT } from "#core/simulation/redundancy/rules.ts";
import type { ScheduleTotals } from "#core/simulation/redundancy/run-schedules.ts";
import { runSchedules } from "#core/simulation/redundancy/run-schedules.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { interrupted } from "../interrupted.ts";
import { printJson, printLine, printTable, remark } from "../print.ts";

export interface SimulateRedundancyOptions {
  readonly policy?: readonly string[];
  readonly seeds: number;
  readonly seed: number;
  readonly schedules: number;
  readonly mutant?: string;
  readonly json: boolean;
  readonly out?: string;
}

/** Of the report; grows when a field changes its meaning. */
const REPORT_SCHEMA = 1;
const REMARK_EVERY_MS = 2_000;
/** A library of a small site over two months: a few seconds for each seed. */
const SIZE = { videos: 150, days: 60 };

/** @returns exit code: 1 when a reading failed or a record was too weak; with a mutant, when nothing of it was noticed */
export async function simulateRedundancy(options: SimulateRedundancyOptions): Promise<number> {
  const without = mutantOf(options.mutant);
  const policies = policiesOf(options.policy);
  const signal = interrupted();
  const summaries = without === null ? await compareAll(policies, options, signal) : [];
  const startedMs = performance.now();
  const totals = await runAll(options, without, signal);
  const schedulesPerSecond = totals === undefined ? 0 : (totals.schedules * 1000) / (performance.now() - startedMs);
  const violated = totals?.violated ?? 0;
  const isPassed = without === null || totals === undefined ? violated === 0 : violated > 0;
  const verdict = {
    verdict: isPassed ? "passed" : "failed",
    simulated: true,
    mutant: without,
    schedules: totals?.schedules ?? 0,
    schedulesPerSecond: Math.round(schedulesPerSecond),
    violated,
    violations: totals?.violations ?? [],
    counts: totals?.counts ?? null,
    policies: summaries,
    report: options.out ?? null,
  };
  if (options.out !== undefined) {
    const report = { schema: REPORT_SCHEMA, ...verdict, seed: options.seed, seeds: options.seeds };
    await writeFile(options.out, `${JSON.stringify(report)}\n`);
  }
  if (!options.json) {
    if (summaries.length > 0) printPolicies(summaries);
    if (totals !== undefined) printSchedules(totals, without);
  }
  if (totals !== undefined)
    remark(`${totals.schedules} schedules, ${schedulesPerSecond.toFixed(0)} a second on one core`);
  if (options.out !== undefined) remark(`Report in ${options.out}`);
  printJson(verdict);
  return isPassed ? 0 : 1;
}

function mutantOf(text: string | undefined): Rule | null {
  if (text === undefined) return null;
  if (isRule(text)) return text;
  throw new VStackError("bad-request", `Cannot take away the rule "${text}" as there are ${RULES.join(", ")}`);
}

function policiesOf(names: readonly string[] | undefined): readonly SimulatedPolicy[] {
  const unknown = names?.find((name) => !SIMULATED_POLICIES.some((policy) => policy === name));
  if (unknown !== undefined) {
    const known = SIMULATED_POLICIES.join(", ");
    throw new VStackError("bad-request", `Cannot simulate the policy "${unknown}" as there are ${known}`);
  }
  return names === undefined ? SIMULATED_POLICIES : SIMULATED_POLICIES.filter((policy) => names.includes(policy));
}

async function compareAll(
  policies: readonly SimulatedPolicy[],
  { seed, seeds: count }: SimulateRedundancyOptions,
  signal: AbortSignal,
): Promise<PolicySummary[]> {
  const seeds = Array.from({ length: count }, (_, at) => seed + at);
  const summaries: PolicySummary[] = [];
  for (const summary of comparePolicies({ policies, seeds, size: SIZE })) {
    summaries.push(summary);
    remark(`${summary.workload}, ${summary.policy}`);
    // Ctrl-C is heard between two turns only.
    await nextTurn();
    signal.throwIfAborted();
  }
  return summaries;
}

async function runAll(
  { seed, schedules }: SimulateRedundancyOptions,
  without: Rule | null,
  signal: AbortSignal,
): Promise<ScheduleTotals | undefined> {
  let totals: ScheduleTotals | undefined;
  let remarkedMs = performance.now();
  for (totals of runSchedules(seed, schedules, without)) {
    if (performance.now() - remarkedMs < REMARK_EVERY_MS) continue;
    remarkedMs = performance.now();
    remark(`${totals.schedules} of ${schedules} schedules`);
    await nextTurn();
    signal.throwIfAborted();
  }
  return totals;
}

function printPolicies(summaries: readonly PolicySummary[]): void {
  printLine(
    `Simulated: ${SIZE.videos} videos over ${SIZE.days} days. Prices in byte-days, assumed: ${READ_PRICE} for a byte`,
  );
  printLine(
    `served from shards alone, ${MOVE_PRICE} for a byte moved. Regret: cost beyond the best choice afterwards.`,
  );
  printTable(
    ["WORKLOAD", "POLICY", "OVERHEAD", "FLAPS/VIDEO-DAY", "CHANGES/VIDEO-DAY", "MOVED/SERVED", "FROM SHARDS", "REGRET"],
    summaries.map((one) => [
      one.workload,
      one.policy,
      `${one.overhead.toFixed(2)}x`,
      one.flapsPerVideoDay.toFixed(4),
      one.changesPerVideoDay.toFixed(4),
      percent(one.movedShare),
      percent(one.fromShardsShare),
      percent(one.regret),
    ]),
  );
  printLine("");
}

function printSchedules({ schedules, violated, violations, counts }: ScheduleTotals, without: Rule | null): void {
  if (without !== null) printLine(`Without the rule ${without}: ${WITHOUT[without]}`);
  printTable(
    [
      "SCHEDULES",
      "VIOLATED",
      "EVENTS",
      "READINGS",
      "CHANGED",
      "LOST RACES",
      "GIVEN UP",
      "CRASHES",
      "FAILURES",
      "REPAIRS",
    ],
    [
      [schedules, violated, counts.events, counts.reads, counts.changed, counts.lostRaces, counts.givenUp]
        .concat([counts.crashes, counts.failures, counts.repairs])
        .map(String),
    ],
  );
  for (const violation of violations) printLine(`BROKEN: ${violation}`);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
