import { describe, expect, test } from "vitest";
import { playEndgame } from "./endgame.ts";
import { supplies } from "./node-supply.ts";
import type { RunningAttempt } from "./running-attempt.ts";
import { attemptOn, candidateOf, knownView, situationWith } from "./situations.contract.ts";
import type { Candidate, Situation } from "./strategy.ts";

const MAY = { steals: true, hedges: true, runMs: 500 };
const FAST = knownView(1_000_000, 20);

/** Ten blocks, all asked for, `running` under way on nodes of 100,000 bytes a second; `free` nodes beside. */
function play(
  running: readonly RunningAttempt[],
  free: readonly Candidate[],
  change: Partial<Situation> = {},
  may = MAY,
) {
  const busy = running.map(({ nodeId }) => candidateOf(nodeId, knownView(100_000, 20, { inFlightRequests: 1 }), 1));
  const situation = situationWith({}, 10, { candidates: [...busy, ...free], running, missing: [], ...change });
  const nodes = supplies(situation.candidates, 0);
  const move = playEndgame(situation, { nodes, assigned: [] }, may);
  if (move === undefined) return [];
  const { nodeId, because, run, takesFrom } = move;
  return [`${nodeId} ${because} [${run.firstBlock}, ${run.endBlock}) of ${takesFrom ?? "-"}`];
}

describe("playEndgame()", () => {
  const free = [candidateOf("free", FAST)];
  /** At block 2 of [0, 10), half of it here, with 100 bytes a millisecond. */
  const half = attemptOn("slow", [0, 10], { firstByteMs: -1_500, receivedBytes: 250_000 });
  const accepted = Array.from({ length: 10 }, (_, index) => index < 2);

  test("takes over what a slower node has not come to, so much that both are done together", () => {
    // Seven blocks take the free node 720 ms, and the slow one is left with 500 ms; six would leave it 1.5 s.
    expect(play([half], free, { accepted })).toEqual(["free steal [3, 10) of 0"]);
  });

  test("takes over from the attempt that ends last", () => {
    const quick = attemptOn("quick", [0, 5], { id: 1, receivedBytes: 450_000 });
    const slow = attemptOn("slow", [5, 10], { id: 2, receivedBytes: 20_000 });
    expect(play([quick, slow], free)[0]).toMatch(/^free steal \[[67], 10\) of 2$/);
  });

  test("asks for the last block once more when it is late, and pays for it", () => {
    const last = attemptOn("slow", [9, 10], { receivedBytes: 60_000 });
    expect(play([last], free)).toEqual(["free hedge [9, 10) of -"]);
    expect(play([last], free, { hedgeBudgetBytes: 99_999 })).toEqual([]);
    expect(play([last], free, {}, { ...MAY, hedges: false })).toEqual([]);
  });

  test("replaces without a budget what would take four times as long, and half a second", () => {
    const crawl = attemptOn("slow", [9, 10], { receivedBytes: 2_000 });
    expect(play([crawl], free, { hedgeBudgetBytes: 0 })).toEqual(["free slow [9, 10) of 0"]);
  });

  test("trusts what a node did lately more than its fine average", () => {
    const wasFast = attemptOn("slow", [9, 10], { firstByteMs: 500, receivedBytes: 60_000 });
    const candidates = [candidateOf("slow", knownView(1_000, 20, { inFlightRequests: 1 }), 1), ...free];
    expect(play([wasFast], free, { candidates })).toEqual(["free hedge [9, 10) of -"]);
  });

  test("leaves alone what is nearly done, what is doubled already, and what is silent", () => {
    const nearly = attemptOn("slow", [9, 10], { firstByteMs: 0, receivedBytes: 99_000 });
    expect(play([nearly], free)).toEqual([]);
    const late = attemptOn("slow", [9, 10], { receivedBytes: 20_000 });
    const twin = attemptOn("twin", [9, 10], { id: 1, isHedge: true, receivedBytes: 97_000 });
    expect(play([late, twin], free)).toEqual([]);
    expect(play([{ ...late, isSilent: true }], free)).toEqual([]);
  });

  test("helps where the one that doubled a block went silent too", () => {
    const late = attemptOn("slow", [9, 10], { receivedBytes: 20_000 });
    const silent = attemptOn("twin", [9, 10], { id: 1, isHedge: true, isSilent: true });
    expect(play([late, silent], free)).toEqual(["free hedge [9, 10) of -"]);
  });

  test("takes a body of which only the first packet was read for as fast as its node", () => {
    const begun = attemptOn("slow", [9, 10], { firstByteMs: 930, receivedBytes: 1_448, usualGapMs: 0 });
    const candidates = [candidateOf("slow", knownView(1_000_000, 20, { inFlightRequests: 1 }), 1), ...free];
    expect(play([begun], free, { candidates })).toEqual([]);
    expect(play([{ ...begun, usualGapMs: 70 }], free, { candidates })).toEqual(["free hedge [9, 10) of -"]);
  });

  test("asks nobody who is busy for this chunk, unknown, or at its limit of requests", () => {
    const last = attemptOn("slow", [9, 10], { receivedBytes: 20_000 });
    expect(play([last], [candidateOf("busy", FAST, 1)])).toEqual([]);
    expect(play([last], [candidateOf("unknown", { ...FAST, rateBytesPerSecond: null })])).toEqual([]);
    expect(play([last], [candidateOf("full", { ...FAST, inFlightRequests: 6 })])).toEqual([]);
  });

  test("helps a block whose double turned out to be slower, and never more than two who are at it", () => {
    const slow = attemptOn("slow", [9, 10], { receivedBytes: 20_000 });
    const double = attemptOn("double", [9, 10], { id: 1, because: "hedge", firstByteMs: 400, receivedBytes: 5_000 });
    const sooner = { ...double, receivedBytes: 50_000 };
    expect(play([slow, double], free)).toEqual(["free hedge [9, 10) of -"]);
    expect(play([slow, sooner], free, { hedgeBudgetBytes: 0 })).toEqual([]);
    const third = attemptOn("third", [9, 10], { id: 2, receivedBytes: 1_000 });
    expect(play([slow, double, third], free)).toEqual([]);
  });
});
