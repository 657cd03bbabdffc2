/**
 * Where each player's playback stands, as it last said: the deadline of a segment follows from it. Lost with the worker;
 * until the player speaks again its segments count as urgent, and its quality as one that may change.
 */
import type { Clock } from "#wire/client/live-clock.ts";

/** Sessions remembered; the one that spoke longest ago is forgotten first. Tabs and players of one person. */
const MAX_SESSIONS = 64;
/** The page speaks several times a second while it plays. Silence this long means that nothing is known. */
const FORGOTTEN_AFTER_MS = 10_000;

export interface Playhead {
  /** Seconds of media in the buffer ahead of the position. */
  readonly bufferedSeconds: number;
  readonly playbackRate: number;
  readonly paused: boolean;
  readonly isQualityFixed: boolean;
}

export interface Playheads {
  set(session: string, playhead: Playhead): void;
  /** Seconds of playback left now, >= 0; null when the session has not spoken lately. */
  slackSeconds(session: string): number | null;
  /** Whether the player will not switch. However long ago it said so: it says when that changes. */
  isQualityFixed(session: string): boolean;
}

export function playheads(clock: Pick<Clock, "nowMs">): Playheads {
  const known = new Map<string, Playhead & { readonly atMs: number }>();
  return {
    set(session, playhead) {
      known.delete(session);
      known.set(session, { ...playhead, atMs: clock.nowMs() });
      for (const oldest of known.keys()) {
        if (known.size <= MAX_SESSIONS) break;
        known.delete(oldest);
      }
    },
    slackSeconds(session) {
      const last = known.get(session);
      if (last === undefined) return null;
      const sinceMs = clock.nowMs() - last.atMs;
      if (sinceMs > FORGOTTEN_AFTER_MS || !(last.playbackRate > 0)) return null;
      const playedSeconds = last.paused ? 0 : sinceMs / 1000;
      return Math.max(0, last.bufferedSeconds / last.playbackRate - playedSeconds);
    },
    isQualityFixed: (session) => known.get(session)?.isQualityFixed ?? false,
  };
}
