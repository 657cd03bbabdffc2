import { describe, expect, it } from "vitest";
import type { EstimateEvent } from "../estimate/estimate-book.ts";
import { applyEvent, emptyBook } from "../estimate/estimate-book.ts";
import { parseNodeId } from "../ids.ts";
import { chunkBlocks } from "../placement/blocks.ts";
import { seededRandom } from "../random.ts";
import { beginFetch, onEvent } from "../schedule/fetch-plan.ts";
import { STRATEGIES_BY_NAME } from "../schedule/strategies.ts";
import type { RecordedNote, Recording } from "./recording.ts";
import { bookOfRecord, recordBook } from "./recording.ts";
import { replayRecording } from "./replay.ts";

const NODES = ["a", "b", "c"].flatMap((text) => parseNodeId(text) ?? []);
const [NODE] = NODES;
const SIZE = 20_000;

/** A race by seed 7, in which the first attempt delivers everything and the second fails. */
function sampleRecording(): Recording {
  if (NODE === undefined) throw new Error("No node");
  const input = {
    ...{ sources: NODES.map((nodeId) => ({ nodeId, start: 0, end: SIZE })), slackMs: null, isAhead: false, turn: 0 },
    givesUpWhenAllUnreachable: false,
  };
  const blocks = chunkBlocks(SIZE, 16_384);
  let book = emptyBook();
  const random = seededRandom(7);
  const begun = beginFetch({ ...input, blocks, strategy: STRATEGIES_BY_NAME.random }, { nowMs: 1.25, book, random });
  const known = { strategy: "random", sizeBytes: SIZE, blockSizeBytes: 16_384 } as const;
  const notes: RecordedNote[] = [
    { is: "begin", fetch: 0, nowMs: 1.25, seed: 7, input: { ...input, ...known }, commands: begun.commands },
  ];
  const event: EstimateEvent = { saw: "started", wantedBytes: SIZE, nodeId: NODE, atMs: 1.25 };
  book = applyEvent(book, event);
  notes.push({ is: "estimate", event });
  let { plan } = begun;
  const failed = { saw: "failed", attempt: 0, kind: "refused", detail: "no" } as const;
  for (const told of [failed, { saw: "wake" } as const]) {
    const step = onEvent(plan, told, { nowMs: 2.5, book, random });
    plan = step.plan;
    notes.push({ is: "event", fetch: 0, nowMs: 2.5, event: told, commands: step.commands });
  }
  return { book: recordBook(emptyBook()), notes };
}

/** As it comes out of a file. */
const written = (recording: Recording): Recording => JSON.parse(JSON.stringify(recording)) as Recording;

describe("replayRecording()", () => {
  it("finds every command again, to the byte, after the recording was written and read", () => {
    const replay = replayRecording(written(sampleRecording()));
    expect(replay).toMatchObject({ difference: null, fetches: 1, steps: 3 });
    expect(replay.commands).toBeGreaterThan(3);
  });

  it.each<[string, (note: RecordedNote) => RecordedNote]>([
    ["another seed", (note) => (note.is === "begin" ? { ...note, seed: 11 } : note)],
    ["another time", (note) => (note.is === "event" ? { ...note, nowMs: 3 } : note)],
    [
      "a command that was not given",
      (note) => (note.is === "event" ? { ...note, commands: [{ do: "finish" }] } : note),
    ],
    ["an event of a fetch that never began", (note) => (note.is === "event" ? { ...note, fetch: 4 } : note)],
  ])("says where it first differs, given %s", (_name, change) => {
    const recording = sampleRecording();
    const changed = { ...recording, notes: recording.notes.map(change) };
    const { difference } = replayRecording(written(changed));
    expect(difference).not.toBeNull();
    expect(difference?.recorded).not.toBe(difference?.replayed);
  });

  it("begins with the book to the last bit, requests under way included", () => {
    if (NODE === undefined) throw new Error("No node");
    const open = [
      { saw: "started", wantedBytes: SIZE },
      { saw: "first-byte", latencyMs: 1 / 3 },
      { saw: "bytes", bytes: 7_777 },
    ] as const;
    let book = emptyBook();
    for (const [index, event] of open.entries()) book = applyEvent(book, { ...event, nodeId: NODE, atMs: index / 7 });
    const again = bookOfRecord(written({ book: recordBook(book), notes: [] }).book);
    expect(again).toEqual(book);
  });
});
