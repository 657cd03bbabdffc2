/**
 * Decayed demand: bytes served per byte stored, forgotten by half-lives. h <- h * 2^(-dt/H) + served/size, with a short H
 * that sees a crowd come and a long one that does not forget a video over night.
 *
 * Kept are decayed bytes, and how often the video was viewed since it is there (the ancestor's measure, which forgets
 * nothing). A demand of 1 on the short half-life is one whole reading just now. Times in seconds, of any clock that goes
 * on; a clock that went back is taken to have stood still.
 */
import { leftAfter } from "../half-life.ts";
import { invariant } from "../invariant.ts";

export interface HalfLives {
  readonly shortHalfLifeSeconds: number;
  readonly longHalfLifeSeconds: number;
}

/** What was served of one thing, as it fades. */
export interface Heat {
  readonly atSeconds: number;
  readonly shortBytes: number;
  readonly longBytes: number;
  /** All views there ever were; they do not fade. */
  readonly views: number;
}

/**
 * Decayed bytes served per byte stored, >= 0. Something that is read at an even rate comes to 1.44 times its readings within
 * a half-life; the long one is scaled to the short half-life, so that both are estimates of the same rate and one threshold
 * means the same of both.
 */
export interface Demand {
  readonly short: number;
  readonly long: number;
}

export const NO_HEAT: Heat = { atSeconds: 0, shortBytes: 0, longBytes: 0, views: 0 };

/** What happened since the last time: bytes that nodes served, views that were counted. Both >= 0. */
export interface Served {
  readonly bytes: number;
  readonly views: number;
}

/** The heat as it is at a later time. */
export function cooled(heat: Heat, halfLives: HalfLives, atSeconds: number): Heat {
  const seconds = atSeconds - heat.atSeconds;
  if (seconds <= 0) return heat;
  return {
    atSeconds,
    shortBytes: heat.shortBytes * leftAfter(seconds / halfLives.shortHalfLifeSeconds),
    longBytes: heat.longBytes * leftAfter(seconds / halfLives.longHalfLifeSeconds),
    views: heat.views,
  };
}

export function heated(heat: Heat, served: Served, halfLives: HalfLives, atSeconds: number): Heat {
  invariant(served.bytes >= 0 && served.views >= 0, `Cannot count ${served.bytes} bytes and ${served.views} views`);
  const now = cooled(heat, halfLives, atSeconds);
  return {
    ...now,
    shortBytes: now.shortBytes + served.bytes,
    longBytes: now.longBytes + served.bytes,
    views: now.views + served.views,
  };
}

/** What two have seen of one thing, as if one had seen it all; in any order, but for the last bit. */
export function mergedHeat(one: Heat, other: Heat, halfLives: HalfLives): Heat {
  const atSeconds = Math.max(one.atSeconds, other.atSeconds);
  const [a, b] = [cooled(one, halfLives, atSeconds), cooled(other, halfLives, atSeconds)];
  return {
    atSeconds,
    shortBytes: a.shortBytes + b.shortBytes,
    longBytes: a.longBytes + b.longBytes,
    views: a.views + b.views,
  };
}

/**
 * @param sizeBytes of what is stored, > 0: the bytes themselves, not those of its copies, or changing the form would change
 * the demand
 */
export function demandOf(heat: Heat, sizeBytes: number, halfLives: HalfLives, atSeconds: number): Demand {
  invariant(sizeBytes > 0, `Cannot tell the demand of ${sizeBytes} bytes`);
  const { shortBytes, longBytes } = cooled(heat, halfLives, atSeconds);
  const scale = halfLives.shortHalfLifeSeconds / halfLives.longHalfLifeSeconds;
  return { short: shortBytes / sizeBytes, long: (longBytes * scale) / sizeBytes };
}
