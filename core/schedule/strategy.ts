/**
 * What a strategy is: the rule that turns missing bytes into attempts, and says when an attempt has gone bad. A strategy
 * has no state and does nothing; fetch-plan.ts asks it and acts.
 */
import type { NodeView } from "../estimate/node-estimate.ts";
import type { NodeId } from "../ids.ts";
import type { Block } from "../placement/blocks.ts";
import type { Random } from "../random.ts";
import type { CodedBlocks } from "./coded-blocks.ts";
import type { Stay } from "./look-ahead.ts";
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
  /** All blocks of the chunk and of its parity: what runs are cut from. */
  readonly blocks: readonly Block[];
  /** How the blocks make rows, when the chunk is kept as shards. */
  readonly coded?: CodedBlocks | undefined;
  /** By block index: accepted, or no longer needed. */
  readonly accepted: readonly boolean[];
  /** Runs of blocks that nobody is fetching in time, in order. */
  readonly missing: readonly BlockRun[];
  /** Attempts under way. */
  readonly running: readonly RunningAttempt[];
  /** In the record's order. */
  readonly candidates: readonly Candidate[];
  /** Playback time left now before these bytes are missed; null when nobody said (then: urgent). */
  readonly slackMs: number | null;
  /** The player has not asked yet. */
  readonly isAhead: boolean;
  /** All nodes seem to be behind one link that is full: more of them bring nothing. */
  readonly sharesBottleneck: boolean;
  /** Bytes that may be asked for twice. */
  readonly hedgeBudgetBytes: number;
  /** Counts the segments of a session, for strategies that take turns. */
  readonly turn: number;
}

/** Ask this node for these blocks. Two assignments of the same blocks are a race: the first verified block wins it. */
export interface Assignment {
  readonly nodeId: NodeId;
  readonly run: BlockRun;
  readonly because: Cause;
  /**
   * Attempt that is relieved of this run, which is the end of what is wanted of it. Relieved of all of it, it is cancelled,
   * without reproach.
   */
  readonly takesFrom?: number;
  /** From which block on; left out: from the run's first, which is of the same row or the same. */
  readonly takesFromBlock?: number;
}

/**
 * What to think of an attempt under way. `on-time`: leave it. `silent`: let another node fetch the same blocks; the first
 * to verify one wins. `hopeless`: cancel it as failed.
 */
export interface Verdict {
  readonly is: "on-time" | "silent" | "hopeless";
  /** When to judge again if nothing happens before. */
  readonly reviewAtMs: number;
}

/** What a verdict rests on. */
export interface Judgement {
  readonly nowMs: number;
  readonly attempt: RunningAttempt;
  /** Its node, until that answers: from then on the attempt has a pace of its own. */
  readonly view: NodeView | null;
}

export interface Strategy {
  readonly name: string;
  /** When parity takes the place of a data shard: when nobody can be asked for that, or also when its holder is far slower. */
  readonly usesParity: "for-lost" | "for-slow";
  /** Attempts to start now; none when no candidate is worth it. Asked at every change, with or without missing blocks. */
  assign(situation: Situation): readonly Assignment[];
  judge(judgement: Judgement): Verdict;
  /**
   * Milliseconds after which to be asked again if nothing happens before; Infinity: never.
   *
   * @param assigned what was answered to this situation
   */
  reviewInMs(situation: Situation, assigned: readonly Assignment[]): number;
  /**
   * Further segments of the rendition to have under way before the player asks for them. Asked at every change.
   *
   * @param stay how the player stays with its rendition: one that switches often wants other segments
   */
  segmentsAhead(outlook: Outlook, stay: Stay): number;
}

/** What can be said about the segments behind the one that is wanted. */
export interface Outlook {
  /** What the player waits for now. */
  readonly waitsFor: "nothing" | "init" | "segment";
  /** It has blocks that nobody fetches; false when the player waits for nothing. */
  readonly hasMissingBlocks: boolean;
  readonly slackMs: number | null;
  readonly sharesBottleneck: boolean;
  /** The player will not switch: there is one quality, or the viewer chose one. */
  readonly isQualityFixed: boolean;
}
