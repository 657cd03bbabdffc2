/**
 * The breaker of one node: after a refused connection, or two other failures in short order, the node is left alone for
 * a while that doubles with every further failure; then one attempt may try it (half-open). Nygard, "Release It!",
 * chapter "Circuit Breaker".
 *
 * It judges whether a node answers. Whether it lies is quarantine.ts.
 */

const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 30_000;
/** Failures other than a refused connection that open the breaker, and the time in which they must fall. */
const STRIKES_TO_OPEN = 2;
const STRIKE_WINDOW_MS = 10_000;

export interface Breaker {
  /** Null while closed. */
  readonly openUntilMs: number | null;
  /** Of the last opening; 0 when the node has answered since. */
  readonly backoffMs: number;
  /** An attempt is trying the half-open node. */
  readonly trying: boolean;
  readonly strikes: number;
  readonly lastStrikeMs: number;
}

export type BreakerState = "closed" | "open" | "half-open";

export const CLOSED_BREAKER: Breaker = { openUntilMs: null, backoffMs: 0, trying: false, strikes: 0, lastStrikeMs: 0 };

/** `open` while the one attempt of a half-open breaker is under way: nobody else should join it. */
export function breakerState(breaker: Breaker, nowMs: number): BreakerState {
  if (breaker.openUntilMs === null) return "closed";
  return nowMs < breaker.openUntilMs || breaker.trying ? "open" : "half-open";
}

/** An attempt on the node begins. */
export function breakerAsked(breaker: Breaker, atMs: number): Breaker {
  return breakerState(breaker, atMs) === "half-open" ? { ...breaker, trying: true } : breaker;
}

/** The node proved that it works: a block of it was verified. */
export function breakerProved(breaker: Breaker): Breaker {
  return breaker === CLOSED_BREAKER ? breaker : CLOSED_BREAKER;
}

/**
 * An attempt was cancelled by ourselves. When it was the one that tried a half-open node and no byte had come, the node
 * rests as long again: else every segment would try it anew.
 */
export function breakerReleased(breaker: Breaker, answered: boolean, atMs: number): Breaker {
  if (!breaker.trying) return breaker;
  return answered ? CLOSED_BREAKER : { ...breaker, trying: false, openUntilMs: atMs + breaker.backoffMs };
}

/** The connection was refused: opens at once. */
export function breakerRefused(breaker: Breaker, atMs: number): Breaker {
  return opened(breaker, atMs);
}

/** The node was silent, broke off or answered with an error. */
export function breakerStruck(breaker: Breaker, atMs: number): Breaker {
  if (breaker.openUntilMs !== null) return opened(breaker, atMs);
  const strikes = atMs - breaker.lastStrikeMs <= STRIKE_WINDOW_MS ? breaker.strikes + 1 : 1;
  if (strikes >= STRIKES_TO_OPEN) return opened(breaker, atMs);
  return { ...breaker, strikes, lastStrikeMs: atMs };
}

/** Ends a long back-off early, at most {@link FIRST_BACKOFF_MS} from now: when all nodes fail at once, it is not the nodes. */
export function breakerShortened(breaker: Breaker, atMs: number): Breaker {
  if (breaker.openUntilMs === null) return breaker;
  const openUntilMs = Math.min(breaker.openUntilMs, atMs + FIRST_BACKOFF_MS);
  return { ...breaker, openUntilMs, backoffMs: FIRST_BACKOFF_MS };
}

function opened(breaker: Breaker, atMs: number): Breaker {
  // Several attempts that fail in the same moment are one piece of news, not a reason to double three times.
  if (breaker.openUntilMs !== null && atMs < breaker.openUntilMs) return { ...breaker, trying: false };
  const backoffMs = Math.min(MAX_BACKOFF_MS, Math.max(FIRST_BACKOFF_MS, breaker.backoffMs * 2));
  return { openUntilMs: atMs + backoffMs, backoffMs, trying: false, strikes: 0, lastStrikeMs: atMs };
}
