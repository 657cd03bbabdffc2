/** The state of a fetch plan, and what can be read from it. fetch-plan.ts moves it. */
import type { Draft } from "../draft.ts";
import type { NodeId } from "../ids.ts";
import type { Block } from "../placement/blocks.ts";
import { hasLeftRows, hasShortRow } from "./bind-rows.ts";
import type { CodedBlocks } from "./coded-blocks.ts";
import type { FailureKind, NodeFailure } from "./plan-events.ts";
import type { BlockRun, RunningAttempt } from "./running-attempt.ts";
import { blockRun, copyOfAttempt } from "./running-attempt.ts";
import type { Source } from "./source.ts";
import type { Strategy } from "./strategy.ts";

const SILENCES: readonly FailureKind[] = ["no-answer", "stalled"];
const SILENCE_PAUSE_MS = 1_000;

/** What to fetch, from where, by which rule. */
export interface FetchInput {
  /** Blocks of the chunk, in order, and those of its parity shards behind them; none for an empty chunk. */
  readonly blocks: readonly Block[];
  /** How the blocks make rows, when the chunk is kept as shards. */
  readonly coded?: CodedBlocks | undefined;
  readonly sources: readonly Source[];
  readonly strategy: Strategy;
  /** Playback time left before these bytes are missed; null when nobody said (then: urgent). */
  readonly slackMs: number | null;
  /** Begun before the player asked: takes what would otherwise idle, until it is `wanted`. */
  readonly isAhead: boolean;
  /** Counts the segments of a session, for strategies that take turns. */
  readonly turn: number;
  /** End after the first round in which no source could be reached, instead of trying on until the deadline. */
  readonly givesUpWhenAllUnreachable: boolean;
}

export interface FetchPlan {
  readonly input: FetchInput;
  /** Monotonic milliseconds at which the bytes are missed; null when nobody said. */
  readonly deadlineMs: number | null;
  readonly isAhead: boolean;
  readonly phase: "fetching" | "finished" | "gave-up" | "stopped";
  /** By block index: accepted, or no longer needed as its row is whole. */
  readonly accepted: boolean[];
  /** The first block that is not; their number when all are. */
  readonly openFrom: number;
  readonly running: readonly RunningAttempt[];
  readonly attemptsStarted: number;
  /** Rounds that ended with every source failed. */
  readonly roundsFailed: number;
  /** Nodes not to be asked again in this round, or until a time. Infinity: not at all in this round. */
  readonly failedInRound: ReadonlyMap<NodeId, number>;
  /** Nodes not to be asked again at all. */
  readonly liars: ReadonlySet<NodeId>;
  readonly lastFailures: ReadonlyMap<NodeId, NodeFailure>;
  /** Null when no back-off is under way. */
  readonly nextRoundAtMs: number | null;
  /** The start, or the newest accepted block. */
  readonly lastAcceptedMs: number;
  /** The wake that the driver knows of. */
  readonly wakeAtMs: number | null;
  /** When to decide anew if nothing happens before: the wake may be an older one, and come too early for that. */
  readonly reviewAtMs: number;
  /** The program itself was late: until then nobody is called silent, for what nodes sent meanwhile may wait to be read. */
  readonly lateUntilMs: number;
}

/** Whether every block of the chunk is accepted. */
export function isWhole({ input, accepted, openFrom }: FetchPlan): boolean {
  return openFrom >= (input.coded?.dataBlocks ?? accepted.length);
}

/** The block is there, or no longer needed. */
export function acceptBlock(plan: Draft<FetchPlan>, block: number): void {
  plan.accepted[block] = true;
  plan.openFrom = behindAccepted(plan.accepted, plan.openFrom);
}

/**
 * Runs of blocks that are neither accepted nor being fetched in time, longest possible, in order. Of a coded chunk
 * bind-rows.ts says what is missing.
 */
export function missingRuns(plan: FetchPlan): readonly BlockRun[] {
  const { blocks } = plan.input;
  let first = nextMissing(plan, plan.openFrom);
  if (first >= blocks.length) return NOTHING;
  const runs: BlockRun[] = [];
  while (first < blocks.length) {
    const end = missingEnd(plan, first);
    runs.push(blockRun(blocks, first, end));
    first = nextMissing(plan, end);
  }
  return runs;
}

const NOTHING: readonly BlockRun[] = [];

/** Whether some block is neither accepted nor being fetched in time. */
export function hasMissing(plan: FetchPlan): boolean {
  const { coded } = plan.input;
  if (coded !== undefined) return hasShortRow(coded, plan);
  return nextMissing(plan, plan.openFrom) < plan.accepted.length;
}

/** Whether a silent attempt has left blocks that nobody else is fetching. */
export function hasLeftBlocks(plan: FetchPlan): boolean {
  const { coded } = plan.input;
  if (coded !== undefined) return hasLeftRows(coded, plan);
  for (const { isSilent, firstBlock, neededEndBlock } of plan.running) {
    if (isSilent && nextMissing(plan, firstBlock) < neededEndBlock) return true;
  }
  return false;
}

/**
 * The first such block from this one on; the number of blocks when there is none. Attempts begin about in the order of their
 * blocks, so one time through them is enough as a rule, and one more to see that.
 */
function nextMissing({ accepted, running }: FetchPlan, from: number): number {
  let index = behindAccepted(accepted, from);
  for (let before = -1; before !== index && index < accepted.length; ) {
    before = index;
    for (const { isSilent, firstBlock, neededEndBlock } of running) {
      if (isSilent || index < firstBlock || index >= neededEndBlock) continue;
      index = behindAccepted(accepted, neededEndBlock);
    }
  }
  return index;
}

function behindAccepted(accepted: readonly boolean[], from: number): number {
  let index = from;
  while (index < accepted.length && accepted[index] === true) index += 1;
  return index;
}

/** Where the run of missing blocks ends that begins with this one. */
function missingEnd({ accepted, running }: FetchPlan, first: number): number {
  let servedFrom = accepted.length;
  for (const { isSilent, firstBlock, neededEndBlock } of running) {
    const isBehind = !isSilent && firstBlock > first && firstBlock < neededEndBlock;
    if (isBehind && firstBlock < servedFrom) servedFrom = firstBlock;
  }
  let end = first + 1;
  while (end < servedFrom && accepted[end] !== true) end += 1;
  return end;
}

/** The first block that is still wanted of the attempt; undefined when none is. */
export function firstMissing(
  plan: { readonly accepted: readonly boolean[] },
  attempt: RunningAttempt,
): number | undefined {
  const index = plan.accepted.indexOf(false, attempt.firstBlock);
  return index === -1 || index >= attempt.neededEndBlock ? undefined : index;
}

export function removeAttempt(plan: Draft<FetchPlan>, id: number): void {
  plan.running = plan.running.filter((attempt) => attempt.id !== id);
}

/**
 * Notes a failure: the node is not asked again in this round, one that was only silent for a while; a liar not at all. Radio
 * links have gaps of a second or two, and a large chunk on a slow network takes many: its breaker says when it is enough.
 */
export function noteFailure(plan: Draft<FetchPlan>, failure: NodeFailure, nowMs: number): void {
  const untilMs = SILENCES.includes(failure.kind) ? nowMs + SILENCE_PAUSE_MS : Infinity;
  plan.failedInRound = new Map(plan.failedInRound).set(failure.nodeId, untilMs);
  if (failure.kind === "corrupt") plan.liars = new Set(plan.liars).add(failure.nodeId);
  plan.lastFailures = new Map(plan.lastFailures).set(failure.nodeId, failure);
}

/** Nothing asked for yet. */
export function newPlan(input: FetchInput, nowMs: number): Draft<FetchPlan> {
  return {
    input,
    deadlineMs: input.slackMs === null ? null : nowMs + input.slackMs,
    isAhead: input.isAhead,
    phase: "fetching",
    accepted: new Array<boolean>(input.blocks.length).fill(false),
    openFrom: 0,
    running: [],
    attemptsStarted: 0,
    roundsFailed: 0,
    failedInRound: new Map(),
    liars: new Set(),
    lastFailures: new Map(),
    nextRoundAtMs: null,
    lastAcceptedMs: nowMs,
    wakeAtMs: null,
    reviewAtMs: nowMs,
    lateUntilMs: -Infinity,
  };
}

/** The lists of failures are never changed, only replaced. */
export function copyOfPlan(plan: FetchPlan): Draft<FetchPlan> {
  return {
    input: plan.input,
    deadlineMs: plan.deadlineMs,
    isAhead: plan.isAhead,
    phase: plan.phase,
    accepted: [...plan.accepted],
    openFrom: plan.openFrom,
    running: plan.running.map(copyOfAttempt),
    attemptsStarted: plan.attemptsStarted,
    roundsFailed: plan.roundsFailed,
    failedInRound: plan.failedInRound,
    liars: plan.liars,
    lastFailures: plan.lastFailures,
    nextRoundAtMs: plan.nextRoundAtMs,
    lastAcceptedMs: plan.lastAcceptedMs,
    wakeAtMs: plan.wakeAtMs,
    reviewAtMs: plan.reviewAtMs,
    lateUntilMs: plan.lateUntilMs,
  };
}
