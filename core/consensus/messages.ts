/**
 * What proposers, acceptors and coordinators say to each other. A request names the group's epoch and the acceptor that it
 * is meant for, and carries any number of entries, one per key: a whole video is one message to each acceptor.
 */
import type { Ballot } from "./ballot.ts";
import type { GroupConfig } from "./group.ts";
import type { Value } from "./value.ts";

/** A value together with the ballot in which an acceptor accepted it. */
export interface Accepted<Body> {
  readonly ballot: Ballot;
  readonly value: Value<Body>;
}

/** One question about one key. */
export type Entry<Body> =
  | { readonly ask: "read"; readonly key: string }
  /** Phase 1. */
  | { readonly ask: "prepare"; readonly key: string; readonly ballot: Ballot }
  /** Phase 2. In round 0 only with a grant, which names the owner of the key's video and the epoch. */
  | { readonly ask: "accept"; readonly key: string; readonly ballot: Ballot; readonly value: Value<Body> }
  /** The value that a coordinator carries into a new epoch, in the coordinator's ballot of round 0. */
  | { readonly ask: "install"; readonly key: string; readonly ballot: Ballot; readonly value: Value<Body> };

export interface EntriesRequest<Body> {
  /** The epoch in which the acceptor is to vote. It keeps the members beside its votes, so that they can be found again. */
  readonly config: GroupConfig;
  /** Of the acceptor that the sender means; another one refuses. */
  readonly incarnation: string;
  /** Each key once. */
  readonly entries: readonly Entry<Body>[];
}

/** What an acceptor says of one key. */
export type Reply<Body> =
  | { readonly say: "state"; readonly accepted: Accepted<Body> | null }
  | { readonly say: "promised"; readonly accepted: Accepted<Body> | null }
  | { readonly say: "accepted" }
  | { readonly say: "installed" }
  /** `promised`: a higher ballot was promised. `taken`: another value has this ballot. `no-grant`: round 0 is not the sender's. */
  | {
      readonly say: "rejected";
      readonly because: "promised" | "taken" | "no-grant";
      readonly promised: Ballot | null;
    };

/** The acceptor does not vote in this epoch at all. */
export type Refusal =
  /** A newer epoch has begun, or is about to. */
  | { readonly say: "sealed"; readonly sealedEpoch: number }
  /** The message is meant for a disk that is no more. */
  | { readonly say: "stranger"; readonly incarnation: string };

/** Replies stand in the order of the entries. */
export type EntriesAnswer<Body> = { readonly say: "answered"; readonly replies: readonly Reply<Body>[] } | Refusal;

/**
 * Phase 1 for every key of a group at once: the acceptor votes in no epoch below `toEpoch` any more, and tells what it has
 * accepted, page by page. Between pages nothing changes, as only the holder of `toEpoch` could change it.
 */
export interface SealRequest {
  readonly group: number;
  readonly toEpoch: number;
  readonly incarnation: string;
  /** Last key of the page before; "" for the first. */
  readonly after: string;
  /** Keys on a page, 1 or more. */
  readonly limit: number;
}

export interface KeyState<Body> {
  readonly key: string;
  readonly accepted: Accepted<Body>;
}

export type SealAnswer<Body> =
  | {
      readonly say: "page";
      /** In the order of their keys. */
      readonly states: readonly KeyState<Body>[];
      readonly isLast: boolean;
    }
  | Refusal;
