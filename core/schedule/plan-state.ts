/** The state of a fetch plan, and what can be read from it. fetch-plan.ts moves it. */
import type { NodeId } from "../ids.ts";
import type { Block } from "../placement/blocks.ts";
import type { NodeFailure } from "./plan-events.ts";
import type { BlockRun, RunningAttempt } from "./running-attempt.ts";
import { blockRun } from "./running-attempt.ts";
import type { Source } from "./source.ts";
import type { Strategy } from "./strategy.ts";

/** What to fetch, from where, by which rule. */
export interface FetchInput {
  /** Blocks of the chunk, in order; none for an empty chunk. */
  readonly blocks: readonly Block[];
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
  /** By block index: accepted. */
  readonly accepted: readonly boolean[];
  readonly running: readonly RunningAttempt[];
  readonly attemptsStarted: number;
  /** Rounds that ended with every source failed. */
  readonly roundsFailed: number;
  /** Nodes not to be asked again in this round. */
  readonly failedInRound: ReadonlySet<NodeId>;
  /** Nodes not to be asked again at all. */
  readonly liars: ReadonlySet<NodeId>;
  readonly lastFailures: ReadonlyMap<NodeId, NodeFailure>;
  /** Null when no back-off is under way. */
  readonly nextRoundAtMs: number | null;
  /** The start, or the newest accepted block. */
  readonly lastAcceptedMs: number;
  /** The wake that the driver knows of. */
  readonly wakeAtMs: number | null;
}

/** Runs of blocks that are neither accepted nor being fetched in time, longest possible, in order. */
export function missingRuns(plan: FetchPlan): BlockRun[] {
  const { blocks } = plan.input;
  const needed = plan.accepted.map((accepted) => !accepted);
  for (const attempt of plan.running) {
    if (!attempt.isSilent) needed.fill(false, attempt.firstBlock, attempt.neededEndBlock);
  }
  const runs: BlockRun[] = [];
  for (let first = needed.indexOf(true); first !== -1; first = needed.indexOf(true, first)) {
    const next = needed.indexOf(false, first);
    const end = next === -1 ? blocks.length : next;
    runs.push(blockRun(blocks, first, end));
    first = end;
  }
  return runs;
}

/** Whether some block is neither accepted nor being fetched in time. */
export function hasMissing(plan: FetchPlan): boolean {
  return plan.accepted.some(
    (accepted, index) =>
      !accepted &&
      !plan.running.some(
        ({ isSilent, firstBlock, neededEndBlock }) => !isSilent && firstBlock <= index && index < neededEndBlock,
      ),
  );
}

/** The first block that is still wanted of the attempt; undefined when none is. */
export function firstMissing(plan: Pick<FetchPlan, "accepted">, attempt: RunningAttempt): number | undefined {
  const index = plan.accepted.indexOf(false, attempt.firstBlock);
  return index === -1 || index >= attempt.neededEndBlock ? undefined : index;
}

/** Replaces one attempt; an attempt that is not running stays away. */
export function withAttempt(plan: FetchPlan, changed: RunningAttempt): FetchPlan {
  return { ...plan, running: plan.running.map((attempt) => (attempt.id === changed.id ? changed : attempt)) };
}

export function withoutAttempt(plan: FetchPlan, id: number): FetchPlan {
  return { ...plan, running: plan.running.filter((attempt) => attempt.id !== id) };
}

/** Notes a failure: the node is not asked again in this round; a liar not at all. */
export function withFailure(plan: FetchPlan, failure: NodeFailure): FetchPlan {
  return {
    ...plan,
    failedInRound: new Set(plan.failedInRound).add(failure.nodeId),
    liars: failure.kind === "corrupt" ? new Set(plan.liars).add(failure.nodeId) : plan.liars,
    lastFailures: new Map(plan.lastFailures).set(failure.nodeId, failure),
  };
}
