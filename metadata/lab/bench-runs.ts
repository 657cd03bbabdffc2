/**
 * Benchmarks started from the page: `vstack bench` as a child process, one at a time, each with a folder for its report.
 * A run is bounded in time, and killed with everything that it started when it is cancelled or this program stops.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as v from "valibot";
import type { Clock } from "#wire/client/live-clock.ts";
import type { BenchRunRecord, BenchState } from "#wire/contract/bench-api.ts";
import {
  benchLine,
  BenchRunIdSchema,
  BenchRunSchema,
  MAX_BENCH_LINES,
  MAX_BENCH_RUNS,
  ProgressLineSchema,
} from "#wire/contract/bench-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { Log } from "#wire/server/log.ts";

/** What each form may take in all; the command bounds itself below that. */
const MAX_RUN_MS = { smoke: 5 * 60_000, ci: 15 * 60_000 } as const;
/** From the polite signal to the other one: it has a browser and clusters to end. */
const STOP_MS = 10_000;
const RECORD_FILE = "run.json";
const VerdictSchema = v.looseObject({ verdict: v.string() });

type Mode = BenchRunRecord["mode"];
type Running = NonNullable<BenchState["running"]>;

export interface BenchRunsPorts {
  /** Where runs are kept. */
  readonly folder: string;
  /** The built `vstack`. */
  readonly program: string;
  readonly clock: Clock;
  readonly log: Log;
}

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  state: Running;
  verdict: string | null;
}

export class BenchRuns {
  readonly #ports: BenchRunsPorts;
  readonly #watchers = new Set<() => void>();
  #runs: readonly BenchRunRecord[] | undefined;
  #run: Run | undefined;

  constructor(ports: BenchRunsPorts) {
    this.#ports = ports;
  }

  async state(): Promise<BenchState> {
    this.#runs ??= await readRecords(this.#ports.folder);
    return { running: this.#run?.state ?? null, runs: [...this.#runs] };
  }

  /** @returns ends the watching */
  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  /** @throws VStackError `conflict` while one runs */
  async start(mode: Mode): Promise<void> {
    await this.state();
    const { clock, folder, program } = this.#ports;
    if (this.#run !== undefined)
      throw new VStackError("conflict", "Cannot start a benchmark as one is running already");
    const startedAtMs = clock.wallMs();
    const id = new Date(startedAtMs).toISOString().replaceAll(/[:.]/g, "-");
    mkdirSync(join(folder, id), { recursive: true });
    // A group of its own: what it starts ends with it.
    const child = spawn(process.execPath, [program, "bench", `--${mode}`, "--out", join(folder, id)], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: { ...withoutSettings(process.env), VSTACK_PROGRESS: "json" },
    });
    const ended = endOf(child, MAX_RUN_MS[mode]);
    const state: Running = { id, mode, startedAtMs, at: null, lines: [], isStopping: false };
    const run: Run = { child, verdict: null, state, ended: ended.then((code) => this.#over(run, code)) };
    this.#run = run;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => this.#heard(run, line));
    }
    this.#changed();
  }

  /** Ends the run, if there is one, and waits until it is over. */
  async cancel(): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    run.state = { ...run.state, isStopping: true };
    this.#changed();
    signalGroup(run.child, "SIGTERM");
    const kill = setTimeout(() => signalGroup(run.child, "SIGKILL"), STOP_MS);
    await run.ended;
    clearTimeout(kill);
  }

  /** @throws VStackError `not-found` when there is no such report */
  async report(runId: string, file: "report.json" | "report.html"): Promise<Buffer> {
    const id = v.safeParse(BenchRunIdSchema, runId);
    const bytes = id.success
      ? await readFile(join(this.#ports.folder, id.output, file)).catch(() => undefined)
      : undefined;
    if (bytes === undefined) throw new VStackError("not-found", `No benchmark left a report under "${runId}"`);
    return bytes;
  }

  async #over(run: Run, code: number | null): Promise<void> {
    const { id, mode, startedAtMs, lines, isStopping } = run.state;
    const { clock, folder, log } = this.#ports;
    // A run whose controls fail ends with 1 and has a report all the same.
    const outcome = isStopping ? "cancelled" : run.verdict !== null ? "done" : "failed";
    const record: BenchRunRecord = {
      ...{ id, mode, startedAtMs, endedAtMs: clock.wallMs(), outcome, verdict: run.verdict, lastWords: lines },
    };
    if (outcome === "failed") log.warn({ code, lastWords: lines.slice(-3) }, "A benchmark did not come to its end");
    const all = [record, ...(this.#runs ?? [])];
    this.#runs = all.slice(0, MAX_BENCH_RUNS);
    this.#run = undefined;
    try {
      await writeFile(join(folder, id, RECORD_FILE), `${JSON.stringify(record)}\n`);
      for (const old of all.slice(MAX_BENCH_RUNS)) await rm(join(folder, old.id), { recursive: true, force: true });
    } catch (error) {
      log.warn({ err: error }, "Cannot keep the record of a benchmark");
    }
    this.#changed();
  }

  #heard(run: Run, line: string): void {
    const words = line.trim();
    if (words === "") return;
    const json = words.startsWith("{") ? parsedJson(words) : undefined;
    const progress = v.safeParse(ProgressLineSchema, json);
    const verdict = v.safeParse(VerdictSchema, json);
    if (progress.success) run.state = { ...run.state, at: progress.output.progress };
    else if (verdict.success) run.verdict = verdict.output.verdict;
    else run.state = { ...run.state, lines: [...run.state.lines, benchLine(words)].slice(-MAX_BENCH_LINES) };
    this.#changed();
  }

  #changed(): void {
    for (const onChange of [...this.#watchers]) onChange();
  }
}

/** Waits for a child to end, by itself, or by force after a limit. @returns its exit code; null by a signal */
async function endOf(child: ChildProcess, limitMs: number): Promise<number | null> {
  const limit = setTimeout(() => {
    signalGroup(child, "SIGKILL");
  }, limitMs);
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", () => {
      resolve(null);
    });
    child.once("close", resolve);
  });
  clearTimeout(limit);
  return code;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // All of it has ended.
  }
}

/** What this server was told is not for the clusters that a benchmark starts. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("VSTACK_")));
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of earlier runs, newest first; what cannot be read is left out. */
async function readRecords(folder: string): Promise<BenchRunRecord[]> {
  const names = (await readdir(folder).catch(() => [])).sort().reverse().slice(0, MAX_BENCH_RUNS);
  const records = await Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder, name, RECORD_FILE), "utf8").catch(() => "");
      const record = v.safeParse(BenchRunSchema, parsedJson(text));
      return record.success ? [record.output] : [];
    }),
  );
  return records.flat();
}
