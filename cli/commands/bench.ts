/** `vstack bench`: sessions in the simulator and the browser, put together to a report as JSON and as a page. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { CLAIMANT } from "#core/benchmark/claims.ts";
import { evaluate } from "#core/benchmark/evaluate.ts";
import { htmlReport } from "#core/benchmark/html-report/html-report.ts";
import type { BenchPart, BenchReport, BenchSession, Measurement, Tier } from "#core/benchmark/report.ts";
import { BENCH_SCHEMA } from "#core/benchmark/report.ts";
import { worstSessions } from "#core/benchmark/worst-sessions.ts";
import type { TopologySet } from "#core/network/named-plans.ts";
import { DEFAULT_VIDEO } from "#core/playback/video-model.ts";
import { timelineOf } from "#core/simulation/bench-session.ts";
import { schedulerTrials } from "#core/simulation/bench-trials.ts";
import { COMPETITORS, replaySession } from "#core/simulation/run-matrix.ts";
import { BenchReportSchema } from "#wire/contract/bench-report.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { VERSION } from "#wire/contract/version.ts";
import type { BenchMode } from "../bench/bench-modes.ts";
import { extentOf } from "../bench/bench-modes.ts";
import { runBrowserTier } from "../bench/browser-tier.ts";
import { machineFacts, traceFiles } from "../bench/run-facts.ts";
import { runSimTier, type SimSettings } from "../bench/sim-tier.ts";
import { simulatorSpeed } from "../bench/simulator-speed.ts";
import { printReport } from "../bench/print-report.ts";
import { interrupted } from "../interrupted.ts";
import { printJson, remark, startProgress } from "../print.ts";
import { readTraces } from "../read-traces.ts";
import { simMatrix } from "../sim-matrix.ts";

export interface BenchOptions {
  readonly smoke?: boolean;
  readonly ci?: boolean;
  readonly full?: boolean;
  readonly tier?: readonly Tier[];
  readonly traces?: string;
  readonly scenario?: readonly string[];
  readonly strategy?: readonly string[];
  readonly seeds?: number;
  readonly seed: number;
  /** Of the browser's video. */
  readonly seconds?: number;
  readonly out?: string;
  readonly json: boolean;
}

const { ladderBitsPerSecond, segmentSeconds, seconds, spread } = DEFAULT_VIDEO;
const VIDEO = { ladderBitsPerSecond, segmentSeconds, seconds };

/** Its parts, ready to run. */
interface Run {
  readonly mode: BenchMode;
  readonly tiers: readonly Tier[];
  readonly scenarios: readonly string[];
  readonly strategies: readonly string[];
  readonly seeds: readonly number[];
  readonly options: BenchOptions;
  readonly files: TopologySet | undefined;
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** @returns exit code: 1 when the benchmark itself cannot be trusted; what is promised and not kept is said, and no reason to fail */
export async function bench(options: BenchOptions): Promise<number> {
  const report = await runBench(options, interrupted());
  if (!options.json) printReport(report.report);
  const { controls, verdict, targets, claims } = report.report;
  const count = (of: readonly { readonly verdict: string }[], word: string) =>
    of.filter((one) => one.verdict === word).length;
  const [passed, failed] = [count(targets, "pass"), count(targets, "fail")];
  remark(`Report in ${report.html}`);
  remark(`${passed + count(controls, "pass")} passed, ${failed + count(controls, "fail")} failed`);
  printJson({
    ...{ verdict, targets: { passed, failed, unsure: count(targets, "unsure") } },
    claims: { passed: count(claims, "pass"), failed: count(claims, "fail"), unsure: count(claims, "unsure") },
    controls: count(controls, "fail") === 0 ? "pass" : "fail",
    sessions: report.report.sessions.length,
    ...{ report: report.json, html: report.html },
  });
  return count(controls, "fail") === 0 ? 0 : 1;
}

export async function runBench(
  options: BenchOptions,
  signal: AbortSignal,
): Promise<{ readonly report: BenchReport; readonly json: string; readonly html: string }> {
  const startedAt = new Date().toISOString();
  const startedMs = performance.now();
  const run = await prepare(options, startedAt, signal);
  const simulated = run.tiers.includes("sim") ? await simPart(run) : null;
  const measured = run.tiers.includes("browser") ? await browserPart(run) : null;
  const twins = measured === null ? [] : await twinsOf(run, measured);
  const parts = [simulated, measured].filter((part) => part !== null);
  const report = evaluate({
    run: {
      ...{ id: `${startedAt} ${run.mode} seed ${options.seed}`, startedAt, mode: run.mode, tiers: run.tiers },
      ...{ durationSeconds: (performance.now() - startedMs) / 1000, seed: options.seed, version: VERSION },
      machine: machineFacts(measured?.chromium ?? null),
    },
    inputs: {
      ...{ scenarios: run.scenarios, strategies: run.strategies, seeds: run.seeds },
      files: await traceFiles(options.traces),
    },
    ...{ parts, twins },
  });
  return { report, ...(await writeReport(report, run.folder)) };
}

async function prepare(options: BenchOptions, startedAt: string, signal: AbortSignal): Promise<Run> {
  const files = options.traces === undefined ? undefined : await readTraces(options.traces);
  const mode = options.smoke ? "smoke" : options.ci ? "ci" : options.full ? "full" : "custom";
  const extent = extentOf(mode, files);
  const folder = options.out ?? join("bench-results", startedAt.replace(/[:.]/g, "-"));
  await mkdir(folder, { recursive: true });
  return {
    ...{ mode, tiers: options.tier ?? extent.tiers, options, files, folder, signal },
    scenarios: options.scenario ?? extent.scenarios,
    strategies: options.strategy ?? extent.strategies,
    seeds: Array.from({ length: options.seeds ?? extent.seedCount }, (_, at) => options.seed + at),
  };
}

async function simPart(run: Run): Promise<BenchPart> {
  const { strategies, scenarios, seeds, signal, options } = run;
  const video = { ...VIDEO, spread };
  const settings = settingsOf(run, video);
  // Wrong names are told before anything runs.
  const matrix = simMatrix({ scenario: scenarios, strategy: strategies, seeds, cold: false, video }, run.files);
  const progress = startProgress({ quiet: options.json });
  const onProgress = ({ doneJobs, jobs, sessions }: { doneJobs: number; jobs: number; sessions: number }) => {
    const tenths = Math.floor((10 * doneJobs) / jobs);
    progress.show(`simulating, ${tenths * 10} %`, doneJobs / jobs, `${sessions} sessions`);
  };
  const jobs = scenarios.flatMap((scenario) => seeds.map((seed) => ({ scenario, seed })));
  const sessions = await runSimTier(settings, jobs, { signal, onProgress });
  progress.end();
  const worst = new Set(worstSessions(sessions, "sim"));
  const withTimelines = sessions.map((session) => {
    const competitor = COMPETITORS.get(session.strategy);
    if (!worst.has(session) || competitor === undefined) return session;
    const { scenario, seed, quality } = session;
    const { plan, result } = replaySession(matrix, { scenario, seed, competitor, quality });
    return { ...session, timeline: timelineOf(result, plan, segmentSeconds) };
  });
  return {
    ...{ schema: BENCH_SCHEMA, tier: "sim", chromium: null, video: VIDEO, notRun: [] },
    sessions: withTimelines,
    measurements: await measurementsOf(run),
  };
}

function settingsOf({ options, strategies }: Run, video: SimSettings["video"]): SimSettings {
  const settings = { strategies, cold: false, video };
  return options.traces === undefined ? settings : { ...settings, traces: options.traces };
}

async function measurementsOf({ strategies, options, signal }: Run): Promise<Measurement[]> {
  const claimant = COMPETITORS.get(CLAIMANT);
  if (claimant === undefined || !strategies.includes(CLAIMANT)) return [];
  return [...schedulerTrials(claimant, options.seed), await simulatorSpeed(options.seed, signal)];
}

/** A tier that was asked for and brought nothing is there all the same, so that what it owes is shown as missing. */
async function browserPart({ mode, options, folder, signal }: Run): Promise<BenchPart> {
  const { traces, scenario, strategy, seeds, seed, seconds } = options;
  const part = await runBrowserTier({ mode, seed, folder, traces, scenario, strategy, seeds, seconds }, signal);
  if (part !== null) return part;
  const notRun = ["not run: the browser tier did not come to its end"];
  return {
    schema: BENCH_SCHEMA,
    tier: "browser",
    chromium: null,
    video: VIDEO,
    sessions: [],
    measurements: [],
    notRun,
  };
}

/** What the simulator says of the browser's sessions: the same video, segment by segment, and as little known of the nodes. */
async function twinsOf(run: Run, { sessions, video }: BenchPart): Promise<BenchSession[]> {
  const known = sessions.filter(({ strategy }) => COMPETITORS.has(strategy));
  const jobs = new Map(known.map(({ scenario, seed }) => [`${scenario} ${seed}`, { scenario, seed }]));
  const strategies = [...new Set(known.map(({ strategy }) => strategy))];
  const settings = { ...settingsOf(run, { ...video, spread: 0 }), strategies, cold: true };
  return runSimTier(settings, [...jobs.values()], { signal: run.signal, onProgress: () => undefined });
}

async function writeReport(report: BenchReport, folder: string): Promise<{ json: string; html: string }> {
  const parsed = v.safeParse(BenchReportSchema, report);
  if (!parsed.success) {
    throw new VStackError("internal", `Cannot write the report: ${v.summarize(parsed.issues)}`);
  }
  const [json, html] = [join(folder, "report.json"), join(folder, "report.html")];
  await writeFile(json, `${JSON.stringify(report)}\n`);
  await writeFile(html, htmlReport(report));
  return { json, html };
}
