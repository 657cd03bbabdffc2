import { expect, test } from "vitest";
import { sampleEstimate, sampleTrace } from "./sample-trace.contract.ts";
import { EMPTY_MIRROR, MAX_TRACES, mergeTraces, takeMessage } from "./trace-mirror.ts";

function snapshotOf(number: number, ...ids: string[]) {
  const traces = ids.map((id, index) => sampleTrace({ id, startedAtMs: index }));
  return { kind: "snapshot" as const, number, traces, estimates: [sampleEstimate("node-1")] };
}
const idsOf = (step: ReturnType<typeof takeMessage>) => [...step.mirror.traces.keys()];

test("takeMessage() applies deltas that follow each other", () => {
  const first = takeMessage(EMPTY_MIRROR, snapshotOf(4, "a"));
  const delta = {
    kind: "delta" as const,
    number: 5,
    traces: [sampleTrace({ id: "b", startedAtMs: 9 })],
    estimates: [],
  };
  const second = takeMessage(first.mirror, delta);
  expect(second.gap).toBe(false);
  expect(idsOf(second)).toEqual(["a", "b"]);
  expect(second.mirror.number).toBe(5);
});

test("takeMessage() reports a gap and keeps what it has when a number is missing, repeated or early", () => {
  const { mirror } = takeMessage(EMPTY_MIRROR, snapshotOf(4, "a"));
  for (const number of [3, 4, 6]) {
    const step = takeMessage(mirror, { kind: "delta", number, traces: [sampleTrace({ id: "z" })], estimates: [] });
    expect(step, `delta ${number}`).toEqual({ mirror, gap: true });
  }
  expect(takeMessage(EMPTY_MIRROR, { kind: "delta", number: 1, traces: [], estimates: [] }).gap).toBe(true);
});

test("takeMessage() replaces a trace by its later form without moving it", () => {
  const { mirror } = takeMessage(EMPTY_MIRROR, snapshotOf(1, "a", "b"));
  const changed = sampleTrace({ id: "a", startedAtMs: 0, deliveredBytes: 7 });
  const step = takeMessage(mirror, { kind: "delta", number: 2, traces: [changed], estimates: [] });
  expect(idsOf(step)).toEqual(["a", "b"]);
  expect(step.mirror.traces.get("a")?.deliveredBytes).toBe(7);
});

test("takeMessage() keeps finished traces that a restarted worker forgot, and drops those that died with it", () => {
  const before = takeMessage(EMPTY_MIRROR, {
    kind: "snapshot",
    number: 9,
    traces: [sampleTrace({ id: "done" }), sampleTrace({ id: "dying", outcome: "running" })],
    estimates: [],
  });
  expect(idsOf(takeMessage(before.mirror, snapshotOf(1, "new")))).toEqual(["new", "done"]);
});

test("takeMessage() merges estimates by node in the order of their numbers", () => {
  const { mirror } = takeMessage(EMPTY_MIRROR, snapshotOf(1));
  const estimates = [sampleEstimate("node-10"), sampleEstimate("node-2"), sampleEstimate("node-1", { failures: 5 })];
  const step = takeMessage(mirror, { kind: "delta", number: 2, traces: [], estimates });
  expect(step.mirror.estimates.map((estimate) => estimate.nodeId)).toEqual(["node-1", "node-2", "node-10"]);
  expect(step.mirror.estimates[0]?.failures).toBe(5);
});

test("takeMessage() leaves the copy alone for messages that are not about traces", () => {
  const { mirror } = takeMessage(EMPTY_MIRROR, snapshotOf(1, "a"));
  expect(takeMessage(mirror, { kind: "outdated", protocol: 2 })).toEqual({ mirror, gap: false });
});

test("mergeTraces() keeps the newest within its limit", () => {
  const many = Array.from({ length: MAX_TRACES + 5 }, (_, index) =>
    sampleTrace({ id: `t${index}`, startedAtMs: index }),
  );
  const merged = [...mergeTraces(many, []).keys()];
  expect(merged).toHaveLength(MAX_TRACES);
  expect(merged[0]).toBe("t5");
});
