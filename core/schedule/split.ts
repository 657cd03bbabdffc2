/**
 * Guided splitting: what is missing of a chunk is shared among the nodes in proportion to what each can deliver until all
 * would be done, in requests that shrink towards the end (guided self-scheduling, Polychronopoulos and Kuck 1987). Fixed
 * pieces reach a quarter of the possible rate over unequal nodes, guided ones 93 to 97 % (scheduling note, fact 2).
 */
import type { NodeSupply } from "./node-supply.ts";
import { byBegin, completionMs, firstByteOf, fluidFinishMs, isKnown, usualRateOf } from "./node-supply.ts";
import type { Cause } from "./plan-events.ts";
import type { BlockRun } from "./running-attempt.ts";
import { blockRun } from "./running-attempt.ts";
import { covers } from "./source.ts";
import type { Assignment, Candidate, Situation } from "./strategy.ts";

/** Requests of one plan on one node: the second hides the first byte of the next; a third only lengthens the tail. */
const MAX_RUNNING_PER_NODE = 2;
/** A browser opens six connections to one origin, all players together. */
const MAX_REQUESTS_PER_NODE = 6;
/** Causes that cannot wait. */
const RESCUES: readonly Cause[] = ["failover", "corrupt-block"];
/** A node that was never measured is first given about so much, once. */
const UNKNOWN_RUN_BYTES = 32 * 1024;
/** A request lasts at least so many times its first byte, or two in flight would not keep the node busy. */
const MIN_RUN_FIRST_BYTES = 1.5;

/** @param nodes of all candidates, also of those that have no room for another request now: they will take their share */
export function splitMissing(situation: Situation, nodes: readonly NodeSupply[], runMs: number): Assignment[] {
  if (situation.missing.length === 0) return [];
  const groups = byHolders(situation, nodes);
  const shares: Assignment[] = [];
  if (groups.length > 1) groups.sort((a, b) => a.holders.length - b.holders.length);
  // What only few have first: whoever has all of it is then left with what others have too.
  for (const group of groups) shareOut(loaded(group, shares), situation, { runMs, shares });
  if (groups.length > 1) shares.sort((a, b) => a.run.firstBlock - b.run.firstBlock);
  const [group] = groups;
  const first = group?.runs[0];
  if (group === undefined || first === undefined) return shares;
  if (RESCUES.includes(situation.cause)) {
    const rescued = rescue(group, situation, { runMs, shares });
    if (rescued !== undefined) return [...shares, rescued];
  }
  if (shares.length > 0 || situation.running.some((attempt) => !attempt.isSilent)) return shares;
  // Less than half a block for everybody: then all of the first block to whoever has it first.
  const best = soonest(group.holders.filter((node) => hasRoom(node, runMs)));
  const run = blockRun(situation.blocks, first.firstBlock, first.firstBlock + 1);
  return best === undefined ? [] : [{ nodeId: best.nodeId, run, because: situation.cause }];
}

/** Missing runs, and the nodes that hold all of them. Replicas hold everything; a shard only its part. */
interface Group {
  readonly runs: readonly BlockRun[];
  readonly holders: readonly NodeSupply[];
}

function byHolders({ missing, blocks }: Situation, nodes: readonly NodeSupply[]): Group[] {
  if (holdAll(nodes, missing)) {
    return [{ runs: missing, holders: nodes }];
  }
  const groups = new Map<string, { runs: BlockRun[]; holders: NodeSupply[] }>();
  for (const run of missing) {
    for (let index = run.firstBlock; index < run.endBlock; index += 1) {
      const block = blockRun(blocks, index, index + 1);
      const holders = nodes.filter((node) => covers(node.candidate.source, block));
      const key = holders.map(({ nodeId }) => nodeId).join();
      const group = groups.get(key) ?? { runs: [], holders };
      const before = group.runs.at(-1);
      if (before?.endBlock === index)
        group.runs[group.runs.length - 1] = blockRun(blocks, before.firstBlock, index + 1);
      else group.runs.push(block);
      groups.set(key, group);
    }
  }
  return [...groups.values()];
}

function holdAll(nodes: readonly NodeSupply[], runs: readonly BlockRun[]): boolean {
  for (const { candidate } of nodes) {
    for (const run of runs) if (!covers(candidate.source, run)) return false;
  }
  return true;
}

/** The group, with what its holders were given of the groups before: a replica is in every one of them. */
function loaded(group: Group, shares: readonly Assignment[]): Group {
  if (shares.length === 0) return group;
  const holders = group.holders.map((node) => {
    const own = shares.filter(({ nodeId }) => nodeId === node.nodeId);
    if (own.length === 0) return node;
    const bytes = own.reduce((sum, { run }) => sum + run.end - run.start, 0);
    const running = node.candidate.running + own.length;
    const view = { ...node.candidate.view, inFlightBytes: node.candidate.view.inFlightBytes + bytes };
    return { ...node, beginsInMs: completionMs(node, bytes), candidate: { ...node.candidate, view, running } };
  });
  return { runs: group.runs, holders };
}

/** Every holder with room gets its share of the group, as much of it as one request should be. */
function shareOut(
  { runs, holders }: Group,
  { blocks, cause }: Situation,
  { runMs, shares }: { readonly runMs: number; readonly shares: Assignment[] },
): void {
  const inOrder = byBegin(holders);
  const left = [...runs];
  let bytes = 0;
  for (const run of runs) bytes += run.end - run.start;
  const finishMs = fluidFinishMs(inOrder, bytes);
  const blockBytes = blocks[0] === undefined ? 0 : blocks[0].end - blocks[0].start;
  for (const node of inOrder) {
    if (!hasRoom(node, runMs)) continue;
    const quotaBytes = node.rate * (finishMs - node.beginsInMs);
    const runBytes = node.isKnown ? node.rate * fullRunMs(node.firstByteMs, runMs) : UNKNOWN_RUN_BYTES;
    const run = takeRun(left, Math.min(quotaBytes, Math.max(runBytes, blockBytes)), blocks);
    if (run !== undefined) shares.push({ nodeId: node.nodeId, run, because: cause });
  }
}

/** Whether the node can be asked for more by this plan now: a second time only when the first keeps it busy no longer. */
export function hasRoom(node: NodeSupply, runMs: number): boolean {
  const { view, running } = node.candidate;
  if (running >= (node.isKnown ? MAX_RUNNING_PER_NODE : 1) || view.inFlightRequests >= MAX_REQUESTS_PER_NODE)
    return false;
  return running === 0 || view.inFlightBytes / node.usualRate <= fullRunMs(node.firstByteMs, runMs);
}

/**
 * Whether nothing can come of splitting, and of the endgame behind it: nobody has room, and what is under way needs no
 * rescue. Found out without supplies, as it is so at every second decision.
 *
 * @param doubt see supplies(), node-supply.ts
 */
export function mustWait(
  { cause, running }: Situation,
  able: readonly Candidate[],
  { runMs, doubt }: { readonly runMs: number; readonly doubt: number },
): boolean {
  for (const candidate of able) {
    const { view } = candidate;
    if (candidate.running >= MAX_RUNNING_PER_NODE || view.inFlightRequests >= MAX_REQUESTS_PER_NODE) continue;
    if (candidate.running === 0) return false;
    if (!isKnown(view)) continue;
    if (view.inFlightBytes / usualRateOf(view, doubt) <= fullRunMs(firstByteOf(view, doubt), runMs)) return false;
  }
  return !RESCUES.includes(cause) && running.some(({ isSilent }) => !isSilent);
}

/**
 * Milliseconds until the first of these nodes has room for a second request, behind what was just assigned; Infinity: none
 * will.
 *
 * @param doubt see supplies(), node-supply.ts
 */
export function roomInMs(
  candidates: readonly Candidate[],
  assigned: readonly Assignment[],
  { runMs, doubt }: { readonly runMs: number; readonly doubt: number },
): number {
  let soonestMs = Infinity;
  for (const { view, running, source } of candidates) {
    if (!isKnown(view)) continue;
    let requests = running;
    let bytes = view.inFlightBytes;
    for (const { nodeId, run } of assigned) {
      if (nodeId !== source.nodeId) continue;
      requests += 1;
      bytes += run.end - run.start;
    }
    if (requests === 0 || requests >= MAX_RUNNING_PER_NODE) continue;
    const busyMs = bytes / usualRateOf(view, doubt);
    soonestMs = Math.min(soonestMs, Math.max(0, busyMs - fullRunMs(firstByteOf(view, doubt), runMs)));
  }
  return soonestMs;
}

/**
 * What a node left lying must not wait until another has delivered all that it was asked for before: the first of it goes
 * on top, to whoever has it first. Of one that failed outright nothing is known any more: then the first of what is missing.
 */
function rescue(
  { runs, holders }: Group,
  { blocks, cause, running }: Situation,
  { runMs, shares }: { readonly runMs: number; readonly shares: readonly Assignment[] },
): Assignment | undefined {
  const isLeft = (block: number) =>
    running.some((one) => one.isSilent && one.firstBlock <= block && block < one.neededEndBlock);
  const run = firstOf(runs, isLeft, blocks) ?? runs[0];
  const best = soonest(holders.filter(hasRoomForRescue));
  if (run === undefined || best === undefined) return undefined;
  const isShared = shares.some(
    (share) => share.run.firstBlock <= run.firstBlock && run.firstBlock < share.run.endBlock,
  );
  if (isShared) return undefined;
  // No more than that, or than one request: behind what was left lies perhaps all the rest of the chunk.
  let endBlock = run.firstBlock + 1;
  while (endBlock < run.endBlock && isLeft(endBlock)) endBlock += 1;
  const leftBytes = (blocks[endBlock - 1]?.end ?? run.end) - run.start;
  const rescued = takeRun([run], Math.max(best.rate * runMs, leftBytes), blocks);
  return rescued === undefined ? undefined : { nodeId: best.nodeId, run: rescued, because: cause };
}

/** From the first such block on, the rest of its run. */
function firstOf(
  runs: readonly BlockRun[],
  isWanted: (block: number) => boolean,
  blocks: Situation["blocks"],
): BlockRun | undefined {
  for (const { firstBlock, endBlock } of runs) {
    for (let block = firstBlock; block < endBlock; block += 1) {
      if (isWanted(block)) return blockRun(blocks, block, endBlock);
    }
  }
  return undefined;
}

function hasRoomForRescue({ candidate }: NodeSupply): boolean {
  return candidate.running <= MAX_RUNNING_PER_NODE && candidate.view.inFlightRequests < MAX_REQUESTS_PER_NODE;
}

/** How long one request should keep the node busy. */
function fullRunMs(firstByteMs: number, runMs: number): number {
  return Math.max(runMs, MIN_RUN_FIRST_BYTES * firstByteMs);
}

/** Takes about so many bytes from the front; undefined when that is less than half a block. */
function takeRun(left: BlockRun[], wantedBytes: number, blocks: Situation["blocks"]): BlockRun | undefined {
  const [run] = left;
  if (run === undefined) return undefined;
  let end = run.firstBlock;
  let bytes = 0;
  for (let next = blocks[end]; next !== undefined && end < run.endBlock; next = blocks[end]) {
    const blockBytes = next.end - next.start;
    if (bytes + blockBytes / 2 > wantedBytes) break;
    bytes += blockBytes;
    end += 1;
  }
  if (end === run.firstBlock) return undefined;
  if (end < run.endBlock) left[0] = blockRun(blocks, end, run.endBlock);
  else left.shift();
  return blockRun(blocks, run.firstBlock, end);
}

function soonest(nodes: readonly NodeSupply[]): NodeSupply | undefined {
  const [first, ...others] = nodes;
  if (first === undefined) return undefined;
  return others.reduce((best, node) => (completionMs(node, 1) < completionMs(best, 1) ? node : best), first);
}
