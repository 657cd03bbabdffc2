/**
 * How fast the simulator is: sessions of 180 s over four nodes per second of one core, in a process like those that play the
 * simulated tier (sim-process.ts).
 */
import * as v from "valibot";
import { CLAIMANT } from "#core/benchmark/claims.ts";
import type { Measurement } from "#core/benchmark/report.ts";
import { invariant } from "#core/invariant.ts";
import { DEFAULT_VIDEO, videoModel } from "#core/playback/video-model.ts";
import { steadyPlan } from "#core/simulation/promises.ts";
import { COMPETITORS } from "#core/simulation/run-matrix.ts";
import { ABR_PLAYER, runSession } from "#core/simulation/run-session.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { startSimProcess } from "./sim-process.ts";

/** The hidden command of that process. */
export const SPEED_WORKER = "bench-speed";

/**
 * Not counted: until some hundred sessions have run, a third of the time goes into compiling them. A benchmark runs thousands
 * in one process, so what follows is its speed.
 */
const WARM_UP_CPU_SECONDS = 3;
const LEAST_CPU_SECONDS = 3;

const SpeedSchema = v.object({ sessions: v.number(), cpuSeconds: v.number() });

/** @throws VStackError `unavailable` when the process ends before its work, `aborted` when the signal says so */
export async function simulatorSpeed(seed: number, signal: AbortSignal): Promise<Measurement> {
  signal.throwIfAborted();
  const worker = startSimProcess(SPEED_WORKER);
  const stop = () => worker.kill();
  signal.addEventListener("abort", stop);
  try {
    const answer = new Promise<unknown>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("exit", (code) => {
        const detail = "Cannot measure the simulator's speed: its process ended";
        reject(new VStackError(signal.aborted ? "aborted" : "unavailable", `${detail} with ${code}`));
      });
    });
    worker.send({ seed });
    const { sessions, cpuSeconds } = v.parse(SpeedSchema, await answer);
    const detail = `${sessions} sessions in ${cpuSeconds.toFixed(1)} s of processor time`;
    return { id: "simulator-speed", measured: sessions / cpuSeconds, interval: null, detail };
  } finally {
    signal.removeEventListener("abort", stop);
    worker.kill();
  }
}

/** What that process does. */
export function serveSpeed(): void {
  process.once("message", (message) => {
    const { seed } = v.parse(v.object({ seed: v.number() }), message);
    process.send?.(speedOf(seed));
  });
  process.on("disconnect", () => process.exit(0));
}

function speedOf(seed: number): v.InferOutput<typeof SpeedSchema> {
  const plan = steadyPlan([4, 4, 4, 4]);
  const strategy = COMPETITORS.get(CLAIMANT);
  invariant(strategy !== undefined, `Cannot find the strategy "${CLAIMANT}"`);
  const one = (at: number) =>
    runSession({ plan, video: videoModel({ ...DEFAULT_VIDEO, seed: at }), strategy, player: ABR_PLAYER, seed: at });
  runFor(WARM_UP_CPU_SECONDS, (at) => one(seed + at));
  return runFor(LEAST_CPU_SECONDS, (at) => one(seed + at));
}

/** By the processor's time, not the clock's: other programs take their share of a machine. */
function runFor(leastCpuSeconds: number, act: (at: number) => void): { sessions: number; cpuSeconds: number } {
  const before = process.cpuUsage();
  for (let sessions = 1; ; sessions += 1) {
    act(sessions - 1);
    const { user, system } = process.cpuUsage(before);
    const cpuSeconds = (user + system) / 1e6;
    if (cpuSeconds >= leastCpuSeconds) return { sessions, cpuSeconds };
  }
}
