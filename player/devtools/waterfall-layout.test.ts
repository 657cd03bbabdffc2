import { expect, test } from "vitest";
import { sampleAttempt, sampleTrace } from "../state/sample-trace.contract.ts";
import { scaleOf, shapeOf, waterfallRow } from "./waterfall-layout.ts";

test("waterfallRow() draws waiting, body and verify without gap or overlap", () => {
  const attempt = sampleAttempt({ startedMs: 5, firstByteMs: 25, endedMs: 105, verifyMs: 8 });
  const [lane] = waterfallRow(sampleTrace({ attempts: [attempt] })).lanes;
  expect(lane?.runs[0]?.bars).toEqual([
    { phase: "waiting", startMs: 5, endMs: 25 },
    { phase: "body", startMs: 25, endMs: 97 },
    { phase: "verify", startMs: 97, endMs: 105 },
  ]);
});

test("waterfallRow() draws an attempt without a byte as waiting alone", () => {
  const attempt = sampleAttempt({ firstByteMs: null, endedMs: 400, outcome: "stalled", verifyMs: 0 });
  expect(waterfallRow(sampleTrace({ attempts: [attempt] })).lanes[0]?.runs[0]?.bars).toEqual([
    { phase: "waiting", startMs: 0, endMs: 400 },
  ]);
});

test("waterfallRow() ends what is under way at the last thing that is known", () => {
  const attempts = [
    sampleAttempt({ id: 0, endedMs: 90 }),
    sampleAttempt({ id: 1, startedMs: 10, firstByteMs: 60, endedMs: null, outcome: null, verifyMs: 0 }),
  ];
  const row = waterfallRow(sampleTrace({ attempts, endedMs: null, outcome: "running" }));
  expect(
    row.lanes
      .flatMap((lane) => lane.runs)
      .at(-1)
      ?.bars.at(-1),
  ).toEqual({ phase: "body", startMs: 60, endMs: 90 });
  expect(row.endMs).toBe(90);
});

test("waterfallRow() never draws verifying longer than the body took", () => {
  const attempt = sampleAttempt({ firstByteMs: 99, endedMs: 100, verifyMs: 30 });
  const bars = waterfallRow(sampleTrace({ attempts: [attempt] })).lanes[0]?.runs[0]?.bars ?? [];
  expect(bars.every((bar) => bar.startMs >= 0 && bar.endMs > bar.startMs)).toBe(true);
});

test("waterfallRow() gives bytes from the cache a lane of their own", () => {
  const row = waterfallRow(sampleTrace({ attempts: [], servedFrom: "cache", endedMs: 3 }));
  const bars = [{ phase: "body", startMs: 0, endMs: 3 }];
  const runs = [{ attempt: undefined, shape: "plain", bars, endMs: 3 }];
  expect(row.lanes).toEqual([{ nodeId: undefined, runs, endMs: 3 }]);
});

test("waterfallRow() puts attempts on one node that follow each other into one lane, and what overlaps beside it", () => {
  const attempts = [
    sampleAttempt({ id: 0, nodeId: "n1", startedMs: 0, endedMs: 100 }),
    sampleAttempt({ id: 1, nodeId: "n2", startedMs: 0, endedMs: 50 }),
    sampleAttempt({ id: 2, nodeId: "n1", startedMs: 40, endedMs: 160 }),
    sampleAttempt({ id: 3, nodeId: "n1", startedMs: 100, endedMs: 140 }),
  ];
  const { lanes } = waterfallRow(sampleTrace({ attempts }));
  expect(lanes.map(({ nodeId, runs }) => [nodeId, ...runs.map(({ attempt }) => attempt?.id)])).toEqual([
    ["n1", 0, 3],
    ["n1", 2],
    ["n2", 1],
  ]);
});

test.each([
  ["first", "plain"],
  ["failover", "plain"],
  ["steal", "steal"],
  ["hedge", "hedge"],
  ["race", "hedge"],
  ["ahead", "ahead"],
])("shapeOf() an attempt because of %s is %s", (because, shape) => {
  expect(shapeOf(sampleAttempt({ because }))).toBe(shape);
});

test.each([
  [3, 10, 2],
  [100, 100, 20],
  [101, 150, 50],
  [480, 500, 100],
  [9000, 10_000, 2000],
])("scaleOf() rounds %d ms to %d ms in steps of %d", (longestMs, endMs, stepMs) => {
  const row = waterfallRow(sampleTrace({ attempts: [], endedMs: longestMs }));
  const scale = scaleOf([row]);
  expect([scale.endMs, scale.ticksMs[1]]).toEqual([endMs, stepMs]);
});

test("scaleOf() of nothing is still a scale", () => {
  expect(scaleOf([]).ticksMs.length).toBeGreaterThan(2);
});
