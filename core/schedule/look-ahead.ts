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
 * The segment behind the newest request. A request that was made again, after an error or a timeout, says nothing new.
 *
 * @param asked by one session, oldest first
 * @returns undefined when the player cannot be foreseen
 */
export function likelyNext(asked: readonly Asked[]): NextSegment | undefined {
  const last = asked.at(-1);
  if (last === undefined) return undefined;
  const { rendition, slot, seq } = last;
  if (slot === "init") return { rendition, seq: positionOf(asked) };
  const before = asked.findLast((one) => one.rendition === rendition && (one.slot !== slot || one.seq !== seq));
  const goesThrough = before !== undefined && (before.slot === "init" || before.seq === seq - 1);
  return goesThrough ? { rendition, seq: seq + 1 } : undefined;
}

/** How many segments of its rendition the newest request closes, one behind the other; one that was asked for again is one. */
export function segmentsInARow(asked: readonly Asked[]): number {
  const rendition = asked.at(-1)?.rendition;
  let count = 0;
  let nextSeq: number | null = null;
  for (let at = asked.length - 1; at >= 0; at -= 1) {
    const one = asked[at];
    if (one === undefined || one.rendition !== rendition || one.slot !== "segment" || one.seq === nextSeq) continue;
    if (nextSeq !== null && one.seq !== nextSeq - 1) break;
    nextSeq = one.seq;
    count += 1;
  }
  return count;
}

/** How a player stays with the rendition that it asked for last. */
export interface Stay {
  /** {@link segmentsInARow}. */
  readonly inARow: number;
  /** As far as is remembered, it came from another one. */
  readonly hasSwitched: boolean;
}

export function stayOf(asked: readonly Asked[]): Stay {
  const inARow = segmentsInARow(asked);
  const last = asked.at(-1);
  if (last === undefined || inARow === 0) return { inARow, hasSwitched: false };
  const firstSeq = last.seq - inARow + 1;
  // Sound beside the picture is another rendition too, but it goes on.
  const goesOn = ({ rendition }: Asked) => asked.some((one) => one.rendition === rendition && one.seq >= firstSeq);
  const hasSwitched = asked.some((one) => one.slot === "segment" && one.rendition !== last.rendition && !goesOn(one));
  return { inARow, hasSwitched };
}

/** What follows from the requests of a session: the same until the next one. */
export interface Foresight {
  /** {@link likelyNext}. */
  readonly next: NextSegment | undefined;
  readonly stay: Stay;
}

/** @param asked by one session, oldest first, up to the segment that is wanted */
export function foresee(asked: readonly Asked[]): Foresight {
  return { next: likelyNext(asked), stay: stayOf(asked) };
}

/** Where the session is: behind the newest segment that it asked for, of whatever rendition; at the start without any. */
function positionOf(asked: readonly Asked[]): number {
  const newest = asked.findLast(({ slot }) => slot === "segment");
  return newest === undefined ? 0 : newest.seq + 1;
}
