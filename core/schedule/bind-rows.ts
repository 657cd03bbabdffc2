/**
 * Which blocks of a coded chunk to ask for: of every row that is not whole yet, as many as it lacks. Those of the data shards
 * as long as they come in time, for they need no decoding; a block of parity in the place of one whose holder is gone, silent
 * or far slower ("late binding": EC-Cache, OSDI 2016). What is under way stays; the choice is made anew at every change.
 */
import type { NodeView } from "../estimate/node-estimate.ts";
import type { CodedBlocks } from "./coded-blocks.ts";
import { blocksAtHand, shardSpan } from "./coded-blocks.ts";
import type { NodeSupply } from "./node-supply.ts";
import { completionMs, supplies } from "./node-supply.ts";
import type { BlockRun, RunningAttempt } from "./running-attempt.ts";
import { blockRun } from "./running-attempt.ts";
import { covers } from "./source.ts";
import type { Candidate, Strategy } from "./strategy.ts";

/** A data shard is far slower than a parity shard when it takes this factor and this time longer. */
export const PARITY_FACTOR = 1.5;
export const PARITY_MARGIN_MS = 100;
/** A data shard that takes less than this part of the playback time left may be as slow as it likes. */
const AMPLE_SHARE = 0.5;

export interface RowState {
  readonly accepted: readonly boolean[];
  readonly running: readonly RunningAttempt[];
}

export interface BindingView {
  readonly candidates: readonly Candidate[];
  readonly usesParity: Strategy["usesParity"];
  /** Null: urgent. */
  readonly slackMs: number | null;
  readonly sharesBottleneck: boolean;
}

/**
 * Runs of blocks to ask for, each within one shard, in the order of the address space. Blocks that nobody can be asked for
 * are named when a row cannot do without.
 */
export function wantedRuns(coded: CodedBlocks, state: RowState, view: BindingView): BlockRun[] {
  const isServed = servedBlocks(coded, state.running);
  const offers = shardOffers(coded, view);
  const wanted: number[] = [];
  const givenBytes = offers.map(() => 0);
  const isData = (shard: number) => shard < coded.code.dataShards;
  let openBytes = 0;
  for (const row of coded.rows) {
    const open = row.blocks.flatMap((block, shard) =>
      block === null || state.accepted[block] === true ? [] : [{ block, shard }],
    );
    const served = open.filter(({ block }) => isServed[block] === true).length;
    const lacking = coded.code.dataShards - blocksAtHand(row, state.accepted);
    openBytes += lacking > 0 ? rowBytes(coded, row) : 0;
    const need = lacking - served;
    if (need <= 0) continue;
    const options = open.flatMap(({ block, shard }) => {
      const offer = offers[shard];
      const { start = 0, end = 0 } = coded.blocks[block] ?? {};
      if (offer === undefined || isServed[block] === true) return [];
      // Of parity, as if it brought all that data shards still owe up to here: equal nodes are no reason to decode.
      const bytes = isData(shard) ? (givenBytes[shard] ?? 0) + end - start : openBytes;
      return [{ block, shard, bytes: end - start, rank: offer.rank, dueMs: dueMs(offer, bytes, isData(shard)) }];
    });
    const chosen = options.sort((a, b) => a.rank - b.rank || a.dueMs - b.dueMs).slice(0, need);
    for (const { block, shard, bytes } of chosen) {
      givenBytes[shard] = (givenBytes[shard] ?? 0) + bytes;
      wanted.push(block);
    }
    const nobody = open.filter(({ block, shard }) => offers[shard] === undefined && isServed[block] !== true);
    wanted.push(...nobody.slice(0, need - chosen.length).map(({ block }) => block));
  }
  return asRuns(coded, wanted);
}

/** Whether some row lacks blocks that nobody is fetching in time. */
export function hasShortRow(coded: CodedBlocks, state: RowState): boolean {
  const isServed = servedBlocks(coded, state.running);
  return coded.rows.some((row) => isShort(row, coded, state.accepted, isServed));
}

/** Whether a silent attempt has left blocks of rows that nobody makes whole. */
export function hasLeftRows(coded: CodedBlocks, state: RowState): boolean {
  const isServed = servedBlocks(coded, state.running);
  for (const { isSilent, firstBlock, neededEndBlock } of state.running) {
    if (!isSilent) continue;
    for (let block = firstBlock; block < neededEndBlock; block += 1) {
      const row = coded.rows[coded.places[block]?.row ?? -1];
      if (state.accepted[block] === true || row === undefined) continue;
      if (isShort(row, coded, state.accepted, isServed)) return true;
    }
  }
  return false;
}

/** By block: being fetched by somebody who is not silent. */
function servedBlocks(coded: CodedBlocks, running: readonly RunningAttempt[]): boolean[] {
  const isServed = coded.blocks.map(() => false);
  for (const { isSilent, firstBlock, neededEndBlock } of running) {
    if (!isSilent) isServed.fill(true, firstBlock, neededEndBlock);
  }
  return isServed;
}

function isShort(
  row: CodedBlocks["rows"][number],
  { code }: CodedBlocks,
  accepted: readonly boolean[],
  isServed: readonly boolean[],
): boolean {
  let count = blocksAtHand(row, accepted);
  for (const block of row.blocks)
    if (block !== null && accepted[block] !== true && isServed[block] === true) count += 1;
  return count < code.dataShards;
}

/** Of its longest block. */
function rowBytes({ blocks }: CodedBlocks, row: CodedBlocks["rows"][number]): number {
  let most = 0;
  for (const index of row.blocks) {
    const block = index === null ? undefined : blocks[index];
    if (block !== undefined) most = Math.max(most, block.end - block.start);
  }
  return most;
}

/** The best node for a shard. */
interface Offer {
  readonly supply: NodeSupply;
  /** Nodes that work come before those that may have recovered, those before the ones that rest, and liars last. */
  readonly rank: number;
  /** How much its time counts: 0 where all that matters is that somebody has it. */
  readonly weight: number;
}

/** By shard; undefined where nobody can be asked. */
function shardOffers(coded: CodedBlocks, view: BindingView): (Offer | undefined)[] {
  const { candidates, usesParity } = view;
  const nodes = supplies(candidates, 0);
  const fastest = Math.max(0, ...nodes.map((node) => (node.isKnown ? node.rate : 0)));
  const shards = coded.code.dataShards + coded.code.parityShards;
  const minds = usesParity === "for-slow";
  const offers = Array.from({ length: shards }, (_, shard): Offer | undefined => {
    const span = shardSpan(coded.geometry, shard);
    const isData = shard < coded.code.dataShards;
    const holders = nodes
      .filter(({ candidate }) => covers(candidate.source, span))
      // A data shard on a node that was never measured is not doubted: nobody else would ever measure it.
      .map((node) => (isData && !node.isKnown ? { ...node, rate: Math.max(node.rate, fastest) } : node))
      .map((supply) => ({ supply, rank: minds ? rankOf(supply.candidate.view) : 0, weight: 1 }));
    const bytes = span.end - span.start;
    holders.sort((a, b) => a.rank - b.rank || completionMs(a.supply, bytes) - completionMs(b.supply, bytes));
    return holders[0];
  });
  return minds && !isAmple(coded, offers, view) ? offers : offers.map((offer) => offer && { ...offer, weight: 0 });
}

/** Whether the data shards come early enough as they are, or more nodes would bring nothing. */
function isAmple({ code, geometry }: CodedBlocks, offers: readonly (Offer | undefined)[], view: BindingView): boolean {
  if (view.sharesBottleneck) return true;
  const slowest = offers
    .slice(0, code.dataShards)
    .map((offer) => (offer === undefined ? 0 : completionMs(offer.supply, geometry.shardBytes)));
  return isEarlyEnough(Math.max(0, ...slowest), view.slackMs);
}

/** Whether what takes so long is in time by far. */
export function isEarlyEnough(takesMs: number, slackMs: number | null): boolean {
  return slackMs !== null && takesMs < slackMs * AMPLE_SHARE;
}

function rankOf({ health }: NodeView): number {
  return { closed: 0, "half-open": 1, open: 2, quarantined: 3 }[health];
}

/** When so many bytes would be here; of parity later than that, as it must be clearly better. */
function dueMs({ supply, weight }: Offer, bytes: number, isData: boolean): number {
  if (weight === 0) return isData ? 0 : 1;
  const plainMs = completionMs(supply, bytes);
  return isData ? plainMs : plainMs * PARITY_FACTOR + PARITY_MARGIN_MS;
}

function asRuns({ blocks, places }: CodedBlocks, wanted: number[]): BlockRun[] {
  const runs: BlockRun[] = [];
  const sorted = wanted.sort((a, b) => a - b);
  for (let at = 0; at < sorted.length; ) {
    const first = sorted[at] ?? 0;
    let end = first + 1;
    at += 1;
    while (sorted[at] === end && places[end]?.shard === places[first]?.shard) {
      end += 1;
      at += 1;
    }
    runs.push(blockRun(blocks, first, end));
  }
  return runs;
}
