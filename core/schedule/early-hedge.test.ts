import { describe, expect, test } from "vitest";
import { hedgeEarly } from "./early-hedge.ts";
import { supplies } from "./node-supply.ts";
import { blockRun } from "./running-attempt.ts";
import { attemptOn, candidateOf, knownView, situationWith } from "./situations.contract.ts";
import type { Situation } from "./strategy.ts";

const RUN_MS = 250;
const BUSY = { inFlightRequests: 1, inFlightBytes: 100_000 };

/**
 * Ten blocks, of which 9 is still to be asked for: `collapsed` is at block 0 with 10 bytes a millisecond, and will be for
 * nine seconds; two others of 400 bytes a millisecond have a block each, and room for the next one.
 */
function hedge(change: Partial<Situation> = {}): string | undefined {
  const base = situationWith({}, 10);
  const situation: Situation = {
    ...base,
    ...{ slackMs: 500, missing: [blockRun(base.blocks, 9, 10)] },
    running: [
      attemptOn("collapsed", [0, 1], { receivedBytes: 10_000 }),
      attemptOn("a", [1, 2], { id: 1, firstByteMs: null, startedMs: 990 }),
      attemptOn("b", [2, 3], { id: 2, firstByteMs: null, startedMs: 990 }),
    ],
    candidates: [
      candidateOf("collapsed", knownView(100_000, 20, { ...BUSY, inFlightBytes: 90_000 }), 1),
      ...["a", "b"].map((name) => candidateOf(name, knownView(400_000, 20, BUSY), 1)),
    ],
    ...change,
  };
  const double = hedgeEarly(situation, { nodes: supplies(situation.candidates, 0), assigned: [] }, RUN_MS);
  return double && `${double.nodeId} ${double.because} [${double.run.firstBlock}, ${double.run.endBlock})`;
}

describe("hedgeEarly()", () => {
  test("doubles the block that all would wait for, while nodes still have work of their own", () => {
    expect(hedge()).toBe("a hedge [0, 1)");
  });

  test("lets a block come by itself that the player does not miss", () => {
    expect(hedge({ slackMs: 10_000 })).toBeUndefined();
  });

  test("waits as long as so much is missing that the double would be early", () => {
    const { blocks } = situationWith({}, 10);
    expect(hedge({ missing: [blockRun(blocks, 3, 10)] })).toBeUndefined();
  });

  test("spends no more than the budget", () => {
    expect(hedge({ hedgeBudgetBytes: 99_999 })).toBeUndefined();
  });

  test("asks nobody who has no room", () => {
    const full = ["a", "b"].map((name) =>
      candidateOf(name, knownView(400_000, 20, { ...BUSY, inFlightRequests: 2 }), 2),
    );
    expect(hedge({ candidates: [candidateOf("collapsed", knownView(100_000, 20, BUSY), 1), ...full] })).toBeUndefined();
  });

  test("doubles nothing that is nearly here", () => {
    const running = [attemptOn("collapsed", [0, 1], { receivedBytes: 98_000 })];
    expect(hedge({ running })).toBeUndefined();
  });
});
