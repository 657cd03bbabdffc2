import { describe, expect, test } from "vitest";
import type { Clock } from "#wire/client/live-clock.ts";
import { silentLog } from "#wire/server/log.ts";
import { keepBeating } from "./heartbeat.ts";

/** A clock whose sleeps pass at once; it stops the beating after a while. */
function fastClock(stop: AbortController, untilMs: number): Clock {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    wallMs: () => nowMs,
    sleep: async (delayMs) => {
      nowMs += Math.max(0, delayMs);
      if (nowMs >= untilMs) stop.abort();
    },
  };
}

async function beat(untilMs: number, answer: (beat: number) => Promise<void>) {
  const stop = new AbortController();
  const clock = fastClock(stop, untilMs);
  const atMs: number[] = [];
  const logged: string[] = [];
  const log = {
    ...silentLog,
    warn: (_: object, message: string) => logged.push(message),
    info: (_: object, message: string) => logged.push(message),
  };
  const send = async () => {
    atMs.push(clock.nowMs());
    await answer(atMs.length);
  };
  await keepBeating({ send, clock, log }, stop.signal);
  return { atMs, logged };
}

describe("keepBeating()", () => {
  test("beats at once and then each second", async () => {
    const { atMs, logged } = await beat(3_500, async () => {});
    expect(atMs).toEqual([0, 1_000, 2_000, 3_000]);
    expect(logged).toEqual([]);
  });

  test("pauses longer while nobody answers, says so once, and beats each second again", async () => {
    const { atMs, logged } = await beat(19_000, async (count) => {
      if (count <= 5) throw new Error("away");
    });
    expect(atMs).toEqual([0, 1_000, 3_000, 7_000, 11_000, 15_000, 16_000, 17_000, 18_000]);
    expect(logged).toEqual(["The metadata server does not take heartbeats", "The metadata server answers again"]);
  });

  test("never has two reports under way", async () => {
    let running = 0;
    await beat(3_000, async () => {
      running += 1;
      await new Promise((resolve) => setImmediate(resolve));
      expect(running).toBe(1);
      running -= 1;
    });
  });
});
