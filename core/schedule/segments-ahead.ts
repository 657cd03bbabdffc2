/**
 * Which segments to begin before the player asks, and which of those begun are no longer likely to be wanted: the same
 * answers for the worker (sw/look-ahead.ts) and for the simulator (core/simulation/engine-source.ts).
 */
import type { Asked, NextSegment } from "./look-ahead.ts";
import { likelyNext, stayOf } from "./look-ahead.ts";
import type { Outlook, Strategy } from "./strategy.ts";

/** Segments of one rendition begun before the player asks: deeper, a switch of rendition wastes more than it gains. */
export const MAX_SEGMENTS_AHEAD = 3;

export interface AheadQuestion {
  /** By one session, oldest first, up to the segment that is wanted. */
  readonly asked: readonly Asked[];
  readonly strategy: Pick<Strategy, "segmentsAhead">;
  readonly outlook: Outlook;
  /** Segments of the rendition; Infinity when nobody knows. */
  readonly segmentCount: number;
}

/** The segments to have under way now, nearest first. */
export function segmentsAhead({ asked, strategy, outlook, segmentCount }: AheadQuestion): NextSegment[] {
  const wanted = strategy.segmentsAhead(outlook, () => stayOf(asked));
  const next = wanted > 0 ? likelyNext(asked) : undefined;
  const ahead: NextSegment[] = [];
  if (next === undefined) return ahead;
  const endSeq = Math.min(segmentCount, next.seq + Math.min(MAX_SEGMENTS_AHEAD, wanted));
  for (let seq = next.seq; seq < endSeq; seq += 1) ahead.push({ rendition: next.rendition, seq });
  return ahead;
}

/**
 * Why the player will not want a segment that was begun ahead, now that it asked for something else; undefined when it
 * may. Sound and picture of one video go on beside each other, so neither says anything about the other.
 *
 * @param isSameKind both renditions are pictures, or both are sound
 */
export function unlikelyBecause(ahead: NextSegment, asked: Asked, isSameKind: boolean): string | undefined {
  if (ahead.rendition !== asked.rendition) return isSameKind ? "another-rendition" : undefined;
  if (asked.slot === "init") return undefined;
  const isNear = ahead.seq >= asked.seq && ahead.seq <= asked.seq + MAX_SEGMENTS_AHEAD;
  return isNear ? undefined : "elsewhere-in-time";
}
