/**
 * Which segment a player will ask for next, judged by what it asked for so far. A player that goes through a rendition
 * asks for the next one; after the init segment of a rendition it asks for a segment of it. After a jump or a switch of
 * quality nobody knows, and a wrong guess is waste.
 */

export interface Asked {
  readonly rendition: string;
  readonly slot: "init" | "segment";
  /** 0 for an init segment. */
  readonly seq: number;
}

export interface NextSegment {
  readonly rendition: string;
  readonly seq: number;
}

/** Requests of a session that are remembered: enough for sound and picture in turn, and a switch between. */
export const MAX_ASKED = 16;

/**
 * The segment behind the newest request.
 *
 * @param asked by one session, oldest first
 * @returns undefined when the player cannot be foreseen
 */
export function likelyNext(asked: readonly Asked[]): NextSegment | undefined {
  const last = asked.at(-1);
  if (last === undefined) return undefined;
  const { rendition } = last;
  if (last.slot === "init") return { rendition, seq: positionOf(asked) };
  const before = asked.slice(0, -1).findLast((one) => one.rendition === rendition);
  const goesThrough = before !== undefined && (before.slot === "init" || before.seq === last.seq - 1);
  return goesThrough ? { rendition, seq: last.seq + 1 } : undefined;
}

/** How many segments of its rendition the newest request closes, one behind the other. */
export function segmentsInARow(asked: readonly Asked[]): number {
  const own = asked.filter(({ slot, rendition }) => slot === "segment" && rendition === asked.at(-1)?.rendition);
  let count = own.length > 0 ? 1 : 0;
  while (count > 0 && count < own.length && own.at(-count - 1)?.seq === (own.at(-count)?.seq ?? 0) - 1) count += 1;
  return count;
}

/** Where the session is: behind the newest segment that it asked for, of whatever rendition; at the start without any. */
function positionOf(asked: readonly Asked[]): number {
  const newest = asked.findLast(({ slot }) => slot === "segment");
  return newest === undefined ? 0 : newest.seq + 1;
}
