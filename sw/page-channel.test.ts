import * as v from "valibot";
import { describe, expect, it, vi } from "vitest";
import type { WorkerMessage } from "#wire/contract/worker-messages.ts";
import { WORKER_PROTOCOL, WorkerMessageSchema } from "#wire/contract/worker-messages.ts";
import { emptyBook } from "#core/estimate/estimate-book.ts";
import { engineRecorder } from "#wire/exchange/engine-recorder.ts";
import { manualClock } from "./manual-clock.contract.ts";
import { pageChannel } from "./page-channel.ts";
import { sampleBackground, sampleTrace } from "./sample-manifest.contract.ts";
import { traceFeed } from "./trace-feed.ts";
import { underWay } from "./under-way.ts";

function setUp(load: () => Promise<void> = async () => undefined) {
  const clock = manualClock();
  const feed = traceFeed({ traces: () => [], estimates: () => [], clock, background: sampleBackground().work });
  const streams = underWay();
  const gone: string[] = [];
  const recorder = engineRecorder();
  const doings = { claim: vi.fn(async () => undefined), activate: vi.fn(async () => undefined), set: vi.fn() };
  const handle = pageChannel({
    ...{
      clock,
      startedAtMs: 123,
      version: "1.2.3",
      traces: { load },
      feed,
      underWay: streams,
      lookAhead: { left: (session: string) => void gone.push(session) },
    },
    record: async () => {
      recorder.start(emptyBook(), 5);
    },
    recording: () => recorder.recording(),
    ...{ playheads: { set: doings.set }, claim: doings.claim, activate: doings.activate },
  });
  const answers: WorkerMessage[] = [];
  const page = { postMessage: (message: WorkerMessage) => answers.push(message) };
  const say = (data: unknown) => handle({ data, port: undefined, page });
  return { handle, say, answers, doings, streams, gone, feed, clock };
}

/** Resolves with the next message at the page's end of a channel. */
function nextMessage(port: MessagePort): Promise<WorkerMessage> {
  return new Promise((resolve) => {
    port.onmessage = (event: MessageEvent<WorkerMessage>) => resolve(event.data);
  });
}

describe("pageChannel()", () => {
  it("records when it is asked to, and says what it has", async () => {
    const { say, answers } = setUp();
    await say({ kind: "recording" });
    await say({ kind: "record" });
    await say({ kind: "recording" });
    expect(answers[0]).toEqual({ kind: "recording", recording: null });
    for (const told of answers.slice(1)) {
      expect(told).toMatchObject({ kind: "recording", recording: { startedAtMs: 5, notes: [] } });
    }
    for (const told of answers) expect(v.safeParse(WorkerMessageSchema, told).issues).toBeUndefined();
  });

  it("ends what was begun ahead for a player that left", async () => {
    const { say, gone } = setUp();
    await say({ kind: "left", session: "s" });
    expect(gone).toEqual(["s"]);
  });

  it("says who it is, on the port of the question", async () => {
    const { handle, answers } = setUp();
    const { port1, port2 } = new MessageChannel();
    const answer = nextMessage(port1);
    await handle({ data: { kind: "hello", protocol: WORKER_PROTOCOL }, port: port2, page: undefined });
    expect(await answer).toEqual({ kind: "hello", protocol: WORKER_PROTOCOL, version: "1.2.3", startedAtMs: 123 });
    expect(answers).toEqual([]);
    port1.close();
  });

  it.each([
    ["another protocol", { kind: "hello", protocol: WORKER_PROTOCOL + 1 }],
    ["an unknown kind", { kind: "teleport" }],
    ["a known kind of another shape", { kind: "abort", session: 7 }],
    ["no object", "claim"],
    ["nothing", undefined],
  ])("answers %s with outdated", async (_name, data) => {
    const { say, answers, doings } = setUp();
    await say(data);
    expect(answers).toEqual([{ kind: "outdated", protocol: WORKER_PROTOCOL }]);
    expect(doings.claim).not.toHaveBeenCalled();
  });

  it("claims and takes over only when told", async () => {
    const { say, doings } = setUp();
    await say({ kind: "hello", protocol: WORKER_PROTOCOL });
    expect([doings.claim.mock.calls.length, doings.activate.mock.calls.length]).toEqual([0, 0]);
    await say({ kind: "claim" });
    await say({ kind: "activate" });
    expect([doings.claim.mock.calls.length, doings.activate.mock.calls.length]).toEqual([1, 1]);
  });

  it("aborts the named request of the named session, no other", async () => {
    const { say, streams } = setUp();
    const stops = [new AbortController(), new AbortController(), new AbortController()];
    const [one, two, three] = stops;
    if (!one || !two || !three) throw new Error("Three controllers are needed");
    streams.add("left", "r1", one);
    streams.add("right", "r1", two);
    streams.add("left", "r2", three)();
    await say({ kind: "abort", session: "left", request: "r1" });
    await say({ kind: "abort", session: "left", request: "r2" });
    await say({ kind: "abort", session: "left", request: "unknown" });
    expect(stops.map((stop) => stop.signal.aborted)).toEqual([true, false, false]);
  });

  it("passes playheads on", async () => {
    const { say, doings } = setUp();
    await say({ kind: "playhead", session: "s", bufferedSeconds: 4, playbackRate: 1, paused: false });
    expect(doings.set).toHaveBeenCalledWith("s", expect.objectContaining({ bufferedSeconds: 4 }));
  });

  it("feeds a panel until it says goodbye on its own port", async () => {
    const { handle, feed, clock } = setUp();
    const { port1, port2 } = new MessageChannel();
    const first = nextMessage(port1);
    await handle({ data: { kind: "subscribe", session: null }, port: port2, page: undefined });
    expect(await first).toMatchObject({ kind: "snapshot" });
    const goodbye = vi.spyOn(feed, "unsubscribe");
    port1.postMessage({ kind: "unsubscribe" });
    await vi.waitFor(() => {
      expect(goodbye).toHaveBeenCalled();
    });
    const later = vi.spyOn(port2, "postMessage");
    feed.changed(sampleTrace());
    await clock.advance(500);
    expect(later).not.toHaveBeenCalled();
    port1.close();
  });

  it("does not let a stuck database keep a panel waiting", async () => {
    const { handle, clock } = setUp(() => new Promise(() => undefined));
    const { port1, port2 } = new MessageChannel();
    const snapshot = nextMessage(port1);
    const handled = handle({ data: { kind: "subscribe", session: null }, port: port2, page: undefined });
    await clock.advance(1_000);
    await handled;
    expect(await snapshot).toMatchObject({ kind: "snapshot", number: 0 });
    port1.close();
  });
});
