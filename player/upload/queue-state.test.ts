import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { videoIdFromBytes } from "#core/ids.ts";
import type { UploadStatus } from "#wire/contract/upload-api.ts";
import { MAX_TRIES, RETRY_DELAYS_MS } from "./item-change.ts";
import type { QueueCommand, QueueEvent } from "./queue-events.ts";
import type { QueueItem } from "./queue-item.ts";
import type { Queue } from "./queue-state.ts";
import { advance, EMPTY_QUEUE, MAX_ITEMS, MAX_SENDS } from "./queue-state.ts";

const videoId = videoIdFromBytes(new Uint8Array(16).fill(3));

/** Runs events and keeps every command. */
function run(events: readonly QueueEvent[], from: Queue = EMPTY_QUEUE) {
  let queue = from;
  const commands: QueueCommand[] = [];
  for (const event of events) {
    const step = advance(queue, event);
    queue = step.queue;
    commands.push(...step.commands);
  }
  const item = (id: string): QueueItem => {
    const found = queue.items.find((one) => one.id === id);
    if (found === undefined) throw new Error(`No file ${id}`);
    return found;
  };
  return { queue, commands, item };
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `f${index}`);
const added = (ids: readonly string[]): QueueEvent => ({
  type: "added",
  files: ids.map((id) => ({ id, fileName: `${id}_clip.mp4`, sizeBytes: 1000 })),
});
const checked = (id: string): QueueEvent => ({ type: "checked", id, fingerprint: `print-${id}`, earlier: undefined });
const START: QueueEvent = { type: "started", group: null };
/** So many files, checked and started. */
const started = (count: number) => [added(names(count)), ...names(count).map(checked), START];

const status = (change: Partial<UploadStatus>): UploadStatus => ({
  ...{ id: "u", phase: "packaging", videoId, title: "Film", receivedBytes: 1000, sizeBytes: 1000, storedSeconds: 0 },
  ...{ durationSeconds: 60, chunksStored: 0, chunksAtRisk: 0, notice: null, failure: null },
  ...change,
});

describe("advance()", () => {
  test("waits for the person before the first byte", () => {
    const { item, commands } = run([added(["f0"]), checked("f0")]);
    expect(item("f0").state.is).toBe("chosen");
    expect(commands).toEqual([]);
  });

  test("makes a title of the file's name, and keeps the one that was typed", () => {
    const { item } = run([
      added(["f0", "f1"]),
      { type: "titled", id: "f1", title: "  My film " },
      ...["f0", "f1"].map(checked),
      START,
    ]);
    expect(item("f0").title).toBe("f0 clip");
    expect(item("f1").title).toBe("My film");
  });

  test("sends a bounded number at once, in the order of the start", () => {
    const { item, commands } = run(started(5));
    expect(commands).toEqual(names(MAX_SENDS).map((id) => ({ do: "send", id })));
    expect(item("f3").state.is).toBe("queued");
  });

  test("gives the place of a file that was sent, paused or refused to who waits longest", () => {
    const { commands } = run([
      ...started(6),
      { type: "sent", id: "f1" },
      { type: "pause", id: "f0" },
      { type: "rejected", id: "f2", failure: { message: "No", advice: null, again: "none" } },
    ]);
    expect(commands.filter((command) => command.do === "send").map(({ id }) => id)).toEqual(names(6));
  });

  test("puts a resumed file behind those who wait", () => {
    const { item, commands } = run([
      ...started(5),
      { type: "pause", id: "f0" },
      { type: "resume", id: "f0" },
      { type: "sent", id: "f1" },
    ]);
    expect(commands.at(-2)).toEqual({ do: "follow", id: "f1" });
    expect(commands.at(-1)).toEqual({ do: "send", id: "f4" });
    expect(item("f0").state.is).toBe("queued");
  });

  test("stops a paused file and ignores what its send still says", () => {
    const { item, commands } = run([
      ...started(1),
      { type: "created", id: "f0", uploadId: "u0" },
      { type: "progressed", id: "f0", sentBytes: 400, nowMs: 0 },
      { type: "pause", id: "f0" },
      { type: "progressed", id: "f0", sentBytes: 900, nowMs: 1 },
      { type: "sent", id: "f0" },
    ]);
    expect(commands.at(-1)).toEqual({ do: "stop", id: "f0" });
    expect(item("f0")).toMatchObject({ sentBytes: 400, uploadId: "u0", state: { is: "paused", why: null } });
  });

  test("tries a broken send again after growing pauses, and begins small again after progress", () => {
    const stumble: QueueEvent[] = [
      { type: "stumbled", id: "f0", why: "The connection broke" },
      { type: "waited", id: "f0" },
    ];
    const { commands } = run([
      ...started(1),
      ...stumble,
      ...stumble,
      { type: "progressed", id: "f0", sentBytes: 10, nowMs: 0 },
      ...stumble,
    ]);
    const waits = commands.flatMap((command) => (command.do === "wait" ? [command.delayMs] : []));
    expect(waits).toEqual([RETRY_DELAYS_MS[0], RETRY_DELAYS_MS[1], RETRY_DELAYS_MS[0]]);
    expect(commands.filter((command) => command.do === "send")).toHaveLength(4);
  });

  test("pauses a send that stumbled too often, and says why", () => {
    const stumbles = Array.from(
      { length: MAX_TRIES + 1 },
      (): QueueEvent => ({ type: "stumbled", id: "f0", why: "Away" }),
    );
    const { item } = run([...started(1), ...stumbles]);
    expect(item("f0").state).toEqual({ is: "paused", why: "Away" });
  });

  test("does not wait for the end of a pause when the network is back", () => {
    const { commands } = run([...started(2), { type: "stumbled", id: "f0", why: "Away" }, { type: "online" }]);
    expect(commands.at(-1)).toEqual({ do: "send", id: "f0" });
  });

  test("goes on by itself with a file that an earlier page had begun", () => {
    const earlier = { uploadId: "u9", title: "Film", group: { id: "g1234567", size: 2 } };
    const { item, commands } = run([added(["f0"]), { type: "checked", id: "f0", fingerprint: "p", earlier }]);
    expect(commands).toEqual([{ do: "send", id: "f0" }]);
    expect(item("f0")).toMatchObject({ uploadId: "u9", title: "Film", group: { id: "g1234567", size: 2 } });
  });

  test("groups what is chosen as one video under one title", () => {
    const { item } = run([
      added(names(3)),
      { type: "refused", id: "f1", why: "A picture" },
      checked("f0"),
      checked("f2"),
      { type: "started", group: { id: "group-01", title: "Film" } },
    ]);
    expect(item("f0")).toMatchObject({ title: "Film", group: { id: "group-01", size: 2 } });
    expect(item("f2")).toMatchObject({ title: "Film", group: { id: "group-01", size: 2 } });
    expect(item("f1").group).toBeNull();
  });

  test("makes no group of one file", () => {
    const { item } = run([added(["f0"]), checked("f0"), { type: "started", group: { id: "group-01", title: "Film" } }]);
    expect(item("f0").group).toBeNull();
  });

  test("cancels a group together: at the server where it knows the file, here where it does not", () => {
    const { queue, commands } = run([
      added(names(5)),
      ...names(5).map(checked),
      { type: "started", group: { id: "group-01", title: "Film" } },
      { type: "created", id: "f0", uploadId: "u0" },
      { type: "cancel", id: "f4" },
    ]);
    expect(commands.slice(-5)).toEqual([
      { do: "cancel-at-server", id: "f0" },
      { do: "cancel-at-server", id: "f1" },
      { do: "cancel-at-server", id: "f2" },
      { do: "forget", id: "f3" },
      { do: "forget", id: "f4" },
    ]);
    expect(queue.items.map(({ state }) => state.is)).toEqual(["cancelling", "cancelling", "cancelling"]);
  });

  test("takes a cancelled file off the list only when the server has confirmed", () => {
    const cancelling = [
      ...started(1),
      { type: "created", id: "f0", uploadId: "u0" },
      { type: "cancel", id: "f0" },
    ] satisfies QueueEvent[];
    const { item } = run([...cancelling, { type: "not-cancelled", id: "f0", why: "Away" }]);
    expect(item("f0").state).toEqual({ is: "cancelling", trouble: "Away" });
    expect(run([...cancelling, { type: "cancelled", id: "f0" }]).queue.items).toEqual([]);
  });

  test("follows the server's word to the end", () => {
    const sent: QueueEvent[] = [...started(1), { type: "sent", id: "f0" }];
    const storing = run([...sent, { type: "told", id: "f0", status: status({ storedSeconds: 20 }), nowMs: 5 }]);
    expect(storing.item("f0").state).toMatchObject({ is: "processing", status: { storedSeconds: 20 } });
    const silent = run([{ type: "silent", id: "f0", why: "Away" }], storing.queue);
    expect(silent.item("f0").state).toMatchObject({ trouble: "Away", status: { storedSeconds: 20 } });
    const ready = run(
      [{ type: "told", id: "f0", status: status({ phase: "ready", chunksAtRisk: 2 }), nowMs: 9 }],
      silent.queue,
    );
    expect(ready.item("f0").state).toEqual({ is: "ready", videoId, chunksAtRisk: 2 });
    const mended = run(
      [
        { type: "told", id: "f0", status: status({ phase: "ready", chunksAtRisk: 0 }), nowMs: 20 },
        { type: "told", id: "f0", status: status({ phase: "cancelled" }), nowMs: 30 },
      ],
      ready.queue,
    );
    expect(mended.item("f0").state).toEqual({ is: "ready", videoId, chunksAtRisk: 0 });
  });

  test("asks the server to begin a failed job again", () => {
    const failure = { code: "unavailable", message: "Too few nodes", advice: "Bring them back" };
    const { item, commands } = run([
      ...started(1),
      { type: "sent", id: "f0" },
      { type: "told", id: "f0", status: status({ phase: "failed", failure }), nowMs: 1 },
      { type: "again", id: "f0" },
    ]);
    expect(commands.at(-1)).toEqual({ do: "retry-at-server", id: "f0" });
    expect(item("f0").state.is).toBe("processing");
  });

  test("offers no second try for a file that the server refused: it would refuse it again", () => {
    const failure = { code: "damaged", message: "It ends early", advice: "Upload the complete file" };
    const { item } = run([
      ...started(1),
      { type: "sent", id: "f0" },
      { type: "told", id: "f0", status: status({ phase: "failed", failure }), nowMs: 1 },
    ]);
    expect(item("f0").state).toMatchObject({ is: "failed", failure: { again: "none" } });
  });

  test("sends from the first byte when the server has forgotten the upload", () => {
    const { item, commands } = run([
      ...started(1),
      { type: "created", id: "f0", uploadId: "u0" },
      { type: "rejected", id: "f0", failure: { message: "Gone", advice: null, again: "start" } },
      { type: "again", id: "f0" },
    ]);
    expect(item("f0")).toMatchObject({ uploadId: null, sentBytes: 0, state: { is: "sending" } });
    expect(commands.at(-1)).toEqual({ do: "send", id: "f0" });
  });

  test("dismisses a failed upload at the server too", () => {
    const { commands } = run([
      ...started(1),
      { type: "created", id: "f0", uploadId: "u0" },
      { type: "rejected", id: "f0", failure: { message: "No", advice: null, again: "none" } },
      { type: "dismiss", id: "f0" },
    ]);
    expect(commands.at(-1)).toEqual({ do: "cancel-at-server", id: "f0" });
  });

  test("takes no more files than the limit", () => {
    expect(run([added(names(MAX_ITEMS + 5))]).queue.items).toHaveLength(MAX_ITEMS);
  });
});

test("advance() never sends more than the limit, nor two sends of one file, nor leaves a place empty, whatever happens", () => {
  const ids = names(6);
  const id = fc.constantFrom(...ids);
  const event: fc.Arbitrary<QueueEvent> = fc.oneof(
    id.map(checked),
    fc.constant(START),
    fc.constant<QueueEvent>({ type: "online" }),
    id.map((one): QueueEvent => ({ type: "created", id: one, uploadId: `u-${one}` })),
    id.map((one): QueueEvent => ({ type: "stumbled", id: one, why: "Away" })),
    fc.record({
      type: fc.constantFrom("waited", "sent", "pause", "resume", "again", "dismiss", "cancel", "cancelled"),
      id,
    }),
    id.map((one): QueueEvent => ({ type: "rejected", id: one, failure: { message: "No", advice: null, again: "on" } })),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      let { queue } = run([added(ids)]);
      for (const happened of events) {
        const before = queue;
        const step = advance(queue, happened);
        queue = step.queue;
        const sending = queue.items.filter(({ state }) => state.is === "sending");
        const queued = queue.items.filter(({ state }) => state.is === "queued");
        expect(sending.length).toBeLessThanOrEqual(MAX_SENDS);
        if (queued.length > 0) expect(sending.length).toBe(MAX_SENDS);
        for (const command of step.commands) {
          if (command.do !== "send") continue;
          const was = before.items.find((item) => item.id === command.id)?.state;
          // A file is told to be sent when it begins, or when a broken send is tried again.
          expect(was?.is === "sending" && was.trouble === null).toBe(false);
          expect(sending.some((item) => item.id === command.id)).toBe(true);
        }
      }
    }),
    { seed: 20_260, numRuns: 500 },
  );
});
