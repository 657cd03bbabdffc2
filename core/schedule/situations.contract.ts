/** Situations to show to strategies in tests: nodes as they look, runs, attempts under way. */
import type { NodeView } from "../estimate/node-estimate.ts";
import type { NodeId } from "../ids.ts";
import { parseNodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import { seededRandom } from "../random.ts";
import type { RunningAttempt } from "./running-attempt.ts";
import { blockRun } from "./running-attempt.ts";
import type { Candidate, Situation } from "./strategy.ts";

export const UNKNOWN: NodeView = {
  ...{ firstByteMsP50: null, firstByteMsP95: null, rateBytesPerSecond: null, rateDeviation: 0, inFlightRequests: 0 },
  ...{
    newestRateBytesPerSecond: null,
    inFlightBytes: 0,
    reliability: 1,
    health: "closed",
    retryAtMs: 0,
    sampleCount: 0,
  },
  ...{ lastFailureMs: null, lastEventMs: null },
};

/** A node that answers within `firstByteMs` and delivers so many bytes a second. */
export function knownView(rateBytesPerSecond: number, firstByteMs = 20, change: Partial<NodeView> = {}): NodeView {
  const measured = { firstByteMsP50: firstByteMs, firstByteMsP95: firstByteMs * 2, rateBytesPerSecond, sampleCount: 5 };
  return { ...UNKNOWN, ...measured, lastEventMs: 0, ...change };
}

function nodeNamed(name: string): NodeId {
  const nodeId = parseNodeId(name);
  invariant(nodeId !== undefined, `Cannot name a node "${name}"`);
  return nodeId;
}

/** Holds all of the chunk, with so many attempts of this plan under way. */
export function candidateOf(name: string, view: NodeView, running = 0): Candidate {
  return { source: { nodeId: nodeNamed(name), start: 0, end: Number.MAX_SAFE_INTEGER }, view, running };
}

/** A chunk of so many blocks of 100,000 bytes, nothing of it asked for yet, and all the time in the world unknown. */
export function situationWith(
  views: Readonly<Record<string, NodeView>>,
  blockCount: number,
  change: Partial<Situation> = {},
): Situation {
  const blocks = Array.from({ length: blockCount }, (_, index) => ({
    ...{ index, start: index * 100_000, end: (index + 1) * 100_000 },
  }));
  return {
    ...{ nowMs: 1_000, random: seededRandom(3), cause: "first", blocks, accepted: blocks.map(() => false) },
    ...{ missing: [blockRun(blocks, 0, blockCount)], running: [], slackMs: 4_000, isAhead: false, turn: 0 },
    ...{ sharesBottleneck: false, hedgeBudgetBytes: 1_000_000 },
    candidates: Object.entries(views).map(([name, view]) => candidateOf(name, view)),
    ...change,
  };
}

/** An attempt on the blocks [firstBlock, endBlock) of such a chunk that began a second ago. */
export function attemptOn(
  name: string,
  [firstBlock, endBlock]: readonly [number, number],
  change: Partial<RunningAttempt> = {},
): RunningAttempt {
  return {
    ...{ id: 0, nodeId: nodeNamed(name), firstBlock, endBlock, start: firstBlock * 100_000, end: endBlock * 100_000 },
    ...{ because: "first", startedMs: 0, firstByteMs: 20, lastProgressMs: 1_000, receivedBytes: 0, usualGapMs: 10 },
    ...{ verifiedBlocks: 0, neededEndBlock: endBlock, isHedge: false, isSilent: false, reviewAtMs: 0 },
    ...change,
  };
}
