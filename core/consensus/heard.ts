/** What a proposer has heard of acceptors in one turn, and what follows from it. */
import type { Ballot } from "./ballot.ts";
import { compareBallots } from "./ballot.ts";
import type { Accepted, Reply } from "./messages.ts";

/** Replies of a turn by node id. A reply that does not help is null. */
export type Replies<Body> = ReadonlyMap<string, Reply<Body> | null>;

/** A copy with one more; `new Map(replies)` took twice as long. */
export function withReply<Body>(replies: Replies<Body>, from: string, reply: Reply<Body> | null): Replies<Body> {
  const more = new Map<string, Reply<Body> | null>();
  for (const [nodeId, known] of replies) more.set(nodeId, known);
  return more.set(from, reply);
}

/** The values that acceptors told of. */
export function heardOf<Body>(replies: readonly Reply<Body>[]): Accepted<Body>[] {
  return replies.flatMap((reply) =>
    (reply.say === "promised" || reply.say === "state") && reply.accepted !== null ? [reply.accepted] : [],
  );
}

/** The one of the highest ballot. */
export function highestOf<Body>(heard: readonly Accepted<Body>[]): Accepted<Body> | null {
  return heard.reduce<Accepted<Body> | null>(
    (best, one) => (compareBallots(one.ballot, best?.ballot ?? null) > 0 ? one : best),
    null,
  );
}

/** The value that all of them have in one ballot; null when they differ, or there is none. */
export function agreedOf<Body>(heard: readonly Accepted<Body>[]): Accepted<Body> | null {
  const [first] = heard;
  const differs = heard.some(({ ballot }) => compareBallots(ballot, first?.ballot ?? null) !== 0);
  return first === undefined || differs ? null : first;
}

/** Rounds of older epochs are no measure: the epoch alone beats them. */
export function roundOf(ballot: Ballot | null, epoch: number): number {
  return ballot?.epoch === epoch ? ballot.round : 0;
}
