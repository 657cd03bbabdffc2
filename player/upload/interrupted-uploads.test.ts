import { expect, test } from "vitest";
import type { Remembered } from "./interrupted-uploads.ts";
import { leftBehind, parseRemembered, remembering } from "./interrupted-uploads.ts";
import type { ItemState, QueueItem } from "./queue-item.ts";

const DAY_MS = 86_400_000;
const item = (state: ItemState, change: Partial<QueueItem> = {}): QueueItem => ({
  ...{ id: "f0", fileName: "clip.mp4", sizeBytes: 10, title: "Clip", group: null, fingerprint: "print" },
  ...{ uploadId: "u0", sentBytes: 4, progression: [], state },
  ...change,
});
const SENDING: ItemState = { is: "sending", trouble: null, tries: 0 };
const now = { page: "here", wallMs: 1000 };

test("remembering() keeps what a later page could go on with, as it was last", () => {
  const first = remembering([], item({ is: "queued", turn: 1 }, { uploadId: null }), now);
  const second = remembering(first, item(SENDING), { page: "here", wallMs: 2000 });
  expect(second).toEqual([
    {
      ...{ page: "here", fingerprint: "print", fileName: "clip.mp4", sizeBytes: 10, title: "Clip", group: null },
      ...{ uploadId: "u0", savedMs: 2000 },
    },
  ]);
});

test.each<ItemState>([
  { is: "chosen" },
  { is: "processing", status: null, trouble: null },
  { is: "cancelling", trouble: null },
  { is: "failed", failure: { message: "No", advice: null, again: "none" } },
])("remembering() drops a file that is $is", (state) => {
  const list = remembering([], item(SENDING), now);
  expect(remembering(list, item(state), now)).toEqual([]);
});

test("remembering() drops what the server has forgotten by now, and the oldest beyond the limit", () => {
  let list: readonly Remembered[] = [];
  for (let index = 0; index < 120; index += 1) {
    list = remembering(list, item(SENDING, { fingerprint: `p${index}` }), { page: "here", wallMs: index });
  }
  expect(list).toHaveLength(100);
  expect(list[0]?.fingerprint).toBe("p20");
  expect(remembering(list, item(SENDING), { page: "here", wallMs: DAY_MS + 118 })).toHaveLength(2);
});

test("leftBehind() leaves out what a living page still sends", () => {
  const mine = remembering([], item(SENDING, { fingerprint: "a" }), { page: "here", wallMs: 1 });
  const all = remembering(mine, item(SENDING, { fingerprint: "b" }), { page: "gone", wallMs: 2 });
  const newest = remembering(all, item(SENDING, { fingerprint: "c" }), { page: "gone too", wallMs: 3 });
  expect(leftBehind(newest, new Set(["here"])).map(({ fingerprint }) => fingerprint)).toEqual(["c", "b"]);
});

test.each([undefined, "", "{", "7", "{}", "[7,{}]"])("parseRemembered() makes nothing of %j", (text) => {
  expect(parseRemembered(text)).toEqual([]);
});

test("parseRemembered() keeps the good entries beside a spoilt one", () => {
  const list = remembering([], item(SENDING), now);
  expect(parseRemembered(JSON.stringify([{ page: 1 }, ...list]))).toEqual(list);
});
