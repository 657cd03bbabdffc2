/**
 * What happens to a node that delivered bytes which do not hash to what the record binds: 60 s without questions, and a
 * day when it does so again within ten minutes. A full disk sector and a liar look the same from here.
 */

const FIRST_QUARANTINE_MS = 60_000;
const SECOND_STRIKE_WINDOW_MS = 600_000;
/** "For long": the snapshot keeps it across restarts; a repaired node is welcome again the next day. */
const LONG_QUARANTINE_MS = 86_400_000;

export interface Quarantine {
  readonly untilMs: number | null;
  readonly lastLieMs: number | null;
}

export const NO_QUARANTINE: Quarantine = { untilMs: null, lastLieMs: null };

export function isQuarantined(quarantine: Quarantine, nowMs: number): boolean {
  return quarantine.untilMs !== null && nowMs < quarantine.untilMs;
}

/** A block of the node had wrong bytes. */
export function caughtLying(quarantine: Quarantine, atMs: number): Quarantine {
  const again = quarantine.lastLieMs !== null && atMs - quarantine.lastLieMs <= SECOND_STRIKE_WINDOW_MS;
  return { untilMs: atMs + (again ? LONG_QUARANTINE_MS : FIRST_QUARANTINE_MS), lastLieMs: atMs };
}

/** Ends a long quarantine early: when every node "lies", it is rather the block list that is wrong. */
export function quarantineShortened(quarantine: Quarantine, atMs: number): Quarantine {
  if (quarantine.untilMs === null) return quarantine;
  return { ...quarantine, untilMs: Math.min(quarantine.untilMs, atMs + FIRST_QUARANTINE_MS) };
}
