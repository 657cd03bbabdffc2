/**
 * Giving up a piece that no record names any more: a delete with an epoch, sent when its time has come, as often as it takes.
 *
 * The node keeps, beside each piece, the highest version for which it was given it; a delete of a lower or equal epoch goes
 * through, any other is refused. A record's version only grows, and a piece is put again (the same bytes, a new version)
 * whenever a later record is to name it. So no delete can take what a record names, however late it comes.
 */
import type { Holder } from "../placement/record.ts";

export interface Release {
  /** Text of the position. */
  readonly key: string;
  readonly piece: Holder;
  /** The version of a record of this position that does not name the piece. */
  readonly epoch: number;
  readonly notBeforeSeconds: number;
}

/**
 * The releases whose time has come, longest waiting first. Their epochs must not be brought up to date before sending:
 * a later record that does not name the piece either may have come after one that did, and its readers have their grace.
 *
 * @param limit deletes to send now
 */
export function dueReleases(releases: readonly Release[], nowSeconds: number, limit: number): Release[] {
  return releases
    .filter(({ notBeforeSeconds }) => notBeforeSeconds <= nowSeconds)
    .sort((a, b) => a.notBeforeSeconds - b.notBeforeSeconds)
    .slice(0, limit);
}

/**
 * The node's side: whether it may delete the piece.
 *
 * @param givenForVersion the highest version of the record that it was given the piece for
 * @param epoch of the release
 */
export function mayDelete(givenForVersion: number, epoch: number): boolean {
  return givenForVersion <= epoch;
}
