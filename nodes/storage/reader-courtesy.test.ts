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
  const readers = new ReaderCourtesy(() => new Promise((resolve) => pauses.push(resolve)));
  return { readers, pauses };
}

test("giveWay() goes on at once without readers", async () => {
  const { readers, pauses } = courtesy();
  expect(await hasGoneOn(readers.giveWay())).toBe(true);
  expect(pauses).toEqual([]);
});

test("giveWay() pauses once after reads that have ended meanwhile", async () => {
  const { readers, pauses } = courtesy();
  readers.begin();
  readers.end();
  const waiting = readers.giveWay();
  expect(await hasGoneOn(waiting)).toBe(false);
  pauses[0]?.();
  expect(await hasGoneOn(waiting)).toBe(true);
  expect(await hasGoneOn(readers.giveWay())).toBe(true);
  expect(pauses).toHaveLength(1);
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
