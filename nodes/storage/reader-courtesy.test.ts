import { expect, test } from "vitest";
import { ReaderCourtesy } from "./reader-courtesy.ts";

/** Whether it has gone on, after all that was due in this turn and the next. */
async function hasGoneOn(waiting: Promise<void>): Promise<boolean> {
  let isOver = false;
  void waiting.then(() => {
    isOver = true;
  });
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return isOver;
}

/** A courtesy whose pauses end when the test says so. */
function courtesy() {
  const pauses: (() => void)[] = [];
  const times = { nowMs: 0 };
  const readers = new ReaderCourtesy({
    nowMs: () => times.nowMs,
    pause: () => new Promise((resolve) => pauses.push(resolve)),
  });
  return { readers, pauses, times };
}

test("giveWay() goes on at once without readers", async () => {
  const { readers, pauses } = courtesy();
  expect(await hasGoneOn(readers.giveWay())).toBe(true);
  expect(pauses).toEqual([]);
});

test("giveWay() pauses at every step until nobody has read for two seconds", async () => {
  const { readers, pauses, times } = courtesy();
  readers.begin();
  readers.end();
  for (const nowMs of [0, 1_000, 1_999]) {
    times.nowMs = nowMs;
    const waiting = readers.giveWay();
    expect(await hasGoneOn(waiting)).toBe(false);
    pauses.pop()?.();
    expect(await hasGoneOn(waiting)).toBe(true);
  }
  times.nowMs = 2_000;
  expect(await hasGoneOn(readers.giveWay())).toBe(true);
  expect(pauses).toEqual([]);
});

test("giveWay() waits behind its pause until the last reader has ended", async () => {
  const { readers, pauses } = courtesy();
  readers.begin();
  readers.begin();
  const waiting = readers.giveWay();
  pauses[0]?.();
  expect(await hasGoneOn(waiting)).toBe(false);
  readers.end();
  expect(await hasGoneOn(waiting)).toBe(false);
  readers.end();
  expect(await hasGoneOn(waiting)).toBe(true);
});

test("giveWay() goes on after eight reads when there is always another one", async () => {
  const { readers, pauses } = courtesy();
  readers.begin();
  const waiting = readers.giveWay();
  pauses[0]?.();
  expect(await hasGoneOn(waiting)).toBe(false);
  for (let reads = 1; reads <= 8; reads += 1) {
    expect(await hasGoneOn(waiting), `${reads} reads`).toBe(false);
    readers.begin();
    readers.end();
  }
  expect(await hasGoneOn(waiting)).toBe(true);
});
