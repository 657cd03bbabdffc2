/** How fast the simulator is: sessions of 180 s over four nodes per second of one core. */
import type { Measurement } from "#core/benchmark/report.ts";
import { DEFAULT_VIDEO, videoModel } from "#core/playback/video-model.ts";
import { steadyPlan } from "#core/simulation/promises.ts";
import type { Competitor } from "#core/simulation/run-matrix.ts";
import { ABR_PLAYER, runSession } from "#core/simulation/run-session.ts";

/** Sessions that are not counted: the first ones run before the code was compiled. */
const WARM_UP = 3;
const LEAST_CPU_SECONDS = 2;

export function simulatorSpeed(strategy: Competitor, seed: number): Measurement {
  const plan = steadyPlan([4, 4, 4, 4]);
  const one = (at: number) =>
    runSession({ plan, video: videoModel({ ...DEFAULT_VIDEO, seed: at }), strategy, player: ABR_PLAYER, seed: at });
  for (let at = 0; at < WARM_UP; at += 1) one(seed + at);
  // The processor's time, not the clock's: other programs take their share of a machine.
  const before = process.cpuUsage();
  let sessions = 0;
  let cpuSeconds = 0;
  while (cpuSeconds < LEAST_CPU_SECONDS) {
    one(seed + sessions);
    sessions += 1;
    const { user, system } = process.cpuUsage(before);
    cpuSeconds = (user + system) / 1e6;
  }
  const detail = `${sessions} sessions in ${cpuSeconds.toFixed(1)} s of processor time`;
  return { id: "simulator-speed", measured: sessions / cpuSeconds, interval: null, detail };
}
