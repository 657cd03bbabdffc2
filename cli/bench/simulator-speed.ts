/** How fast the simulator is: sessions of 180 s over four nodes per second of one core. */
import type { Measurement } from "#core/benchmark/report.ts";
import { DEFAULT_VIDEO, videoModel } from "#core/playback/video-model.ts";
import { steadyPlan } from "#core/simulation/promises.ts";
import type { Competitor } from "#core/simulation/run-matrix.ts";
import { ABR_PLAYER, runSession } from "#core/simulation/run-session.ts";

/**
 * Not counted: until some sixty sessions have run, a third of the time goes into compiling them. A benchmark runs thousands
 * in one process, so what follows is its speed.
 */
const WARM_UP_CPU_SECONDS = 3;
const LEAST_CPU_SECONDS = 3;

export function simulatorSpeed(strategy: Competitor, seed: number): Measurement {
  const plan = steadyPlan([4, 4, 4, 4]);
  const one = (at: number) =>
    runSession({ plan, video: videoModel({ ...DEFAULT_VIDEO, seed: at }), strategy, player: ABR_PLAYER, seed: at });
  runFor(WARM_UP_CPU_SECONDS, (at) => one(seed + at));
  const { sessions, cpuSeconds } = runFor(LEAST_CPU_SECONDS, (at) => one(seed + at));
  const detail = `${sessions} sessions in ${cpuSeconds.toFixed(1)} s of processor time`;
  return { id: "simulator-speed", measured: sessions / cpuSeconds, interval: null, detail };
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
