import { describe, expect, test } from "vitest";
import type { NodeView } from "../estimate/node-estimate.ts";
import { parseNodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import { chunkBlocks } from "../placement/blocks.ts";
import { seededRandom } from "../random.ts";
import type { RunningAttempt } from "./running-attempt.ts";
import { blockRun } from "./running-attempt.ts";
import { smartStrategy } from "./smart-strategy.ts";
import type { Candidate, Situation } from "./strategy.ts";

const BLOCKS = chunkBlocks(1_000_000, 100_000);
const RUN = blockRun(BLOCKS, 0, BLOCKS.length);

const UNKNOWN: NodeView = {
  ...{ firstByteMsP50: null, firstByteMsP95: null, rateBytesPerSecond: null, inFlightRequests: 0, inFlightBytes: 0 },
  ...{ successes: 0, failures: 0, health: "closed", retryAtMs: 0, sampleCount: 0 },
};
const FAST: NodeView = { ...UNKNOWN, firstByteMsP50: 10, firstByteMsP95: 20, rateBytesPerSecond: 10e6, sampleCount: 5 };
const SLOW: NodeView = { ...FAST, rateBytesPerSecond: 1e6 };

function candidate(name: string, view: NodeView): Candidate {
  const nodeId = parseNodeId(name);
  invariant(nodeId !== undefined, `Cannot name a node "${name}"`);
  return { source: { nodeId, start: 0, end: 1_000_000 }, view, running: 0 };
}

function chosen(views: Readonly<Record<string, NodeView>>, change: Partial<Situation> = {}): string[] {
  const candidates = Object.entries(views).map(([name, view]) => candidate(name, view));
  const situation: Situation = {
    ...{
      nowMs: 0,
      random: seededRandom(3),
      cause: "first",
      blocks: BLOCKS,
      missing: [RUN],
      candidates,
      slackMs: null,
      turn: 0,
    },
    ...change,
  };
  return smartStrategy.assign(situation).map(({ nodeId, because }) => `${nodeId} ${because}`);
}

describe("smartStrategy.assign()", () => {
  test("takes the node with the lowest expected completion time", () => {
    expect(chosen({ a: SLOW, b: FAST, c: UNKNOWN })).toEqual(["b first"]);
  });

  test("counts what it already asked of a node", () => {
    expect(chosen({ a: { ...FAST, inFlightBytes: 20e6 }, b: SLOW })).toEqual(["b first"]);
  });

  test("prefers a node that completes what it begins", () => {
    expect(chosen({ a: { ...FAST, failures: 30 }, b: { ...FAST, rateBytesPerSecond: 5e6 } })).toEqual(["b first"]);
  });

  test("races two of three unknown nodes, any two", () => {
    const pairs = new Set(
      Array.from({ length: 30 }, (_, seed) =>
        chosen({ a: UNKNOWN, b: UNKNOWN, c: UNKNOWN }, { random: seededRandom(seed) }).join(", "),
      ),
    );
    expect(pairs.size).toBe(6);
    for (const pair of pairs) expect(pair).toMatch(/^[abc] first, [abc] race$/);
  });

  test("spreads the load among equal nodes by chance", () => {
    const firsts = Array.from(
      { length: 90 },
      (_, seed) => chosen({ a: FAST, b: FAST, c: FAST }, { random: seededRandom(seed) })[0],
    );
    for (const name of ["a first", "b first", "c first"]) {
      expect(firsts.filter((first) => first === name).length).toBeGreaterThan(15);
    }
  });

  test("explores only with slack, unknown nodes first", () => {
    const rivals = (slackMs: number | null) =>
      Array.from(
        { length: 200 },
        (_, seed) => chosen({ a: FAST, b: SLOW, c: UNKNOWN }, { random: seededRandom(seed), slackMs })[1],
      );
    expect(new Set(rivals(null))).toEqual(new Set([undefined]));
    expect(new Set(rivals(7_000))).toEqual(new Set([undefined]));
    expect(new Set(rivals(20_000))).toEqual(new Set([undefined, "c explore"]));
    expect(rivals(20_000).filter((rival) => rival !== undefined).length).toBeLessThan(50);
  });

  test("gives a rival the last block only, and the best node all of it", () => {
    const candidates = [candidate("a", { ...FAST, health: "half-open" }), candidate("b", SLOW)];
    const [lead, rival] = smartStrategy.assign(situationOf(candidates));
    expect(lead?.run).toEqual(RUN);
    expect(rival?.run).toEqual({
      firstBlock: BLOCKS.length - 1,
      endBlock: BLOCKS.length,
      start: BLOCKS.at(-1)?.start,
      end: 1_000_000,
    });
  });

  test("probes a half-open node beside a good one, never alone while there is another", () => {
    expect(chosen({ a: { ...FAST, health: "half-open" }, b: SLOW })).toEqual(["b first", "a probe"]);
    expect(chosen({ a: { ...FAST, health: "half-open" }, b: SLOW }, { cause: "failover" })).toEqual(["b failover"]);
  });

  test("asks blocked nodes only when nobody else is left, the soonest free first, liars last", () => {
    const open: NodeView = { ...FAST, health: "open", retryAtMs: 900 };
    const liar: NodeView = { ...FAST, health: "quarantined", retryAtMs: 60_000 };
    expect(chosen({ a: liar, b: open, c: SLOW })).toEqual(["c first"]);
    expect(chosen({ a: liar, b: open, c: { ...open, retryAtMs: 100 } })).toEqual(["c first"]);
    expect(chosen({ a: liar })).toEqual(["a first"]);
    expect(chosen({})).toEqual([]);
  });

  test("asks only sources that hold the whole run", () => {
    const part = { ...candidate("a", FAST), source: { ...candidate("a", FAST).source, end: 500_000 } };
    expect(smartStrategy.assign({ ...situationOf([part, candidate("b", SLOW)]) }).map(({ nodeId }) => nodeId)).toEqual([
      "b",
    ]);
  });
});

function situationOf(candidates: readonly Candidate[]): Situation {
  return {
    nowMs: 0,
    random: seededRandom(3),
    cause: "first",
    blocks: BLOCKS,
    missing: [RUN],
    candidates,
    slackMs: null,
    turn: 0,
  };
}

describe("smartStrategy.judge()", () => {
  const attempt: RunningAttempt = {
    ...{ ...RUN, id: 0, nodeId: candidate("a", UNKNOWN).source.nodeId, because: "first" },
    ...{ startedMs: 0, firstByteMs: null },
    ...{ lastProgressMs: 0, receivedBytes: 0, usualGapMs: 0, verifiedBlocks: 0, late: "no" },
  };
  const judged = (change: Partial<RunningAttempt>, view: NodeView, nowMs: number, others: readonly Candidate[] = []) =>
    smartStrategy.judge({ ...attempt, ...change }, view, others, nowMs);

  test("waits four times the usual worst for the first byte, at least 400 ms", () => {
    expect(judged({}, FAST, 399)).toEqual({ is: "on-time", reviewAtMs: 400 });
    expect(judged({}, FAST, 400).is).toBe("silent");
    expect(judged({}, { ...FAST, firstByteMsP95: 150 }, 599).is).toBe("on-time");
    expect(judged({}, { ...FAST, firstByteMsP95: 150 }, 600).is).toBe("silent");
  });

  test("never waits longer than 700 ms, but for a node whose usual first byte is over half of that", () => {
    expect(judged({}, { ...FAST, firstByteMsP95: 300 }, 700).is).toBe("silent");
    expect(judged({}, { ...FAST, firstByteMsP95: 600 }, 1_199).is).toBe("on-time");
    expect(judged({}, { ...FAST, firstByteMsP95: 600 }, 1_200).is).toBe("silent");
  });

  test("waits 600 ms for the first byte of an unknown node", () => {
    expect(judged({}, UNKNOWN, 599).is).toBe("on-time");
    expect(judged({}, UNKNOWN, 600).is).toBe("silent");
  });

  test("waits four usual gaps between bytes, at least 300 ms", () => {
    const body = { firstByteMs: 10, lastProgressMs: 100, receivedBytes: 900_000 };
    expect(judged(body, FAST, 399).is).toBe("on-time");
    expect(judged(body, FAST, 400).is).toBe("silent");
    expect(judged({ ...body, usualGapMs: 150 }, FAST, 699).is).toBe("on-time");
    expect(judged({ ...body, usualGapMs: 150 }, FAST, 700).is).toBe("silent");
    expect(judged({ ...body, usualGapMs: 900 }, FAST, 800).is).toBe("silent");
  });

  test("gives a silent attempt three more seconds", () => {
    expect(judged({}, FAST, 3_399)).toEqual({ is: "silent", reviewAtMs: 3_400 });
    expect(judged({}, FAST, 3_400).is).toBe("hopeless");
  });

  test("calls an attempt slow when another node would be done in half the time", () => {
    const crawl = { firstByteMs: 0, lastProgressMs: 1_000, receivedBytes: 100_000 };
    expect(judged(crawl, FAST, 1_000, [candidate("b", FAST)]).is).toBe("slow");
    expect(judged(crawl, FAST, 1_000, []).is).toBe("on-time");
    expect(judged(crawl, FAST, 1_000, [candidate("b", { ...FAST, health: "open" })]).is).toBe("on-time");
    expect(judged({ ...crawl, because: "slow" }, FAST, 1_000, [candidate("b", FAST)]).is).toBe("on-time");
    expect(judged({ ...crawl, receivedBytes: 500_000 }, FAST, 1_000, [candidate("b", SLOW)]).is).toBe("on-time");
  });
});
