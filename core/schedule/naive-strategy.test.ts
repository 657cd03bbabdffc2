import { expect, test } from "vitest";
import { emptyBook, viewNode } from "../estimate/estimate-book.ts";
import { parseNodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import { chunkBlocks } from "../placement/blocks.ts";
import { seededRandom } from "../random.ts";
import { naiveStrategy } from "./naive-strategy.ts";
import { blockRun } from "./running-attempt.ts";

function candidates(names: readonly string[]) {
  return names.map((name) => {
    const nodeId = parseNodeId(name);
    invariant(nodeId !== undefined, `Cannot name a node "${name}"`);
    return { source: { nodeId, start: 0, end: 300 }, view: viewNode(emptyBook(), nodeId, 0), running: 0 };
  });
}

function chosen(names: readonly string[], turn: number): string[] {
  const blocks = chunkBlocks(300, 100);
  const missing = [blockRun(blocks, 0, blocks.length)];
  const situation = { nowMs: 0, blocks, random: seededRandom(1), cause: "first", slackMs: null } as const;
  const calm = {
    accepted: [false, false, false],
    running: [],
    isAhead: false,
    sharesBottleneck: false,
    hedgeBudgetBytes: 0,
  };
  return naiveStrategy
    .assign({ ...situation, ...calm, missing, candidates: candidates(names), turn })
    .map((pick) => pick.nodeId);
}

test("naiveStrategy.assign() goes round the holders by turn", () => {
  expect([0, 1, 2, 3].flatMap((turn) => chosen(["a", "b", "c"], turn))).toEqual(["a", "b", "c", "a"]);
});

test("naiveStrategy.assign() goes round the same way whatever order a record names its holders in", () => {
  const orders = [
    ["a", "b", "c"],
    ["c", "b", "a"],
    ["b", "c", "a"],
  ];
  expect(orders.flatMap((names, turn) => chosen(names, turn))).toEqual(["a", "b", "c"]);
});

test("naiveStrategy.assign() has nobody to ask without candidates", () => {
  expect(chosen([], 1)).toEqual([]);
});
