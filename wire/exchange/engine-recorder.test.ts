import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { emptyBook } from "#core/estimate/estimate-book.ts";
import { replayRecording } from "#core/simulation/replay.ts";
import type { EngineRecording } from "#wire/contract/engine-recording.ts";
import { EngineRecordingSchema, MAX_RECORDING_NOTES } from "#wire/contract/engine-recording.ts";
import { STRATEGIES } from "#wire/contract/segment-trace.ts";
import { engineRecorder } from "./engine-recorder.ts";
import { fetchSegment } from "./fetch-segment.ts";
import { createWorld, outcomeOf, settled, untilRequests } from "./fetch-world.contract.ts";
import type { VirtualNode } from "./virtual-network.ts";

const EQUAL = { a: 1e6, b: 1e6, c: 1e6 };
const steady = { rateBytesPerSecond: 1e6 };

/** As it comes out of a file. */
function written(recording: EngineRecording | undefined): EngineRecording {
  return v.parse(EngineRecordingSchema, JSON.parse(JSON.stringify(recording)));
}

async function recordedFetch(nodes: Partial<Record<"a" | "b" | "c", VirtualNode>>, strategy = STRATEGIES[0] as string) {
  const name = STRATEGIES.find((known) => known === strategy) ?? "smart";
  const world = await createWorld({
    nodes: { a: steady, b: steady, c: steady, ...nodes },
    strategy: name,
    known: EQUAL,
  });
  const recorder = engineRecorder();
  const ports = { ...world.ports, estimates: recorder.over(world.estimates), onStep: recorder.onStep };
  return { world, recorder, ports };
}

describe("engineRecorder()", () => {
  test.each<[string, Partial<Record<"a" | "b" | "c", VirtualNode>>, string]>([
    ["that goes well", {}, "smart"],
    ["with a node that hangs", { a: { hangs: true } }, "smart"],
    ["with a liar", { b: { ...steady, flipsByteAt: 5 } }, "smart"],
    ["with a slow node", { c: { rateBytesPerSecond: 60e3 } }, "smart"],
    ["with nobody there", { a: { refuses: true }, b: { refuses: true }, c: { refuses: true } }, "smart"],
    ...STRATEGIES.slice(1).map((name) => [`by ${name}`, {}, name] as [string, object, string]),
  ])("records a fetch %s so that a replay decides the same", async (_name, nodes, strategy) => {
    const { world, recorder, ports } = await recordedFetch(nodes, strategy);
    recorder.start(world.estimates.read(), 1);
    const { trace } = await outcomeOf(world, fetchSegment(world.request, ports));
    const recording = written(recorder.recording());
    const replay = replayRecording(recording);
    expect(replay.difference).toBeNull();
    expect(replay.fetches).toBe(1);
    const starts = recording.notes.flatMap((note) => (note.is === "estimate" ? [] : note.commands));
    expect(starts.filter((command) => command.do === "start")).toHaveLength(trace.attempts.length);
  });

  test("begins in the middle: fetches under way are left out, what they teach is not", async () => {
    const { world, recorder, ports } = await recordedFetch({ a: { rateBytesPerSecond: 2e5 } });
    const first = fetchSegment(world.request, ports);
    await untilRequests(world, 3);
    await settled(world.clock, world.clock.sleep(100, new AbortController().signal));
    recorder.start(world.estimates.read(), 1);
    const second = fetchSegment({ ...world.request, traceId: "t2", isAhead: true }, ports);
    const reading = outcomeOf(world, first).catch(() => undefined);
    second.want(3);
    await Promise.all([reading, settled(world.clock, second.done)]);
    const replay = replayRecording(written(recorder.recording()));
    expect(replay.difference).toBeNull();
    expect(replay.fetches).toBe(1);
  });

  test("keeps nothing before it is started", async () => {
    const { world, recorder, ports } = await recordedFetch({});
    await outcomeOf(world, fetchSegment(world.request, ports));
    expect(recorder.recording()).toBeUndefined();
  });

  test("ends at its limit, and says so: what it has still replays", async () => {
    const { world, recorder } = await recordedFetch({});
    recorder.start(emptyBook(), 1);
    const store = recorder.over(world.estimates);
    const nodeId = world.request.entry.record.holders[0]?.nodeId;
    if (nodeId === undefined) throw new Error("No holder");
    for (let atMs = 0; atMs <= MAX_RECORDING_NOTES; atMs += 1) store.apply({ saw: "block-ok", nodeId, atMs });
    const recording = written(recorder.recording());
    expect([recording.isWhole, recording.notes.length]).toEqual([false, MAX_RECORDING_NOTES]);
    expect(replayRecording(recording).difference).toBeNull();
  });

  test("forgets the recording before when it is started anew", async () => {
    const { world, recorder } = await recordedFetch({});
    recorder.start(emptyBook(), 1);
    const nodeId = world.request.entry.record.holders[0]?.nodeId;
    if (nodeId !== undefined) recorder.over(world.estimates).apply({ saw: "block-ok", nodeId, atMs: 1 });
    expect(recorder.recording()?.notes).toHaveLength(1);
    recorder.start(emptyBook(), 2);
    expect(recorder.recording()).toMatchObject({ startedAtMs: 2, notes: [], isWhole: true });
  });
});
