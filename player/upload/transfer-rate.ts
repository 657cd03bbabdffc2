/**
 * How fast something advances and how long it will still take, from what was seen in the last seconds. Works for bytes sent
 * as for seconds of media stored. Pure: the time is an argument (monotonic milliseconds).
 */

/** Long enough to smooth a slow network's bursts, short enough to notice that it became faster. */
const WINDOW_MS = 12_000;
/** A shorter look gives a number that jumps. */
const SHORTEST_LOOK_MS = 800;
/** Closer points are merged, so that a window holds at most about fifty. */
const MERGE_MS = 250;
const MAX_POINTS = 64;

interface Point {
  readonly atMs: number;
  readonly amount: number;
}

/** What was seen; begin with {@link NOTHING_SEEN}. */
export type Progression = readonly Point[];

export const NOTHING_SEEN: Progression = [];

/** @param amount how much is done in all; less than before (something was lost and is done again) starts over */
export function seen(progression: Progression, amount: number, atMs: number): Progression {
  const last = progression.at(-1);
  if (last !== undefined && amount < last.amount) return [{ atMs, amount }];
  const before = progression.at(-2);
  const isClose = last !== undefined && before !== undefined && last.atMs - before.atMs < MERGE_MS;
  const kept = (isClose ? progression.slice(0, -1) : progression).filter((point) => atMs - point.atMs <= WINDOW_MS);
  return [...kept, { atMs, amount }].slice(-MAX_POINTS);
}

/** Amount per second; null while too little was seen. Time without a new point counts, so that a standstill shows. */
export function ratePerSecond(progression: Progression, nowMs: number): number | null {
  const [first] = progression;
  const last = progression.at(-1);
  if (first === undefined || last === undefined || last.atMs - first.atMs < SHORTEST_LOOK_MS) return null;
  return ((last.amount - first.amount) * 1000) / Math.max(1, nowMs - first.atMs);
}

/** Seconds until `total` is reached; null when nothing moves or too little was seen. */
export function secondsLeft(progression: Progression, total: number, nowMs: number): number | null {
  const rate = ratePerSecond(progression, nowMs);
  const done = progression.at(-1)?.amount ?? 0;
  if (rate === null || rate <= 0) return null;
  return Math.max(0, total - done) / rate;
}

/** Time left in words, no more exact than it is known. */
export function leftText(seconds: number): string {
  if (seconds < 10) return "a few seconds left";
  if (seconds < 55) return `about ${Math.ceil(seconds / 10) * 10} s left`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `about ${Math.max(1, minutes)} min left`;
  const hours = seconds / 3600;
  return hours < 48 ? `about ${hours < 9.5 ? hours.toFixed(1) : Math.round(hours)} h left` : "days left";
}
