/**
 * What a strategy is: the rule that turns missing bytes into attempts, and says when an attempt has gone bad. A strategy
 * has no state and does nothing; fetch-plan.ts asks it and acts.
 */
import type { NodeView } from "../estimate/node-estimate.ts";
import type { NodeId } from "../ids.ts";
import type { Block } from "../placement/blocks.ts";
import type { Random } from "../random.ts";
import type { Cause } from "./plan-events.ts";
import type { BlockRun, RunningAttempt } from "./running-attempt.ts";
import type { Source } from "./source.ts";

/** A source that may be asked now: it has neither lied nor failed in this round, and is not silent at this moment. */
export interface Candidate {
  readonly source: Source;
  readonly view: NodeView;
  /** Attempts of this plan that are under way there. */
  readonly running: number;
}

/** What a strategy may look at. */
export interface Situation {
  readonly nowMs: number;
  readonly random: Random;
  /** Why bytes are missing now. */
  readonly cause: Cause;
  /** All blocks of the chunk: what runs are cut from. */
  readonly blocks: readonly Block[];
  /** Runs of blocks that nobody is fetching in time, in order. */
  readonly missing: readonly BlockRun[];
  /** In the record's order. */
  readonly candidates: readonly Candidate[];
  /** Playback time left before these bytes are missed; null when nobody said (then: urgent). */
  readonly slackMs: number | null;
  /** Counts the segments of a session, for strategies that take turns. */
  readonly turn: number;
}

/** Ask this node for these blocks. Two assignments of the same blocks are a race: the first verified block wins it. */
export interface Assignment {
  readonly nodeId: NodeId;
  readonly run: BlockRun;
  readonly because: Cause;
}

/**
 * What to think of an attempt under way. `on-time`: leave it. `silent`, `slow`: let another node fetch the same blocks; the
 * first to verify one wins (a slow one can no longer win). `hopeless`: end it.
 */
export interface Verdict {
  readonly is: "on-time" | "silent" | "slow" | "hopeless";
  /** When to judge again if nothing happens before. */
  readonly reviewAtMs: number;
}

export interface Strategy {
  readonly name: string;
  /** Attempts to start now; none when no candidate is worth it. */
  assign(situation: Situation): readonly Assignment[];
  /**
   * @param attempt under way
   * @param view its node
   * @param others candidates on other nodes
   */
  judge(attempt: RunningAttempt, view: NodeView, others: readonly Candidate[], nowMs: number): Verdict;
}
