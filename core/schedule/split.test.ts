import { describe, expect, test } from "vitest";
import { supplies } from "./node-supply.ts";
import { blockRun } from "./running-attempt.ts";
import { attemptOn, candidateOf, knownView, situationWith } from "./situations.contract.ts";
import { splitMissing } from "./split.ts";
import type { Situation } from "./strategy.ts";

const RUN_MS = 250;
const BUSY = knownView(100_000, 20, { inFlightRequests: 2, inFlightBytes: 200_000 });

/** Ten blocks; two nodes that have all that they should; `silent` has left blocks, and nobody fetches [3, 10). */
function rescued(left: readonly [number, number], change: Partial<Situation> = {}): string[] {
  const base = situationWith({}, 10);
  const situation: Situation = {
    ...base,
    ...{ cause: "failover", missing: [blockRun(base.blocks, 3, 10)] },
    running: [attemptOn("silent", left, { isSilent: true }), attemptOn("a", [0, 2], { id: 1 })],
    candidates: ["a", "b"].map((name) => candidateOf(name, BUSY, 2)),
    ...change,
  };
  return splitMissing(situation, supplies(situation.candidates, 0), RUN_MS).map(
    ({ nodeId, run, because }) => `${nodeId} ${because} [${run.firstBlock}, ${run.endBlock})`,
  );
}

describe("splitMissing()", () => {
  test("hands out on top what a silent node left, and not what merely waits for its turn", () => {
    expect(rescued([3, 4])).toEqual(["a failover [3, 4)"]);
    expect(rescued([7, 9])).toEqual(["a failover [7, 9)"]);
  });

  test("hands out the first of what is missing when a node failed outright", () => {
    expect(rescued([0, 0], { running: [attemptOn("a", [0, 2], { id: 1 })] })).toEqual(["a failover [3, 4)"]);
  });

  test("hands out nothing on top when all goes well", () => {
    expect(rescued([7, 9], { cause: "first" })).toEqual([]);
  });

  test("gives what was left to whoever has room, as part of its share", () => {
    const idle = ["a", "b"].map((name) => candidateOf(name, knownView(2_000_000, 20)));
    const shares = rescued([3, 4], { candidates: idle });
    expect(shares.length).toBe(2);
    expect(shares[0]).toMatch(/ failover \[3, /);
  });
});
