import { expect, test } from "vitest";
import { sampleAttempt, sampleEstimate, sampleTrace } from "../state/sample-trace.contract.ts";
import { nodeFigures } from "./node-figures.ts";

test("nodeFigures() shares out the received bytes, losers of races included", () => {
  const attempts = [
    sampleAttempt({ id: 0, nodeId: "node-1", receivedBytes: 300 }),
    sampleAttempt({ id: 1, nodeId: "node-2", receivedBytes: 100, outcome: "cancelled" }),
  ];
  const figures = nodeFigures([], [sampleTrace({ attempts })]);
  expect(figures.map(({ nodeId, share }) => [nodeId, share])).toEqual([
    ["node-1", 0.75],
    ["node-2", 0.25],
  ]);
});

test("nodeFigures() lists nodes that were never asked, and nodes without a belief", () => {
  const figures = nodeFigures([sampleEstimate("node-10"), sampleEstimate("node-9")], [sampleTrace()]);
  expect(figures.map(({ nodeId, estimate }) => [nodeId, estimate === undefined])).toEqual([
    ["node-1", true],
    ["node-9", false],
    ["node-10", false],
  ]);
});

test("nodeFigures() has no share to tell before the first byte", () => {
  expect(nodeFigures([sampleEstimate("node-1")], [])[0]?.share).toBeNull();
});
