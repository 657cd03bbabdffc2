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

test("giveWay() goes on at once without readers, and when the last of them has ended", async () => {
  const readers = new ReaderCourtesy();
  expect(await hasGoneOn(readers.giveWay())).toBe(true);
  readers.begin();
  readers.begin();
  const waiting = readers.giveWay();
  expect(await hasGoneOn(waiting)).toBe(false);
  readers.end();
  expect(await hasGoneOn(waiting)).toBe(false);
  readers.end();
  expect(await hasGoneOn(waiting)).toBe(true);
});

test("giveWay() goes on after eight reads when there is always another one", async () => {
  const readers = new ReaderCourtesy();
  readers.begin();
  const waiting = readers.giveWay();
  expect(await hasGoneOn(waiting)).toBe(false);
  for (let reads = 1; reads <= 8; reads += 1) {
    expect(await hasGoneOn(waiting), `${reads} reads`).toBe(false);
    readers.begin();
    readers.end();
  }
  expect(await hasGoneOn(waiting)).toBe(true);
});
