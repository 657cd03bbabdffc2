import { describe, expect, test } from "vitest";
import type { NodeView } from "../estimate/node-estimate.ts";
import { attemptOn, candidateOf, knownView, situationWith, UNKNOWN } from "./situations.contract.ts";
import { smartStrategy, smartStrategyWith } from "./smart-strategy.ts";
import type { Stay } from "./look-ahead.ts";
import type { Outlook, Situation } from "./strategy.ts";

const FAST = knownView(1_000_000);
const SLOW = knownView(100_000);

/** `node because [first, end)` of every assignment. */
function moves(
  views: Readonly<Record<string, NodeView>>,
  blockCount: number,
  change: Partial<Situation> = {},
): string[] {
  return told(smartStrategy.assign(situationWith(views, blockCount, change)));
}

function told(assignments: ReturnType<typeof smartStrategy.assign>): string[] {
  return assignments.map(({ nodeId, because, run }) => `${nodeId} ${because} [${run.firstBlock}, ${run.endBlock})`);
}

describe("smartStrategy.assign()", () => {
  test("shares a chunk among the nodes in proportion to their rates", () => {
    const shares = smartStrategy
      .assign(situationWith({ a: knownView(100_000), b: knownView(200_000), c: knownView(900_000) }, 40))
      .map(({ nodeId, run }) => [nodeId, run.endBlock - run.firstBlock]);
    // Half a second of each: 0.5, 1 and 4.5 blocks, of which a request is at least one.
    expect(Object.fromEntries(shares)).toEqual({ a: 1, b: 1, c: 5 });
  });

  test("leaves out a node that would be done later than all others without it", () => {
    expect(moves({ a: FAST, b: knownView(1_000_000, 3_000) }, 4)).toEqual(["a first [0, 4)"]);
  });

  test("counts what it already asked of a node", () => {
    const busy = knownView(1_000_000, 20, { inFlightBytes: 20e6 });
    expect(moves({ a: busy, b: SLOW }, 2)[0]).toMatch(/^b first/);
  });

  test("prefers a node that completes what it begins", () => {
    const unreliable = knownView(1_000_000, 20, { reliability: 1 / 31 });
    expect(moves({ a: unreliable, b: knownView(500_000) }, 1)).toEqual(["b first [0, 1)"]);
  });

  test("asks all unknown nodes for a chunk that is small, and each for a part of one that is not", () => {
    const unknown = { a: UNKNOWN, b: UNKNOWN, c: UNKNOWN };
    const small = situationWith(unknown, 1);
    const blocks = [{ index: 0, start: 0, end: 1_000 }];
    const missing = [{ firstBlock: 0, endBlock: 1, start: 0, end: 1_000 }];
    expect(told(smartStrategy.assign({ ...small, blocks, missing }))).toEqual([
      "a first [0, 1)",
      "b race [0, 1)",
      "c race [0, 1)",
    ]);
    expect(moves(unknown, 9)).toEqual(["a first [0, 1)", "b first [1, 2)", "c first [2, 3)"]);
  });

  test("asks two known nodes for a crumb when it is urgent, one when it is not", () => {
    const blocks = [{ index: 0, start: 0, end: 1_000 }];
    const crumb = { blocks, missing: [{ firstBlock: 0, endBlock: 1, start: 0, end: 1_000 }] };
    const views = { a: knownView(1e6, 40), b: knownView(1e6, 10), c: knownView(1e6, 20) };
    expect(moves(views, 1, { ...crumb, slackMs: null })).toEqual(["b first [0, 1)", "c race [0, 1)"]);
    expect(moves(views, 1, crumb)).toEqual(["b first [0, 1)"]);
  });

  test("asks blocked nodes only when nobody else is left, the soonest free first, liars last", () => {
    const open = knownView(1e6, 20, { health: "open", retryAtMs: 900 });
    const liar = knownView(1e6, 20, { health: "quarantined", retryAtMs: 60_000 });
    expect(moves({ a: liar, b: open, c: SLOW }, 1)).toEqual(["c first [0, 1)"]);
    expect(moves({ a: liar, b: open, c: { ...open, retryAtMs: 100 } }, 1)).toEqual(["c first [0, 1)"]);
    expect(moves({ a: liar }, 1)).toEqual(["a first [0, 1)"]);
    expect(moves({}, 1)).toEqual([]);
  });

  test("gives a node that may have recovered the last block beside the one who gets it, within the budget", () => {
    const back = knownView(1e6, 20, { health: "half-open" });
    expect(moves({ a: back, b: FAST }, 3)).toEqual(["b first [0, 3)", "a probe [2, 3)"]);
    expect(moves({ a: back, b: FAST }, 3, { hedgeBudgetBytes: 1 })).toEqual(["b first [0, 3)"]);
  });

  test("explores a node not heard of for long only with time", () => {
    const stale = knownView(10_000, 20, { lastEventMs: -20_000 });
    const asked = (slackMs: number | null) => moves({ a: stale, b: FAST }, 1, { slackMs });
    expect(asked(20_000)).toEqual(["b first [0, 1)", "a explore [0, 1)"]);
    expect(asked(4_000)).toEqual(["b first [0, 1)"]);
    expect(asked(null)).toEqual(["b first [0, 1)"]);
  });

  test("asks of a source only what it holds", () => {
    const part = candidateOf("a", FAST);
    const candidates = [{ ...part, source: { ...part.source, end: 200_000 } }, candidateOf("b", SLOW)];
    expect(told(smartStrategy.assign(situationWith({}, 4, { candidates })))).toEqual([
      "a first [0, 2)",
      "b first [2, 3)",
    ]);
  });

  test("does not split behind a bottleneck that all nodes share", () => {
    const shared = { sharesBottleneck: true, slackMs: 9_000 };
    expect(moves({ a: SLOW, b: FAST, c: FAST }, 9, shared)).toEqual(["b first [0, 9)"]);
    expect(moves({ a: SLOW, b: FAST, c: FAST }, 9, { ...shared, slackMs: null })).toEqual(["b first [0, 9)"]);
  });

  test("doubts such a bottleneck for a player with little time, as a wrong belief would never be found out", () => {
    const shares = moves({ a: FAST, b: FAST, c: FAST }, 9, { sharesBottleneck: true, slackMs: 7_000 });
    expect(shares).toEqual(["a first [0, 3)", "b first [3, 6)", "c first [6, 9)"]);
  });

  test("rescues what a node left with one request on top, not with all the rest of the chunk that lies behind", () => {
    const busy = knownView(1_000_000, 20, { inFlightRequests: 2, inFlightBytes: 2_000_000 });
    const candidates = [candidateOf("a", busy, 2), candidateOf("b", busy, 2)];
    const running = [attemptOn("a", [30, 31]), attemptOn("b", [31, 32], { id: 1 })];
    const left = situationWith({}, 30, { candidates, running, cause: "failover" });
    // Half a second of the node: five blocks.
    expect(told(smartStrategy.assign(left))).toEqual(["a failover [0, 5)"]);
    expect(told(smartStrategy.assign({ ...left, cause: "first" }))).toEqual([]);
    // All that the silent one left, and no more, when that is known.
    const silent = attemptOn("c", [0, 8], { id: 2, isSilent: true });
    expect(told(smartStrategy.assign({ ...left, running: [...running, silent] }))).toEqual(["a failover [0, 8)"]);
  });

  test("begins ahead only where nobody is asked for anything", () => {
    const busy = knownView(1e6, 20, { inFlightRequests: 1, inFlightBytes: 300_000 });
    expect(moves({ a: busy, b: FAST }, 9, { isAhead: true, cause: "ahead" })).toEqual(["b ahead [0, 3)"]);
    expect(moves({ a: busy }, 9, { isAhead: true })).toEqual([]);
  });

  test("lets an idle node help even while blocks are missing that are not worth its while", () => {
    const running = [attemptOn("slow", [1, 9], { receivedBytes: 10_000 })];
    const candidates = [
      candidateOf("slow", knownView(10_000, 20, { inFlightBytes: 790_000, inFlightRequests: 1 }), 1),
      candidateOf("b", FAST),
      candidateOf("c", FAST),
    ];
    const situation = situationWith({}, 9, {
      candidates,
      running,
      missing: [{ firstBlock: 0, endBlock: 1, start: 0, end: 100_000 }],
    });
    expect(told(smartStrategy.assign(situation))).toEqual(["b first [0, 1)", "c steal [2, 9)"]);
  });
});

describe("smartStrategy.reviewInMs()", () => {
  /** 1,000 bytes a millisecond, and so many of them owed to one request of this plan. */
  const owing = (inFlightBytes: number) =>
    candidateOf("a", knownView(1_000_000, 20, { inFlightRequests: 1, inFlightBytes }), 1);
  const review = (change: Partial<Situation>, assigned: ReturnType<typeof smartStrategy.assign> = []) =>
    smartStrategy.reviewInMs(situationWith({}, 9, { candidates: [owing(2_000_000)], ...change }), assigned);

  test("is when a node will have room for its next request, so that it is not idle for the first byte of it", () => {
    // Two seconds of work, of which a request should keep it busy for half of one.
    expect(review({})).toBe(1_500);
    expect(review({ candidates: [owing(510_000)] })).toBe(40);
  });

  test("counts what was just assigned, and nodes that already have their next request not at all", () => {
    const [assignment] = smartStrategy.assign(situationWith({ a: FAST }, 9));
    expect(assignment?.run.endBlock).toBe(5);
    const idle = { candidates: [candidateOf("a", FAST)] };
    expect(review(idle, assignment === undefined ? [] : [assignment])).toBe(40);
    expect(review({ candidates: [{ ...owing(2_000_000), running: 2 }] })).toBe(Infinity);
  });

  test("is soon while something that a node left lies there", () => {
    expect(review({ cause: "failover" })).toBe(40);
  });

  test("is soon while all is being fetched for a player that waits, and never for one that has not asked", () => {
    expect(review({ missing: [] })).toBe(40);
    expect(review({ missing: [], isAhead: true })).toBe(Infinity);
  });
});

describe("smartStrategyWith()", () => {
  const all = { splits: true, hedges: true, races: true, minds: true };
  const two = { a: FAST, b: FAST };

  test("leaves out splitting, hedging, racing or deadlines", () => {
    const assign = (parts: Partial<typeof all>, situation: Situation) =>
      told(smartStrategyWith("part", { ...all, ...parts }).assign(situation));
    expect(assign({ splits: false }, situationWith(two, 9))).toEqual(["a first [0, 9)"]);
    const late = situationWith(two, 1, { missing: [], running: [attemptOn("a", [0, 1])] });
    const free = { ...late, candidates: [candidateOf("a", SLOW, 1), candidateOf("b", FAST)] };
    expect(assign({}, free)).toEqual(["b hedge [0, 1)"]);
    expect(assign({ hedges: false }, free)).toEqual([]);
    expect(assign({ minds: false }, { ...free, slackMs: 20_000 })).toEqual(["b hedge [0, 1)"]);
    expect(assign({}, { ...free, slackMs: 20_000 })).toEqual(["b slow [0, 1)"]);
  });
});

describe("smartStrategy.segmentsAhead()", () => {
  const outlook: Outlook = {
    ...{ waitsFor: "segment", hasMissingBlocks: false, slackMs: 6_000, sharesBottleneck: false, isQualityFixed: false },
  };

  test.each([
    ["the next, when nodes would idle", {}, 1],
    ["none while blocks are missing", { hasMissingBlocks: true }, 0],
    ["the next beside an urgent segment, too, for its last block takes a while", { slackMs: 1_000 }, 1],
    ["none beside a segment of which nobody said how urgent it is", { slackMs: null }, 0],
    ["the first, beside its init segment, however urgent", { waitsFor: "init", slackMs: null, inARow: 0 }, 1],
    ["none for a player that switches often", { inARow: 3 }, 0],
    ["none for a player that switched lately", { inARow: 9, hasSwitched: true }, 0],
    ["none behind a shared bottleneck", { sharesBottleneck: true, waitsFor: "nothing" }, 0],
    ["more for a player that stays, with much time", { inARow: 20, slackMs: 20_000, waitsFor: "nothing" }, 3],
    ["the next for a fixed quality, from the start", { isQualityFixed: true, inARow: 1, slackMs: null }, 1],
    ["more for a fixed quality, with much time", { isQualityFixed: true, inARow: 6, slackMs: 20_000 }, 3],
    ["more for a fixed quality that was another", { isQualityFixed: true, hasSwitched: true, slackMs: 20_000 }, 3],
    [
      "none of a fixed quality beside what is wanted through one link",
      { isQualityFixed: true, sharesBottleneck: true },
      0,
    ],
    [
      "more of a fixed quality through one link that nobody needs",
      { isQualityFixed: true, sharesBottleneck: true, slackMs: 20_000, waitsFor: "nothing" },
      3,
    ],
  ] as const)("begins %s", (_, { inARow = 5, hasSwitched = false, ...change }: Partial<Outlook & Stay>, count) => {
    const stay = { inARow, hasSwitched };
    expect(smartStrategy.segmentsAhead({ ...outlook, ...change }, stay)).toBe(count);
  });
});
