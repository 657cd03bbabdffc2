import { expect, test } from "vitest";
import { sampleAttempt, sampleTrace } from "../state/sample-trace.contract.ts";
import type { OutcomeFilter } from "./trace-filter.ts";
import { filteredTraces, NO_FILTER, traceSentence, troublesOf } from "./trace-filter.ts";

const traces = [
  sampleTrace({ id: "good" }),
  sampleTrace({
    id: "mended",
    attempts: [sampleAttempt({ nodeId: "node-2", outcome: "stalled" }), sampleAttempt({ id: 1 })],
  }),
  sampleTrace({
    id: "raced",
    session: "s2",
    attempts: [sampleAttempt({ outcome: "cancelled" }), sampleAttempt({ id: 1 })],
  }),
  sampleTrace({ id: "lost", outcome: "failed", attempts: [] }),
];
const shown = (filter: Partial<typeof NO_FILTER>) =>
  filteredTraces(traces, { ...NO_FILTER, ...filter }).map((trace) => trace.id);

test("filteredTraces() shows everything, newest first, without a filter", () => {
  expect(shown({})).toEqual(["lost", "raced", "mended", "good"]);
});

test("filteredTraces() keeps the traces that asked a node, one session, or one outcome", () => {
  expect(shown({ nodeId: "node-2" })).toEqual(["mended"]);
  expect(shown({ session: "s2" })).toEqual(["raced"]);
  expect(shown({ outcome: "failed" })).toEqual(["lost"]);
  expect(shown({ outcome: "failed", session: "s2" })).toEqual([]);
});

test("filteredTraces() leaves out what was cleared away", () => {
  expect(shown({ clearedToMs: 999_999 })).toHaveLength(4);
  expect(shown({ clearedToMs: 1_000_000 })).toEqual([]);
});

test("filteredTraces() by trouble finds what was mended and what was lost, not what we cancelled", () => {
  const outcome: OutcomeFilter = "trouble";
  expect(shown({ outcome })).toEqual(["lost", "mended"]);
  expect(traces.map(troublesOf)).toEqual([0, 1, 0, 0]);
});

test("traceSentence() says what happened to a segment", () => {
  expect(traceSentence(traces[1] ?? sampleTrace())).toBe(
    "720p 0, smart, delivered in 100 ms, from node-2, node-1, 1.0 kB, 1 attempt in trouble",
  );
  const running = sampleTrace({ outcome: "running", endedMs: null, deliveredBytes: 0, attempts: [], slot: "init" });
  expect(traceSentence(running)).toBe("720p init, smart, running, from no node yet");
});
