/**
 * Ballots: totally ordered numbers of attempts to decide a register. The epoch comes first, so that every ballot of a newer
 * group beats every ballot of an older one; round 0 belongs to the owner of a new key, who alone may skip the first phase,
 * and to the coordinator of a reconfiguration, whose first phase was the seal.
 *
 * Source: Lamport, "Paxos Made Simple", 2001; the epoch as the leading part after Lamport, Malkhi, Zhou, "Vertical Paxos and
 * Primary-Backup Replication", PODC 2009.
 */

export interface Ballot {
  /** Of the group that votes, 1 or more. */
  readonly epoch: number;
  /** 0 skips the first phase: see the file's head. */
  readonly round: number;
  /** Random and new with each start of a proposer, never kept, never used again: two proposers share no ballot. */
  readonly proposer: string;
}

/** Negative when `a` comes before `b`; null, before every ballot, is "none yet". */
export function compareBallots(a: Ballot | null, b: Ballot | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (a.epoch !== b.epoch) return a.epoch - b.epoch;
  if (a.round !== b.round) return a.round - b.round;
  return a.proposer < b.proposer ? -1 : a.proposer > b.proposer ? 1 : 0;
}

/** For people: `epoch.round proposer`. */
export function ballotText(ballot: Ballot | null): string {
  return ballot === null ? "none" : `${ballot.epoch}.${ballot.round} ${ballot.proposer}`;
}
