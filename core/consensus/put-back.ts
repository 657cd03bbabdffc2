/**
 * Notices that the disk of an acceptor was put back to an earlier state (a snapshot, a backup): it has forgotten votes, and is
 * as dangerous as a wiped one, but has kept its name. What it says of itself in two reports tells.
 */

/** What a node says of its acceptor. */
export interface AcceptorReport {
  readonly incarnation: string;
  /** Times that a program has opened its memory, this one included. */
  readonly starts: number;
  /** Changes that it has made durable since it was made. */
  readonly writes: number;
  /** Random, of the program's start: process ids come again, in a container always the same. */
  readonly program: string;
}

/**
 * Whether `now` has forgotten what `before` knew. Numbers of one and the same program are not compared, but for its start:
 * reports that a stopped receiver finds waiting may come in any order.
 *
 * What was put back to a state of the moment before its last votes were reported cannot be told from an ordinary start.
 */
export function isPutBack(before: AcceptorReport, now: AcceptorReport): boolean {
  if (before.incarnation !== now.incarnation) return false;
  return now.starts < before.starts || (now.program !== before.program && now.writes < before.writes);
}
