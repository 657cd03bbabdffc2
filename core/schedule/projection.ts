/** When an attempt under way will have delivered what is wanted of it, by its own pace: what help is weighed against. */
import type { NodeSupply } from "./node-supply.ts";
import { firstMissing } from "./plan-state.ts";
import type { RunningAttempt } from "./running-attempt.ts";
import { neededEnd } from "./running-attempt.ts";
import { isDoubled } from "./stand-ins.ts";
import type { Situation } from "./strategy.ts";

/** Pace of an attempt is its own after this time of body; before, it is its node's. */
const OWN_PACE_AFTER_MS = 60;
/** However late all of them are: so many are never joined by another. */
const MOST_AT_ONE_BLOCK = 3;

export interface Projection {
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

/** Undefined for one that needs no help: it is silent and others have its blocks, or somebody else will have its next one sooner. */
export function project(
  attempt: RunningAttempt,
  situation: Situation,
  nodes: readonly NodeSupply[],
): Projection | undefined {
  const own = reckon(attempt, situation, nodes);
  return own === undefined || isHelped(own, situation, nodes) ? undefined : own;
}

/** A double that turns out to be slower than what it doubles is no help. */
function isHelped(own: Projection, situation: Situation, nodes: readonly NodeSupply[]): boolean {
  const { attempt, nextBlock, blockInMs } = own;
  if (!isDoubled(situation, attempt.id, nextBlock)) return false;
  if (situation.coded !== undefined) return true;
  const rivals = situation.running.filter(
    (other) => other.id !== attempt.id && !other.isSilent && firstMissing(situation, other) === nextBlock,
  );
  if (rivals.length + 1 >= MOST_AT_ONE_BLOCK) return true;
  return rivals.some((rival) => (reckon(rival, situation, nodes)?.blockInMs ?? Infinity) < blockInMs);
}

function reckon(attempt: RunningAttempt, situation: Situation, nodes: readonly NodeSupply[]): Projection | undefined {
  const { blocks, nowMs, running } = situation;
  const nextBlock = firstMissing(situation, attempt);
  const block = nextBlock === undefined ? undefined : blocks[nextBlock];
  if (nextBlock === undefined || block === undefined || attempt.isSilent) return undefined;
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
