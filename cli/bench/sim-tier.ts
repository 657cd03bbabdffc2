/**
 * The simulated tier: sessions spread over child processes, one for each core. A job is one scenario with one seed, all
 * strategies, so that no order of jobs can change a result; the sessions are sorted in the end.
 */
import type { ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import * as v from "valibot";
import type { BenchSession } from "#core/benchmark/report.ts";
import type { TopologySet } from "#core/network/named-plans.ts";
import type { VideoOptions } from "#core/playback/video-model.ts";
import { benchSession } from "#core/simulation/bench-session.ts";
import type { MatrixRow } from "#core/simulation/run-matrix.ts";
import { runMatrix } from "#core/simulation/run-matrix.ts";
import { BenchSessionSchema } from "#wire/contract/bench-report.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { readTraces } from "../read-traces.ts";
import { simMatrix } from "../sim-matrix.ts";
import { startSimProcess } from "./sim-process.ts";

/** The hidden command of a child process. */
export const SIM_WORKER = "bench-worker";
/** More processes than that do not fit the memory of a small machine. */
const MAX_PROCESSES = 16;

/** What all jobs of a run share; plain JSON. */
export interface SimSettings {
  readonly traces?: string;
  readonly strategies: readonly string[];
  readonly cold: boolean;
  readonly video: Omit<VideoOptions, "seed">;
}

export interface SimJob {
  readonly scenario: string;
  readonly seed: number;
}

export interface SimProgress {
  readonly doneJobs: number;
  readonly jobs: number;
  readonly sessions: number;
}

const AnswerSchema = v.object({ sessions: v.array(BenchSessionSchema) });

/**
 * @param jobs in the order in which their sessions are returned
 * @throws VStackError `unavailable` when a process ends before its work
 */
export async function runSimTier(
  settings: SimSettings,
  jobs: readonly SimJob[],
  options: { readonly signal: AbortSignal; readonly onProgress: (progress: SimProgress) => void },
): Promise<BenchSession[]> {
  const sessionsOf: BenchSession[][] = jobs.map(() => []);
  const progress = { doneJobs: 0, sessions: 0, jobs: jobs.length };
  const queue = jobs.entries();
  const workers = Array.from({ length: Math.min(jobs.length, availableParallelism(), MAX_PROCESSES) }, () =>
    startSimProcess(SIM_WORKER),
  );
  try {
    await Promise.all(
      workers.map(async (worker) => {
        for (const [at, job] of queue) {
          options.signal.throwIfAborted();
          sessionsOf[at] = await ask(worker, { settings, job }, options.signal);
          progress.doneJobs += 1;
          progress.sessions += sessionsOf[at].length;
          options.onProgress(progress);
        }
      }),
    );
  } finally {
    for (const worker of workers) worker.kill();
  }
  return sessionsOf.flat();
}

function ask(worker: ChildProcess, message: SimMessage, signal: AbortSignal): Promise<BenchSession[]> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      worker.removeAllListeners();
      signal.removeEventListener("abort", onAbort);
      end();
    };
    const onAbort = () => {
      settle(() => {
        reject(new VStackError("aborted", "Cannot go on with the benchmark as it was interrupted"));
      });
    };
    worker.once("message", (answer) => {
      const parsed = v.safeParse(AnswerSchema, answer);
      settle(() => {
        if (parsed.success) resolve(parsed.output.sessions);
        else reject(new VStackError("internal", `Cannot read simulated sessions: ${v.summarize(parsed.issues)}`));
      });
    });
    worker.once("exit", (code) => {
      const { scenario, seed } = message.job;
      settle(() => {
        reject(
          new VStackError("unavailable", `Cannot simulate ${scenario}, seed ${seed}: the process ended with ${code}`),
        );
      });
    });
    signal.addEventListener("abort", onAbort);
    worker.send(message);
  });
}

const JobSchema = v.object({
  settings: v.object({
    traces: v.optional(v.string()),
    strategies: v.array(v.string()),
    cold: v.boolean(),
    video: v.object({
      ladderBitsPerSecond: v.array(v.number()),
      segmentSeconds: v.number(),
      seconds: v.number(),
      spread: v.number(),
      segmentBytes: v.exactOptional(v.array(v.array(v.number()))),
    }),
  }),
  job: v.object({ scenario: v.string(), seed: v.number() }),
});

interface SimMessage {
  readonly settings: SimSettings;
  readonly job: SimJob;
}

/** What a child process does: jobs in, sessions out, until its parent goes. */
export function serveSimJobs(): void {
  const foldersRead = new Map<string, Promise<TopologySet>>();
  const read = (folder: string) => {
    const files = foldersRead.get(folder) ?? readTraces(folder);
    foldersRead.set(folder, files);
    return files;
  };
  process.on("message", (message) => {
    const { settings, job } = v.parse(JobSchema, message);
    const done = async () => {
      const { traces, ...rest } = settings;
      const files = traces === undefined ? undefined : await read(traces);
      process.send?.({ sessions: simSessions(job, rest, files) });
    };
    done().catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    });
  });
  process.on("disconnect", () => process.exit(0));
}

function simSessions(job: SimJob, settings: Omit<SimSettings, "traces">, files?: TopologySet): BenchSession[] {
  const { strategies: strategy, cold } = settings;
  const matrix = simMatrix({ ...settings, scenario: [job.scenario], strategy, seeds: [job.seed] }, files);
  // Plain hls.js remembers nothing.
  const isWarm = ({ competitor }: MatrixRow) => !cold && !competitor.startsWith("hls-");
  return [...runMatrix(matrix)].map((row) => benchSession(row, isWarm(row)));
}
