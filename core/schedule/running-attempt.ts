/** An attempt under way, as plan and strategy see it, and the run of blocks that it is after. */
import type { Draft } from "../draft.ts";
import type { NodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import type { Block } from "../placement/blocks.ts";
import type { Cause } from "./plan-events.ts";

/** Consecutive blocks [firstBlock, endBlock), which are the bytes [start, end). */
export interface BlockRun {
  readonly firstBlock: number;
  readonly endBlock: number;
  readonly start: number;
  readonly end: number;
}

export interface RunningAttempt extends BlockRun {
  readonly id: number;
  readonly nodeId: NodeId;
  readonly because: Cause;
  readonly startedMs: number;
  readonly firstByteMs: number | null;
  /** When it started, answered or last delivered bytes. */
  readonly lastProgressMs: number;
  readonly receivedBytes: number;
  /** Mean time between reads of the body, the newest counting a quarter. */
  readonly usualGapMs: number;
  readonly verifiedBlocks: number;
  /** Blocks behind this one were handed over to another node; endBlock when none were. */
  readonly neededEndBlock: number;
  /** Asked for although another attempt is after the same blocks and on time: paid from the budget. */
  readonly isHedge: boolean;
  /** Set by the strategy's verdict; bytes end it. */
  readonly isSilent: boolean;
  /** When the strategy wants to judge it again if nothing happens before. */
  readonly reviewAtMs: number;
}

/** One that begins now. */
export function newAttempt(
  { firstBlock, endBlock, start, end }: BlockRun,
  {
    id,
    nodeId,
    because,
    isHedge,
    startedMs,
  }: Pick<RunningAttempt, "id" | "nodeId" | "because" | "isHedge" | "startedMs">,
): Draft<RunningAttempt> {
  return {
    id,
    nodeId,
    because,
    isHedge,
    firstBlock,
    endBlock,
    neededEndBlock: endBlock,
    start,
    end,
    startedMs,
    firstByteMs: null,
    lastProgressMs: startedMs,
    usualGapMs: 0,
    receivedBytes: 0,
    verifiedBlocks: 0,
    isSilent: false,
    reviewAtMs: startedMs,
  };
}

export function copyOfAttempt(attempt: RunningAttempt): RunningAttempt {
  return {
    id: attempt.id,
    nodeId: attempt.nodeId,
    because: attempt.because,
    isHedge: attempt.isHedge,
    firstBlock: attempt.firstBlock,
    endBlock: attempt.endBlock,
    neededEndBlock: attempt.neededEndBlock,
    start: attempt.start,
    end: attempt.end,
    startedMs: attempt.startedMs,
    firstByteMs: attempt.firstByteMs,
    lastProgressMs: attempt.lastProgressMs,
    usualGapMs: attempt.usualGapMs,
    receivedBytes: attempt.receivedBytes,
    verifiedBlocks: attempt.verifiedBlocks,
    isSilent: attempt.isSilent,
    reviewAtMs: attempt.reviewAtMs,
  };
}

/** Where the bytes of the blocks end that are still wanted of the attempt. */
export function neededEnd(attempt: RunningAttempt, blocks: readonly Block[]): number {
  return blocks[attempt.neededEndBlock - 1]?.end ?? attempt.end;
}

/** The run of blocks [firstBlock, endBlock), at least one. */
export function blockRun(blocks: readonly Block[], firstBlock: number, endBlock: number): BlockRun {
  const first = blocks[firstBlock];
  const last = blocks[endBlock - 1];
  if (first === undefined || last === undefined || firstBlock >= endBlock) {
    invariant(false, `Cannot run from block ${firstBlock} to ${endBlock} of ${blocks.length}`);
  }
  return { firstBlock, endBlock, start: first.start, end: last.end };
}
