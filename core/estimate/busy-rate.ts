/**
 * The rate of transfers that may overlap: all bytes over the time in which at least one was under way. What a player's
 * quality choice should rest on: a segment that came while others did has no honest rate of its own.
 */

export interface Span {
  readonly startMs: number;
  readonly endMs: number;
  readonly bytes: number;
}

/** Bytes per second; null when nothing or no time is measured. */
export function busyRate(spans: readonly Span[]): number | null {
  const inOrder = [...spans].sort((a, b) => a.startMs - b.startMs);
  let [bytes, busyMs, coveredToMs] = [0, 0, -Infinity];
  for (const span of inOrder) {
    bytes += span.bytes;
    busyMs += Math.max(0, span.endMs - Math.max(span.startMs, coveredToMs));
    coveredToMs = Math.max(coveredToMs, span.endMs);
  }
  return bytes > 0 && busyMs > 0 ? (bytes * 1000) / busyMs : null;
}
