/**
 * When every missing block is being fetched and a node is free: it takes over blocks that a slower node has not come to
 * (no byte is asked for twice), or asks for the last slow block once more, within the budget (hedging: Dean and Barroso,
 * "The Tail at Scale", CACM 2013). Only the tail of an attempt is ever doubled, never a chunk. Without budget, an attempt
 * that is far too slow is given up for another.
 */
import { isEarlyEnough, PARITY_FACTOR, PARITY_MARGIN_MS } from "./bind-rows.ts";
import type { NodeSupply } from "./node-supply.ts";
import { byBegin, completionMs } from "./node-supply.ts";
import type { Projection } from "./projection.ts";
import { project } from "./projection.ts";
import type { BlockRun } from "./running-attempt.ts";
import { neededEnd } from "./running-attempt.ts";
import { hasRoom } from "./split.ts";
import { standInRun } from "./stand-ins.ts";
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

/** The attempt that ends last, by its own pace; without those that somebody helps already. */
function latestAttempt(situation: Situation, nodes: readonly NodeSupply[]): Projection | undefined {
  let latest: Projection | undefined;
  for (const attempt of situation.running) {
    const projection = project(attempt, situation, nodes);
    if (projection === undefined) continue;
    if (latest === undefined || projection.allInMs > latest.allInMs) latest = projection;
  }
  return latest;
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
