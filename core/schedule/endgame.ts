/**
 * When every missing block is being fetched and a node is free: it takes over blocks that a slower node has not come to
 * (no byte is asked for twice), or asks for the last slow block once more, within the budget (hedging: Dean and Barroso,
 * "The Tail at Scale", CACM 2013). Only the tail of an attempt is ever doubled, never a chunk. Without budget, an attempt
 * that is far too slow is given up for another.
 */
import { isEarlyEnough, PARITY_FACTOR, PARITY_MARGIN_MS } from "./bind-rows.ts";
import type { NodeSupply } from "./node-supply.ts";
import { byBegin, completionMs } from "./node-supply.ts";
import { firstMissing } from "./plan-state.ts";
import type { BlockRun, RunningAttempt } from "./running-attempt.ts";
import { neededEnd } from "./running-attempt.ts";
import { hasRoom } from "./split.ts";
import { isDoubled, standInRun } from "./stand-ins.ts";
import type { Assignment, Situation } from "./strategy.ts";

/** A steal must bring the end this much nearer, for it costs a request and perhaps a connection. */
const MIN_GAIN_MS = 10;
const MIN_GAIN_SHARE = 0.15;
/** A hedge pays when the block would otherwise take this factor and this time longer. */
const HEDGE_FACTOR = 1.2;
const HEDGE_MARGIN_MS = 15;
/** One is given up without a budget when the block would take this factor and this time longer. */
const REPLACE_FACTOR = 4;
const REPLACE_MARGIN_MS = 500;
/** Pace of an attempt is its own after this time of body; before, it is its node's. */
const OWN_PACE_AFTER_MS = 60;

/**
 * One attempt at most: what follows from it is seen at the next event.
 *
 * @param assigned what is asked for already: who gets some of it is not free
 */
export function playEndgame(
  situation: Situation,
  { nodes, assigned }: { readonly nodes: readonly NodeSupply[]; readonly assigned: readonly Assignment[] },
  may: { readonly steals: boolean; readonly hedges: boolean; readonly runMs: number },
): Assignment | undefined {
  const isFree = (node: NodeSupply) =>
    node.candidate.running === 0 &&
    node.isKnown &&
    hasRoom(node, may.runMs) &&
    !assigned.some(({ nodeId }) => nodeId === node.nodeId);
  if (!nodes.some(isFree)) return undefined;
  const latest = latestAttempt(situation, nodes);
  if (latest === undefined) return undefined;
  for (const node of byBegin(nodes.filter(isFree))) {
    const move =
      (may.steals ? steal(latest, node, situation) : undefined) ?? again(latest, node, situation, may.hedges);
    if (move !== undefined) return move;
  }
  return undefined;
}

interface Projection {
  readonly attempt: RunningAttempt;
  /** Its next block that is wanted. */
  readonly nextBlock: number;
  /** Milliseconds until it has delivered the block that it is at, and all that is wanted of it. */
  readonly blockInMs: number;
  readonly allInMs: number;
  /** Bytes per millisecond. */
  readonly pace: number;
  /** Attempts of the plan that its node serves beside each other: when the others end, it gets their part too. */
  readonly sharers: number;
}

/** The attempt that ends last, by its own pace; without those that somebody doubles already. */
function latestAttempt(situation: Situation, nodes: readonly NodeSupply[]): Projection | undefined {
  let latest: Projection | undefined;
  for (const attempt of situation.running) {
    const projection = project(attempt, situation, nodes);
    if (projection === undefined) continue;
    if (latest === undefined || projection.allInMs > latest.allInMs) latest = projection;
  }
  return latest;
}

function project(attempt: RunningAttempt, situation: Situation, nodes: readonly NodeSupply[]): Projection | undefined {
  const { blocks, nowMs, running } = situation;
  const nextBlock = firstMissing(situation, attempt);
  const block = nextBlock === undefined ? undefined : blocks[nextBlock];
  if (nextBlock === undefined || block === undefined || attempt.isSilent) return undefined;
  if (isDoubled(situation, attempt.id, nextBlock)) return undefined;
  const supply = nodes.find((node) => node.nodeId === attempt.nodeId);
  const sharers = running.filter((other) => other.nodeId === attempt.nodeId).length;
  const bodyMs = attempt.firstByteMs === null ? 0 : nowMs - attempt.firstByteMs;
  const nodePace = (supply?.rate ?? 1e-3) / Math.max(1, sharers);
  // Between two reads: a body of which only the first packet was read has no pace yet.
  const hasPace = bodyMs >= OWN_PACE_AFTER_MS && attempt.usualGapMs > 0;
  const ownPace = hasPace ? Math.max(1e-3, attempt.receivedBytes / bodyMs) : nodePace;
  // What it did lately counts too: a node that has just broken down has a fine average.
  const pace = Math.min(ownPace, nodePace);
  const waitedMs = nowMs - attempt.startedMs;
  const firstByteInMs = attempt.firstByteMs === null ? firstByteLeftMs(waitedMs, supply?.firstByteMs ?? 0) : 0;
  const receivedTo = attempt.start + attempt.receivedBytes;
  const inMs = (end: number) => firstByteInMs + Math.max(0, end - receivedTo) / pace;
  return {
    attempt,
    nextBlock,
    pace,
    sharers: Math.max(1, sharers),
    blockInMs: inMs(block.end),
    allInMs: inMs(neededEnd(attempt, blocks)),
  };
}

/** One that is overdue is expected to take as long again. */
function firstByteLeftMs(waitedMs: number, usualMs: number): number {
  return waitedMs < usualMs ? usualMs - waitedMs : usualMs;
}

/** The node takes the end of the run, or what stands in for it, as much of it as lets both be done at about the same time. */
function steal(latest: Projection, node: NodeSupply, situation: Situation): Assignment | undefined {
  const { attempt, nextBlock, allInMs, pace } = latest;
  const { source } = node.candidate;
  const end = attempt.neededEndBlock;
  let best: { readonly from: number; readonly run: BlockRun; readonly endsInMs: number } | undefined;
  for (let from = end - 1; from > nextBlock; from -= 1) {
    const block = situation.blocks[from];
    const run = standInRun(situation, source, from, end);
    if (block === undefined || run === undefined) break;
    const takenBytes = neededEnd(attempt, situation.blocks) - block.start;
    const endsInMs = Math.max(completionMs(node, run.end - run.start), allInMs - takenBytes / pace);
    if (best === undefined || endsInMs < best.endsInMs) best = { from, run, endsInMs };
  }
  if (best === undefined || !isWorthIt(allInMs, best.endsInMs)) return undefined;
  const { from, run } = best;
  const isParity = run.firstBlock !== from;
  if (isParity && (isEarlyEnough(allInMs, situation.slackMs) || !isFarSlower(latest, node))) return undefined;
  return { nodeId: node.nodeId, run, because: "steal", takesFrom: attempt.id, takesFromBlock: from };
}

/** Equal nodes are no reason to decode: parity stands in for what would take far longer than all of it there. */
function isFarSlower({ allInMs, pace, sharers }: Projection, node: NodeSupply): boolean {
  return allInMs / sharers > completionMs(node, allInMs * pace) * PARITY_FACTOR + PARITY_MARGIN_MS;
}

function isWorthIt(beforeMs: number, afterMs: number): boolean {
  return beforeMs - afterMs > Math.max(MIN_GAIN_MS, beforeMs * MIN_GAIN_SHARE);
}

/** The node fetches the block that the attempt is at, or what stands in for it, once more. */
function again(latest: Projection, node: NodeSupply, situation: Situation, hedges: boolean): Assignment | undefined {
  const { nextBlock, blockInMs } = latest;
  const run = standInRun(situation, node.candidate.source, nextBlock, nextBlock + 1);
  if (run === undefined) return undefined;
  const bytes = run.end - run.start;
  const otherwiseMs = completionMs(node, bytes);
  const { nodeId } = node;
  // The nodes of parity are idle in every healthy read: only what is far slower is worth decoding.
  const isParity = run.firstBlock !== nextBlock;
  const isLate = isParity
    ? blockInMs / latest.sharers > otherwiseMs * PARITY_FACTOR + PARITY_MARGIN_MS
    : blockInMs > otherwiseMs * HEDGE_FACTOR + HEDGE_MARGIN_MS;
  if (hedges && isLate && bytes <= situation.hedgeBudgetBytes) {
    return { nodeId, run, because: "hedge" };
  }
  const isHopeless = blockInMs > otherwiseMs * REPLACE_FACTOR + REPLACE_MARGIN_MS;
  if (!isHopeless) return undefined;
  return { nodeId, run, because: "slow", takesFrom: latest.attempt.id, takesFromBlock: nextBlock };
}
