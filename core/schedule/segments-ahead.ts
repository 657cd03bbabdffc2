/**
 * Which segments to begin before the player asks, and which of those begun are no longer likely to be wanted: the same
 * answers for the worker (sw/look-ahead.ts) and for the simulator (core/simulation/engine-source.ts).
 */
import type { Asked, Foresight, NextSegment } from "./look-ahead.ts";
import type { Outlook, Strategy } from "./strategy.ts";

/** Segments of one rendition begun before the player asks: deeper, a switch of rendition wastes more than it gains. */
export const MAX_SEGMENTS_AHEAD = 3;

export interface AheadQuestion {
  /** Of the session: it is asked at every change, and foresees anew at every request alone. */
  readonly foresight: Foresight;
  readonly strategy: Pick<Strategy, "segmentsAhead">;
  readonly outlook: Outlook;
  /** Segments of the rendition; Infinity when nobody knows. */
  readonly segmentCount: number;
}

const NONE: readonly NextSegment[] = [];

/** The segments to have under way now, nearest first. */
export function segmentsAhead(question: AheadQuestion): readonly NextSegment[] {
  const { strategy, outlook, segmentCount } = question;
  const { next, stay } = question.foresight;
  const wanted = strategy.segmentsAhead(outlook, stay);
  if (wanted <= 0 || next === undefined) return NONE;
  const ahead: NextSegment[] = [];
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
