import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hedgeEarly } from "./early-hedge.ts";
import { playEndgame } from "./endgame.ts";
import { supplies } from "./node-supply.ts";
import type { Cause } from "./plan-events.ts";
import { blockRun } from "./running-attempt.ts";
import { attemptOn, candidateOf, knownView, situationWith, UNKNOWN } from "./situations.contract.ts";
import { mustWait, splitMissing } from "./split.ts";
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
  it("hands out on top what a silent node left, and not what merely waits for its turn", () => {
    expect(rescued([3, 4])).toEqual(["a failover [3, 4)"]);
    expect(rescued([7, 9])).toEqual(["a failover [7, 9)"]);
  });

  it("hands out the first of what is missing when a node failed outright", () => {
    expect(rescued([0, 0], { running: [attemptOn("a", [0, 2], { id: 1 })] })).toEqual(["a failover [3, 4)"]);
  });

  it("hands out nothing on top when all goes well", () => {
    expect(rescued([7, 9], { cause: "first" })).toEqual([]);
  });

  it("gives what was left to whoever has room, as part of its share", () => {
    const idle = ["a", "b"].map((name) => candidateOf(name, knownView(2_000_000, 20)));
    const shares = rescued([3, 4], { candidates: idle });
    expect(shares.length).toBe(2);
    expect(shares[0]).toMatch(/ failover \[3, /);
  });
});

const node = fc.record({
  rate: fc.option(fc.integer({ min: 10_000, max: 4_000_000 })),
  firstByteMs: fc.integer({ min: 1, max: 300 }),
  rateDeviation: fc.integer({ min: 0, max: 500_000 }),
  inFlightRequests: fc.integer({ min: 0, max: 7 }),
  inFlightBytes: fc.integer({ min: 0, max: 2_000_000 }),
  running: fc.integer({ min: 0, max: 3 }),
});

const situation = fc.record({
  nodes: fc.array(node, { minLength: 1, maxLength: 5 }),
  cause: fc.constantFrom<Cause>("first", "ahead", "failover", "corrupt-block", "retry"),
  isSilent: fc.boolean(),
  isAllGiven: fc.boolean(),
  runMs: fc.constantFrom(250, 500, 800),
  doubt: fc.constantFrom(0, 1),
});

describe("mustWait()", () => {
  it("says so only when neither splitting nor the endgame nor an early double has anything to give", () => {
    let waits = 0;
    fc.assert(
      fc.property(situation, ({ nodes, cause, isSilent, isAllGiven, runMs, doubt }) => {
        const candidates = nodes.map(({ rate, firstByteMs, running, ...load }, at) => {
          const view = rate === null ? UNKNOWN : knownView(rate, firstByteMs);
          return candidateOf(`n${at}`, { ...view, ...load }, running);
        });
        const running = [attemptOn("n0", [0, 4], { isSilent })];
        const missing = isAllGiven ? { missing: [] } : {};
        const all = situationWith({}, 9, { candidates, running, cause, ...missing });
        if (!mustWait(all, candidates, { runMs, doubt })) return;
        waits += 1;
        const supply = supplies(candidates, doubt);
        const may = { steals: true, hedges: true, runMs };
        expect(splitMissing(all, supply, runMs)).toEqual([]);
        expect(playEndgame(all, { nodes: supply, assigned: [] }, may)).toBeUndefined();
        expect(hedgeEarly(all, { nodes: supply, assigned: [] }, runMs)).toBeUndefined();
      }),
      { seed: 4, numRuns: 2_000 },
    );
    expect(waits).toBeGreaterThan(100);
  });

  it("does not say so while what a node left lying waits for a rescue", () => {
    const candidates = [candidateOf("a", knownView(100_000, 20, { inFlightBytes: 900_000, inFlightRequests: 2 }), 2)];
    const running = [attemptOn("a", [0, 4])];
    const busy = { runMs: 250, doubt: 0 };
    expect(mustWait(situationWith({}, 9, { candidates, running }), candidates, busy)).toBe(true);
    expect(mustWait(situationWith({}, 9, { candidates, running, cause: "failover" }), candidates, busy)).toBe(false);
  });
});
