import { expect, test } from "vitest";
import type { ItemState, QueueItem } from "./queue-item.ts";
import { rowsOf } from "./queue-rows.ts";

const PROCESSING: ItemState = { is: "processing", status: null, trouble: null };
const SENDING: ItemState = { is: "sending", trouble: null, tries: 0 };
const item = (id: string, group: string | null, state: ItemState): QueueItem => ({
  ...{ id, fileName: id, sizeBytes: 1, title: id, fingerprint: id, uploadId: id, sentBytes: 0, progression: [], state },
  group: group === null ? null : { id: group, size: 2 },
});
const shown = (items: readonly QueueItem[]) => rowsOf(items).map(({ item: { id }, isWhole }) => [id, isWhole]);

test("rowsOf() gives every file a row while it is sent", () => {
  expect(shown([item("a", "g", SENDING), item("b", "g", PROCESSING)])).toEqual([
    ["a", false],
    ["b", false],
  ]);
});

test("rowsOf() joins the files of a group that the server has", () => {
  const items = [item("a", "g", PROCESSING), item("x", "other", PROCESSING), item("b", "g", PROCESSING)];
  expect(shown(items)).toEqual([
    ["a", true],
    ["x", false],
  ]);
});

test("rowsOf() joins no files of their own", () => {
  expect(shown([item("a", null, PROCESSING), item("b", null, PROCESSING)])).toHaveLength(2);
});
