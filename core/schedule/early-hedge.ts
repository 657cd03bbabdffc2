/**
 * Hedging before the endgame: while nodes still have work of their own, the one block that would be missed at the end is
 * asked for once more. A node whose rate has collapsed would keep it for seconds beyond all others; in the endgame it is
 * late for that. Only for a player that would otherwise have to wait, as late as it still helps, and within the budget.
 */
import type { NodeSupply } from "./node-supply.ts";
import { completionMs, fluidFinishMs } from "./node-supply.ts";
import type { Projection } from "./projection.ts";
import { project } from "./projection.ts";
import type { BlockRun } from "./running-attempt.ts";
import { hasRoom } from "./split.ts";
import { standInRun } from "./stand-ins.ts";
import type { Assignment, Situation } from "./strategy.ts";

/** More than in the endgame, where whoever helps has nothing else to do: the block would take this factor and time longer. */
const LATE_FACTOR = 1.5;
const LATE_MARGIN_MS = 100;
/** So much sooner than all others are done, the double is begun: before, the block may still come by itself. */
const IN_TIME_MS = 100;

/** @param nodes,assigned as for the endgame; @param runMs how long one request should keep its node busy */
export function hedgeEarly(
  situation: Situation,
  { nodes, assigned }: { readonly nodes: readonly NodeSupply[]; readonly assigned: readonly Assignment[] },
  runMs: number,
): Assignment | undefined {
  const able = nodes.filter(
    (node) => node.isKnown && hasRoom(node, runMs) && !assigned.some(({ nodeId }) => nodeId === node.nodeId),
  );
  if (able.length === 0) return undefined;
  const latest = latestBlock(situation, nodes);
  if (latest === undefined || latest.blockInMs <= (situation.slackMs ?? 0)) return undefined;
  const double = soonestDouble(situation, able, latest);
  if (double === undefined) return undefined;
  const { node, run, doneInMs } = double;
  let leftBytes = run.end - run.start;
  for (const missing of situation.missing) leftBytes += missing.end - missing.start;
  const restInMs = fluidFinishMs(nodes, leftBytes);
  const isLate = latest.blockInMs > Math.max(restInMs, doneInMs) * LATE_FACTOR + LATE_MARGIN_MS;
  const isTime = doneInMs + IN_TIME_MS >= restInMs;
  return isLate && isTime ? { nodeId: node.nodeId, run, because: "hedge" } : undefined;
}

/** The attempt that will be at its next block the longest. */
function latestBlock(situation: Situation, nodes: readonly NodeSupply[]): Projection | undefined {
  let latest: Projection | undefined;
  for (const attempt of situation.running) {
    const projection = project(attempt, situation, nodes);
    if (projection === undefined) continue;
    if (latest === undefined || projection.blockInMs > latest.blockInMs) latest = projection;
  }
  return latest;
}

interface Double {
  readonly node: NodeSupply;
  readonly run: BlockRun;
  readonly doneInMs: number;
}

/** Whoever would have the block first, or what stands in for it, of those that the budget allows. */
function soonestDouble(
  situation: Situation,
  able: readonly NodeSupply[],
  { attempt, nextBlock }: Projection,
): Double | undefined {
  let soonest: Double | undefined;
  for (const node of able) {
    if (node.nodeId === attempt.nodeId) continue;
    const run = standInRun(situation, node.candidate.source, nextBlock, nextBlock + 1);
    if (run === undefined || run.end - run.start > situation.hedgeBudgetBytes) continue;
    const doneInMs = completionMs(node, run.end - run.start);
    if (soonest === undefined || doneInMs < soonest.doneInMs) soonest = { node, run, doneInMs };
  }
  return soonest;
}
