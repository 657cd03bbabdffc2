import { describe, expect, it } from "vitest";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import type { WorkerMessage } from "#wire/contract/worker-messages.ts";
import { manualClock } from "./manual-clock.contract.ts";
import { sampleBackground, sampleTrace } from "./sample-manifest.contract.ts";
import { traceFeed } from "./trace-feed.ts";

function setUp(known: SegmentTrace[] = []) {
  const clock = manualClock();
  const feed = traceFeed({ traces: () => known, estimates: () => [], clock, background: sampleBackground().work });
  return { clock, feed };
}

function panel() {
  const messages: WorkerMessage[] = [];
  return { messages, postMessage: (message: WorkerMessage) => messages.push(structuredClone(message)) };
}

/** What a panel was told: number and the ids of the traces. */
function told(messages: readonly WorkerMessage[]) {
  return messages.map((message) =>
    message.kind === "snapshot" || message.kind === "delta"
      ? [message.kind, message.number, message.traces.map((trace) => trace.id).join()]
      : [message.kind],
  );
}

describe("traceFeed()", () => {
  it("gives a snapshot of everything known, then numbered deltas of what changed", async () => {
    const { clock, feed } = setUp([sampleTrace({ id: "a" })]);
    const { messages, postMessage } = panel();
    feed.subscribe({ postMessage }, null);
    feed.changed(sampleTrace({ id: "b" }));
    await clock.advance(250);
    feed.changed(sampleTrace({ id: "c" }));
    await clock.advance(250);
    expect(told(messages)).toEqual([
      ["snapshot", 0, "a"],
      ["delta", 1, "b"],
      ["delta", 2, "c"],
    ]);
  });

  it("publishes at most four times a second, each trace once however often it grew", async () => {
    const { clock, feed } = setUp();
    const { messages, postMessage } = panel();
    feed.subscribe({ postMessage }, null);
    for (let i = 0; i < 100; i += 1) {
      feed.changed(sampleTrace({ id: "a", deliveredBytes: i }));
      await clock.advance(10);
    }
    const deltas = messages.filter((message) => message.kind === "delta");
    expect(deltas.length).toBeLessThanOrEqual(5);
    expect(deltas.every((delta) => delta.traces.length === 1)).toBe(true);
  });

  it("tells a panel of one session nothing of the others, and leaves no gap in its numbers", async () => {
    const { clock, feed } = setUp([
      sampleTrace({ id: "a", session: "left" }),
      sampleTrace({ id: "b", session: "right" }),
    ]);
    const { messages, postMessage } = panel();
    feed.subscribe({ postMessage }, "left");
    for (const [id, session] of [
      ["c", "right"],
      ["d", "left"],
    ]) {
      feed.changed(sampleTrace({ id, session }));
      await clock.advance(250);
    }
    expect(told(messages)).toEqual([
      ["snapshot", 0, "a"],
      ["delta", 1, "d"],
    ]);
  });

  it("sends nothing after goodbye, and starts no timer when nobody listens", async () => {
    const { clock, feed } = setUp();
    const port = panel();
    feed.subscribe(port, null);
    feed.unsubscribe(port);
    feed.changed(sampleTrace());
    await clock.advance(1_000);
    expect(told(port.messages)).toEqual([["snapshot", 0, ""]]);
  });

  it("drops the panel that came first beyond 32", async () => {
    const { clock, feed } = setUp();
    const panels = Array.from({ length: 33 }, panel);
    for (const one of panels) feed.subscribe(one, null);
    feed.changed(sampleTrace());
    await clock.advance(250);
    expect(panels.map((one) => one.messages.length)).toEqual([1, ...Array.from({ length: 32 }, () => 2)]);
  });
});
