/**
 * The vocabulary of a fetch plan: events that a driver reports, commands that it carries out. Attempts are named by the
 * number that their `start` command gave them; blocks by their index.
 */
import type { AttemptEnd } from "../estimate/node-estimate.ts";
import type { NodeId } from "../ids.ts";

/** What the driver saw. Events of attempts that were cancelled are ignored. */
export type PlanEvent =
  | { readonly saw: "first-byte"; readonly attempt: number }
  /** More bytes of the body. */
  | { readonly saw: "bytes"; readonly attempt: number; readonly bytes: number }
  /** A block is whole and hashes to what the record binds. */
  | { readonly saw: "block-ok"; readonly attempt: number; readonly block: number }
  | { readonly saw: "block-bad"; readonly attempt: number; readonly block: number }
  /** All bytes came and every block of them was reported. */
  | { readonly saw: "ended"; readonly attempt: number }
  | {
      readonly saw: "failed";
      readonly attempt: number;
      readonly kind: FailureKind;
      /** For people, for example `status 503`. */
      readonly detail: string;
    }
  /** Another fetch of the program caught this node lying. */
  | { readonly saw: "liar"; readonly nodeId: NodeId }
  /** The player asks for what was begun ahead of it; or says anew how long it can wait. */
  | { readonly saw: "wanted"; readonly slackMs: number | null }
  /** The time of the last `wake` command has come. */
  | { readonly saw: "wake" }
  /** Nobody wants the chunk any more. */
  | { readonly saw: "stop"; readonly reason: string };

/**
 * Why an attempt came to nothing. `refused`: no connection. `no-answer`: silent before the first byte. `stalled`: silent
 * or far too slow after it. `missing`: 404. `status`: another error status. `bad-answer`: not the range that was asked
 * for. `truncated`, `oversized`: fewer or more bytes than promised. `broken`: the connection broke in the body. `corrupt`:
 * a block with wrong bytes.
 */
export type FailureKind =
  | "refused"
  | "no-answer"
  | "stalled"
  | "missing"
  | "status"
  | "bad-answer"
  | "truncated"
  | "oversized"
  | "broken"
  | "corrupt";

/** What a failure says about its node. */
export const FAILURE_ENDS: Readonly<Record<FailureKind, AttemptEnd>> = {
  refused: "refused",
  "no-answer": "stalled",
  stalled: "stalled",
  missing: "missing",
  status: "failed",
  "bad-answer": "failed",
  truncated: "failed",
  oversized: "failed",
  broken: "failed",
  corrupt: "corrupt",
};

/** What the driver must do, in order. */
export type PlanCommand =
  | {
      readonly do: "start";
      readonly attempt: number;
      readonly nodeId: NodeId;
      /** The shard to ask for; null for the chunk itself. */
      readonly shard: number | null;
      /** Byte range [start, end) of the address space (coded-blocks.ts), which is the blocks [firstBlock, endBlock). */
      readonly start: number;
      readonly end: number;
      readonly firstBlock: number;
      readonly endBlock: number;
      readonly because: Cause;
      readonly predictedMs: number | null;
      readonly isHedge: boolean;
    }
  /** Stop at once; its bytes are waste. */
  | {
      readonly do: "cancel";
      readonly attempt: number;
      readonly outcome: "cancelled" | "stalled" | "corrupt";
      readonly reason: string;
    }
  /** Report `wake` at this time; replaces the wake before it. */
  | { readonly do: "wake"; readonly atMs: number }
  /** Deliver this attempt's copy of the block; one of parity is kept to decode from. Said at most once for each block. */
  | { readonly do: "accept-block"; readonly attempt: number; readonly block: number }
  /** Make these blocks of one row, which are not coming, from those of the shards that are there. */
  | { readonly do: "decode"; readonly blocks: readonly number[]; readonly shards: readonly number[] }
  /** For the trace alone. */
  | { readonly do: "explain"; readonly decision: Decision }
  /** Every block of the chunk is accepted or being decoded. */
  | { readonly do: "finish" }
  | { readonly do: "give-up"; readonly code: GiveUpCode; readonly failures: readonly NodeFailure[] };

/**
 * Why attempts are started. `first`: nobody was asked yet, or more of the same is asked for. `race`: a rival in a race of
 * unknown nodes. `explore`: a node that was not heard of for long. `probe`: one that may have recovered. `ahead`: before the
 * player asked. `steal`: it takes over blocks that a slower node had not come to. `hedge`: a slow block is asked for twice.
 * `failover`: the one before failed or went silent. `slow`: it replaces one that is far too slow. `corrupt-block`: it lied. `retry`:
 * another round after every source failed.
 */
export type Cause =
  | "first"
  | "race"
  | "explore"
  | "probe"
  | "ahead"
  | "steal"
  | "hedge"
  | "failover"
  | "slow"
  | "corrupt-block"
  | "retry";

/** A choice among nodes, with what was known when it was made. */
export interface Decision {
  readonly because: Cause;
  readonly chosen: readonly NodeId[];
  readonly candidates: readonly {
    readonly nodeId: NodeId;
    readonly predictedMs: number | null;
    readonly health: string;
  }[];
}

/** The last failure of a node. */
export interface NodeFailure {
  readonly nodeId: NodeId;
  readonly kind: FailureKind;
  readonly detail: string;
}

/**
 * `unreachable`: no source could be reached. `not-found`: every source says that it has no such chunk, so the record is
 * old. `corrupt`: every source lied. `unavailable`: anything else.
 */
export type GiveUpCode = "unreachable" | "not-found" | "corrupt" | "unavailable";
