/** A clock for tests that moves only when told: waiting is a list, not a time. */
import type { Clock } from "#wire/client/live-clock.ts";

export interface ManualClock extends Clock {
  /** Moves both clocks and lets everything that falls due run, in order. */
  advance(byMs: number): Promise<void>;
  /** Moves wall time alone, as a worker's death does. */
  skipWall(byMs: number): void;
}

export function manualClock(startWallMs = 1_700_000_000_000): ManualClock {
  let nowMs = 0;
  let wallOffsetMs = startWallMs;
  let sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  return {
    nowMs: () => nowMs,
    wallMs: () => nowMs + wallOffsetMs,
    sleep: (delayMs, signal) =>
      new Promise((resolve) => {
        const sleeper = { atMs: nowMs + Math.max(0, delayMs), wake: resolve };
        sleepers.push(sleeper);
        signal.addEventListener("abort", () => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          resolve();
        });
      }),
    async advance(byMs) {
      const untilMs = nowMs + byMs;
      for (;;) {
        await settle();
        const due = sleepers.filter((sleeper) => sleeper.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (due === undefined) break;
        sleepers = sleepers.filter((sleeper) => sleeper !== due);
        nowMs = Math.max(nowMs, due.atMs);
        due.wake();
      }
      nowMs = untilMs;
      await settle();
    },
    skipWall(byMs) {
      wallOffsetMs += byMs;
    },
  };
}

/** Lets promises that are ready run; a macrotask comes after all of them. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
