/**
 * Guided splitting: what is missing of a chunk is shared among the nodes in proportion to what each can deliver until all
 * would be done, in requests that shrink towards the end (guided self-scheduling, Polychronopoulos and Kuck 1987). Fixed
 * pieces reach a quarter of the possible rate over unequal nodes, guided ones 93 to 97 % (scheduling note, fact 2).
 */
import type { NodeSupply } from "./node-supply.ts";
import { completionMs, fluidFinishMs } from "./node-supply.ts";
import type { BlockRun } from "./running-attempt.ts";
import { blockRun } from "./running-attempt.ts";
import { covers } from "./source.ts";
import type { Assignment, Situation } from "./strategy.ts";

/** Requests of one plan on one node: the second hides the first byte of the next; a third only lengthens the tail. */
const MAX_RUNNING_PER_NODE = 2;
/** A browser opens six connections to one origin, all players together. */
const MAX_REQUESTS_PER_NODE = 6;
/** A node that was never measured is first given about so much, once. */
const UNKNOWN_RUN_BYTES = 32 * 1024;
/** A request lasts at least so many times its first byte, or two in flight would not keep the node busy. */
const MIN_RUN_FIRST_BYTES = 1.5;

/** @param nodes of all candidates, also of those that have no room for another request now: they will take their share */
export function splitMissing(situation: Situation, nodes: readonly NodeSupply[], runMs: number): Assignment[] {
  const { missing, blocks, cause, running } = situation;
  const left = [...missing];
  const missingBytes = left.reduce((sum, run) => sum + run.end - run.start, 0);
  if (missingBytes === 0) return [];
  const finishMs = fluidFinishMs(nodes, missingBytes);
  const blockBytes = blocks[0] === undefined ? 0 : blocks[0].end - blocks[0].start;
  const free = nodes.filter((node) => hasRoom(node, runMs)).sort((a, b) => a.beginsInMs - b.beginsInMs);
  const assignments: Assignment[] = [];
  for (const node of free) {
    const quotaBytes = node.rate * (finishMs - node.beginsInMs);
    const runBytes = node.isKnown ? node.rate * fullRunMs(node, runMs) : UNKNOWN_RUN_BYTES;
    const run = takeRun(left, node, Math.min(quotaBytes, Math.max(runBytes, blockBytes)), blocks);
    if (run !== undefined) assignments.push({ nodeId: node.nodeId, run, because: cause });
  }
  if (assignments.length > 0 || running.some((attempt) => !attempt.isSilent)) return assignments;
  // Less than half a block for everybody: then all of the first block to whoever has it first.
  const [first] = missing;
  const able =
    first === undefined ? [] : free.filter((node) => covers(node.candidate.source, firstBlockOf(first, blocks)));
  const best = able.reduce<NodeSupply | undefined>((found, node) => sooner(node, found), undefined);
  if (best === undefined || first === undefined) return [];
  return [{ nodeId: best.nodeId, run: firstBlockOf(first, blocks), because: cause }];
}

/** Whether the node can be asked for more by this plan now: a second time only when the first keeps it busy no longer. */
export function hasRoom(node: NodeSupply, runMs: number): boolean {
  const { view, running } = node.candidate;
  if (running >= (node.isKnown ? MAX_RUNNING_PER_NODE : 1) || view.inFlightRequests >= MAX_REQUESTS_PER_NODE)
    return false;
  return running === 0 || view.inFlightBytes / node.rate <= fullRunMs(node, runMs);
}

/** How long one request should keep the node busy. */
function fullRunMs({ firstByteMs }: NodeSupply, runMs: number): number {
  return Math.max(runMs, MIN_RUN_FIRST_BYTES * firstByteMs);
}

/** Takes about so many bytes from the front of what the node has of it; undefined when that is less than half a block. */
function takeRun(left: BlockRun[], node: NodeSupply, wantedBytes: number, blocks: Situation["blocks"]) {
  for (const [index, run] of left.entries()) {
    let end = run.firstBlock;
    let bytes = 0;
    for (let next = blocks[end]; next !== undefined && end < run.endBlock; next = blocks[end]) {
      const blockBytes = next.end - next.start;
      if (bytes + blockBytes / 2 > wantedBytes || !covers(node.candidate.source, next)) break;
      bytes += blockBytes;
      end += 1;
    }
    if (end === run.firstBlock) continue;
    const rest = end < run.endBlock ? [blockRun(blocks, end, run.endBlock)] : [];
    left.splice(index, 1, ...rest);
    return blockRun(blocks, run.firstBlock, end);
  }
  return undefined;
}

function firstBlockOf(run: BlockRun, blocks: Situation["blocks"]): BlockRun {
  return blockRun(blocks, run.firstBlock, run.firstBlock + 1);
}

function sooner(node: NodeSupply, found: NodeSupply | undefined): NodeSupply {
  const bytes = 1;
  return found === undefined || completionMs(node, bytes) < completionMs(found, bytes) ? node : found;
}
