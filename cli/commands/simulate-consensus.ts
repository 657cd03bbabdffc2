/**
 * `vstack simulate consensus`: the shipped machines of ChunkPaxos under schedules that seeds draw, with every disk in view.
 * Many schedules are shared by two processes. A violation ends the run with the seed, the command that repeats it, and the
 * schedule told line by line.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as v from "valibot";
import type { RuleName } from "#core/consensus/rules.ts";
import { RULES } from "#core/consensus/rules.ts";
import type { SchedulesReport } from "#core/simulation/consensus/run-schedules.ts";
import { EMPTY_REPORT, joined, runSchedules, transcriptOfSeed } from "#core/simulation/consensus/run-schedules.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { interrupted } from "../interrupted.ts";
import { printJson, printLine, remark, startProgress } from "../print.ts";

export interface SimulateConsensusOptions {
  readonly schedules: number;
  readonly seed: number;
  readonly mutant?: RuleName;
  readonly json: boolean;
  readonly out?: string;
  /** This process is one of several: it reports to its parent, and to nobody else. */
  readonly part: boolean;
}

/** Of the report; grows when a field changes its meaning. */
const REPORT_SCHEMA = 1;
/** As many as the smallest machine that we test on has cores. */
const PROCESSES = 2;
/** Below this a second process costs more than it brings. */
const SHARED_SCHEDULES = 20_000;

/** Room for what lives for one schedule only: collecting it took a fifth of the time with the default of 16. */
const YOUNG_MEBIBYTES = 64;

const CountSchema = v.pipe(v.number(), v.integer(), v.minValue(0));
const ReportSchema: v.GenericSchema<unknown, SchedulesReport> = v.object({
  schedules: CountSchema,
  steps: CountSchema,
  messages: CountSchema,
  decisions: CountSchema,
  outcomes: CountSchema,
  lostGroups: CountSchema,
  quietTurnsMost: CountSchema,
  byMix: v.record(v.string(), CountSchema),
  failure: v.nullable(
    v.object({
      seed: CountSchema,
      mix: v.string(),
      violation: v.object({
        invariant: v.picklist([
          ...(["agreement", "version-chain", "one-value-per-ballot", "acknowledged-is-durable"] as const),
          ...(["active-epoch", "tombstone", "linearizable", "liveness"] as const),
        ]),
        key: v.string(),
        text: v.string(),
      }),
    }),
  ),
});

/** @throws VStackError `bad-request` for a name that no rule has */
export function ruleName(text: string): RuleName {
  const names = Object.keys(RULES);
  if (isRuleName(text)) return text;
  throw new VStackError("bad-request", `Cannot break the rule "${text}": known are ${names.join(", ")}`);
}

function isRuleName(text: string): text is RuleName {
  return Object.hasOwn(RULES, text);
}

/** @returns exit code: 1 when an invariant was broken */
export async function simulateConsensus(options: SimulateConsensusOptions): Promise<number> {
  if (options.part) return await reportToParent(options);
  const { seed, schedules, json } = options;
  const mutant = options.mutant ?? null;
  const progress = startProgress({ quiet: json });
  const startedMs = performance.now();
  const show = (report: SchedulesReport) => {
    const rate = (report.schedules * 1000) / (performance.now() - startedMs);
    const detail = `${report.schedules} of ${schedules}, ${rate.toFixed(0)} a second`;
    progress.show("Simulated schedules", report.schedules / schedules, detail);
  };
  const report = schedules > SHARED_SCHEDULES ? await runShared(options, show) : await runAlone(options, show);
  progress.end();
  const { failure, byMix, ...counts } = report;
  const schedulesPerSecond = Math.round((report.schedules * 1000) / (performance.now() - startedMs));
  const again = failure === null ? null : commandFor(failure.seed, mutant);
  if (!json) {
    printLine(`Simulated ${report.schedules} schedules from seed ${seed}: ${mutant ?? "every rule in force"}`);
    for (const [mix, count] of Object.entries(byMix).sort()) printLine(`  ${String(count).padStart(8)}  ${mix}`);
    if (failure !== null) tellFailure(failure, mutant);
  }
  remark(`${schedulesPerSecond} schedules a second, ${report.steps} steps, ${report.messages} messages`);
  const verdict = { verdict: failure === null ? "passed" : "failed", simulated: true, seed, mutant, ...counts };
  const whole = { ...verdict, schedulesPerSecond, byMix, failure, again, report: options.out ?? null };
  if (options.out !== undefined) {
    await writeFile(options.out, `${JSON.stringify({ schema: REPORT_SCHEMA, ...whole })}\n`);
    remark(`Report in ${options.out}`);
  }
  printJson(whole);
  return failure === null ? 0 : 1;
}

function tellFailure({ seed, mix, violation }: NonNullable<SchedulesReport["failure"]>, mutant: RuleName | null): void {
  printLine("");
  for (const line of transcriptOfSeed(seed, mutant)) printLine(line);
  printLine("");
  printLine(`BROKEN: ${violation.invariant} of "${violation.key}" in seed ${seed} (${mix}): ${violation.text}`);
  if (mutant !== null) printLine(`The rule that was taken away: ${RULES[mutant]}`);
  printLine(`Again: ${commandFor(seed, mutant)}`);
}

function commandFor(seed: number, mutant: RuleName | null): string {
  return `npx vstack simulate consensus --schedules 1 --seed ${seed}${mutant === null ? "" : ` --mutant ${mutant}`}`;
}

async function runAlone(
  { schedules, seed, mutant }: SimulateConsensusOptions,
  show: (report: SchedulesReport) => void,
): Promise<SchedulesReport> {
  const signal = interrupted();
  let last = EMPTY_REPORT;
  for (const report of runSchedules({ schedules, seed, mutant: mutant ?? null })) {
    last = report;
    show(report);
    // Ctrl-C is heard between two turns only.
    await nextTurn();
    signal.throwIfAborted();
  }
  return last;
}

/** The seeds in equal parts, a process each; the first violation ends all of them. */
async function runShared(
  { schedules, seed, mutant }: SimulateConsensusOptions,
  show: (report: SchedulesReport) => void,
): Promise<SchedulesReport> {
  const program = process.argv[1] ?? "";
  const signal = interrupted();
  const reports: SchedulesReport[] = Array.from({ length: PROCESSES }, () => EMPTY_REPORT);
  const share = Math.ceil(schedules / PROCESSES);
  const parts = reports.map((_, at) => {
    const count = Math.min(share, schedules - at * share);
    const words = ["--schedules", String(count), "--seed", String(seed + at * share), "--part"];
    if (mutant !== undefined) words.push("--mutant", mutant);
    const child = fork(program, ["simulate", "consensus", ...words], {
      execArgv: [...process.execArgv, `--max-semi-space-size=${YOUNG_MEBIBYTES}`],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.on("message", (message) => {
      reports[at] = v.parse(ReportSchema, message);
      const total = reports.reduce(joined);
      show(total);
      if (total.failure !== null) for (const { child: other } of parts) other.kill();
    });
    return { child, count, ended: once(child, "exit") };
  });
  const stop = () => {
    for (const { child } of parts) child.kill();
  };
  signal.addEventListener("abort", stop, { once: true });
  await Promise.all(parts.map(({ ended }) => ended));
  signal.throwIfAborted();
  const total = reports.reduce(joined);
  if (total.failure === null && total.schedules !== schedules) {
    throw new VStackError(
      "internal",
      `Cannot simulate ${schedules} schedules as a process ended after ${total.schedules}`,
    );
  }
  return total;
}

async function reportToParent({ schedules, seed, mutant }: SimulateConsensusOptions): Promise<number> {
  // Without a parent nobody wants to know.
  process.once("disconnect", () => process.exit(1));
  for (const report of runSchedules({ schedules, seed, mutant: mutant ?? null })) {
    process.send?.(report);
    await nextTurn();
  }
  process.disconnect();
  return 0;
}
