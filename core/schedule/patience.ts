/**
 * How long an attempt may be silent. Four times the usual: the 95th percentile of the first byte,
 * the mean gap between reads (scheduling note 2.9).
 */
import type { Judgement, Verdict } from "./strategy.ts";

const PATIENCE_FACTOR = 4;
const MIN_FIRST_BYTE_PATIENCE_MS = 400;
const UNKNOWN_FIRST_BYTE_PATIENCE_MS = 600;
const MIN_GAP_PATIENCE_MS = 300;
/** A hung node may cost 800 ms, the first byte of its replacement included; a wrong guess costs one block twice. */
const MAX_PATIENCE_MS = 700;
/** A node so far away that the bound above is near its usual first byte gets at least this many times that. */
const FAR_PATIENCE_FACTOR = 2;
/** A silent attempt whose replacement has not delivered either may still come back for this long. */
const LAST_HOPE_MS = 3_000;

export function judgePatiently(judgement: Judgement): Verdict {
  const { attempt, nowMs } = judgement;
  const silentAtMs = attempt.lastProgressMs + patienceMs(judgement);
  const hopelessAtMs = silentAtMs + LAST_HOPE_MS;
  if (nowMs >= hopelessAtMs) return { is: "hopeless", reviewAtMs: nowMs };
  if (nowMs >= silentAtMs) return { is: "silent", reviewAtMs: hopelessAtMs };
  return { is: "on-time", reviewAtMs: silentAtMs };
}

function patienceMs({ attempt, view }: Judgement): number {
  if (attempt.firstByteMs !== null) {
    return clamp(PATIENCE_FACTOR * attempt.usualGapMs, MIN_GAP_PATIENCE_MS, MAX_PATIENCE_MS);
  }
  const usualMs = view?.firstByteMsP95 ?? null;
  if (usualMs === null) return UNKNOWN_FIRST_BYTE_PATIENCE_MS;
  const mostMs = Math.max(MAX_PATIENCE_MS, FAR_PATIENCE_FACTOR * usualMs);
  return clamp(PATIENCE_FACTOR * usualMs, MIN_FIRST_BYTE_PATIENCE_MS, mostMs);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
