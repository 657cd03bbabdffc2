import { describe, expect, it } from "vitest";
import type { Clock } from "#wire/client/live-clock.ts";
import { WorkBudget } from "./work-budget.ts";

const NEVER = new AbortController().signal;
const RATE_BYTES_PER_SECOND = 1_000_000;

/** Time that passes when somebody sleeps, the earliest first. */
function sleepingClock(): Clock & { readonly run: () => Promise<void> } {
  let now = 0;
  let sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];
  return {
    nowMs: () => now,
    wallMs: () => now,
    sleep: (delayMs) =>
      new Promise((wake) => {
        sleepers.push({ untilMs: now + Math.max(0, delayMs), wake });
      }),
    async run() {
      for (;;) {
        // What follows from the last wake sleeps again, or nobody does.
        for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
        const [next] = sleepers.sort((a, b) => a.untilMs - b.untilMs);
        if (next === undefined) return;
        sleepers = sleepers.filter((one) => one !== next);
        now = Math.max(now, next.untilMs);
        next.wake();
      }
    },
  };
}

/** @param urgent its number; @returns which of so many works began and when, and how many ran at once at most */
async function workThrough({ isWatched, works, urgent }: { isWatched: boolean; works: number; urgent?: number }) {
  const clock = sleepingClock();
  const budget = new WorkBudget(
    clock,
    () => RATE_BYTES_PER_SECOND,
    () => isWatched,
  );
  const beganMs: number[] = [];
  const began: number[] = [];
  let [running, atOnce] = [0, 0];
  const all = Array.from({ length: works }, (_, at) =>
    budget.run(
      "repair",
      NEVER,
      async () => {
        began.push(at);
        beganMs.push(clock.nowMs());
        running += 1;
        atOnce = Math.max(atOnce, running);
        await clock.sleep(200, NEVER);
        running -= 1;
      },
      at === urgent,
    ),
  );
  await clock.run();
  await Promise.all(all);
  return { began, beganMs, atOnce };
}

describe("WorkBudget", () => {
  it("runs several at once while nobody watches", async () => {
    const { beganMs, atOnce } = await workThrough({ isWatched: false, works: 8 });
    expect(atOnce).toBe(4);
    expect(beganMs).toEqual([0, 0, 0, 0, 200, 200, 200, 200]);
  });

  it("runs one after the other while somebody watches, a third of the time", async () => {
    const { beganMs, atOnce } = await workThrough({ isWatched: true, works: 4 });
    expect(atOnce).toBe(1);
    expect(beganMs).toEqual([0, 600, 1200, 1800]);
  });

  it("lets no pause hold up a chunk that the next loss would take", async () => {
    const { began, beganMs } = await workThrough({ isWatched: true, works: 3, urgent: 2 });
    expect(began).toEqual([0, 2, 1]);
    expect(beganMs).toEqual([0, 200, 800]);
  });
});
