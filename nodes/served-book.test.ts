import { expect, test } from "vitest";
import { MAX_SERVED_ENTRIES } from "#wire/contract/cluster-api.ts";
import { ServedBook } from "./served-book.ts";
import { testChunk } from "./storage/chunk-store.contract.ts";

const one = testChunk("one").hash;
const two = testChunk("two").hash;

test("ServedBook tells what was served, the most served first, until it was heard", () => {
  const book = new ServedBook();
  book.add(one, 10);
  book.add(two, 50);
  book.add(one, 5);
  const told = book.report();
  expect(told).toEqual({
    chunks: [
      { hash: two, bytes: 50 },
      { hash: one, bytes: 15 },
    ],
    otherBytes: 0,
  });
  book.add(one, 7);
  expect(book.report().chunks).toContainEqual({ hash: one, bytes: 22 });
  book.heard(told);
  expect(book.report()).toEqual({ chunks: [{ hash: one, bytes: 7 }], otherBytes: 0 });
});

test("ServedBook forgets no byte when more chunks are served than it counts one by one", () => {
  const book = new ServedBook();
  const chunks = 20 * MAX_SERVED_ENTRIES;
  for (let at = 0; at < chunks; at += 1) book.add(testChunk(`chunk ${at}`, 20).hash, 2);
  let toldBytes = 0;
  let report = book.report();
  expect(report.otherBytes).toBe(2 * 4 * MAX_SERVED_ENTRIES);
  for (; report.chunks.length > 0; report = book.report()) {
    expect(report.chunks.length).toBeLessThanOrEqual(MAX_SERVED_ENTRIES);
    toldBytes += report.otherBytes + report.chunks.reduce((sum, { bytes }) => sum + bytes, 0);
    book.heard(report);
  }
  expect(toldBytes).toBe(2 * chunks);
});
