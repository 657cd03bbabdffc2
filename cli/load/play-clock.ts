/** What a viewer without a picture has in its buffer, and how often it ran dry. Pure; times in monotonic milliseconds. */

export interface PlayClock {
  /** When the buffer runs dry unless more comes; null before the first segment. */
  readonly dryAtMs: number | null;
  /** Segments that were there only after the buffer had run dry. */
  readonly late: number;
  readonly stalledMs: number;
}

export const NOT_PLAYING: PlayClock = { dryAtMs: null, late: 0, stalledMs: 0 };

/** Seconds that can still be played; null before the first segment. */
export function bufferedSeconds({ dryAtMs }: PlayClock, nowMs: number): number | null {
  return dryAtMs === null ? null : Math.max(0, (dryAtMs - nowMs) / 1000);
}

/** A segment of this length is whole now. */
export function withSegment({ dryAtMs, late, stalledMs }: PlayClock, seconds: number, nowMs: number): PlayClock {
  const lastsMs = seconds * 1000;
  if (dryAtMs === null) return { dryAtMs: nowMs + lastsMs, late, stalledMs };
  if (nowMs <= dryAtMs) return { dryAtMs: dryAtMs + lastsMs, late, stalledMs };
  return { dryAtMs: nowMs + lastsMs, late: late + 1, stalledMs: stalledMs + nowMs - dryAtMs };
}
