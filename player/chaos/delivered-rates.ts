/**
 * What each node delivered to the players of this browser a moment ago, from the traces of the worker. The bytes of an
 * attempt are counted as if they had come evenly between its first and its last: exact over the attempt, near the edges of
 * the window as exact as attempts are short.
 */
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";

export const DELIVERED_WINDOW_MS = 10_000;

/**
 * @param session undefined: all players
 * @param nowMs Unix milliseconds
 * @returns bytes per second by node; nodes that delivered nothing are not in it
 */
export function deliveredRates(
  traces: Iterable<SegmentTrace>,
  session: string | undefined,
  nowMs: number,
): ReadonlyMap<string, number> {
  const fromMs = nowMs - DELIVERED_WINDOW_MS;
  const bytes = new Map<string, number>();
  for (const trace of traces) {
    if (session !== undefined && trace.session !== session) continue;
    for (const { nodeId, firstByteMs, endedMs, receivedBytes } of trace.attempts) {
      if (firstByteMs === null || receivedBytes === 0) continue;
      const beganMs = trace.startedAtMs + firstByteMs;
      const overMs = endedMs === null ? nowMs : trace.startedAtMs + endedMs;
      const share = overlap([beganMs, overMs], [fromMs, nowMs]);
      if (share > 0) bytes.set(nodeId, (bytes.get(nodeId) ?? 0) + receivedBytes * share);
    }
  }
  return new Map([...bytes].map(([nodeId, sum]) => [nodeId, (sum * 1000) / DELIVERED_WINDOW_MS]));
}

/** Share of the first that lies within the second, 0..1. */
function overlap([from, to]: readonly [number, number], [earliest, latest]: readonly [number, number]): number {
  if (to <= from) return from >= earliest && from <= latest ? 1 : 0;
  return Math.max(0, Math.min(to, latest) - Math.max(from, earliest)) / (to - from);
}
