/** A clock for tests that moves only when told, and whose timers ring late, as those of a busy machine do. */
import type { Clock } from "#wire/client/live-clock.ts";

export interface LateClock extends Clock {
  /** Lets everything that falls due run, in order. */
  advance(byMs: number): Promise<void>;
}

export const START_WALL_MS = 1_700_000_000_000;

/** @param latenessMs how much later than asked the next timer rings */
export function lateClock(latenessMs: () => number = () => 0): LateClock {
  let nowMs = 5_000;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  return {
    nowMs: () => nowMs,
    wallMs: () => START_WALL_MS + nowMs - 5_000,
    sleep: (delayMs, signal) =>
      new Promise((resolve) => {
        const wake = () => {
          sleepers.delete(sleeper);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        const sleeper = { atMs: nowMs + Math.max(0, delayMs) + latenessMs(), wake };
        sleepers.add(sleeper);
        signal.addEventListener("abort", wake, { once: true });
        if (signal.aborted) wake();
      }),
    async advance(byMs) {
      const untilMs = nowMs + byMs;
      for (;;) {
        await settle();
        const [due] = [...sleepers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
        if (due === undefined) break;
        nowMs = Math.max(nowMs, due.atMs);
        due.wake();
      }
      nowMs = untilMs;
      await settle();
    },
  };
}

/** Lets promises that are ready run; a macrotask comes after all of them. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
