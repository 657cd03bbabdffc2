/** The course of one session: its buffer, stalls, faults and requests. */

/** What one session looked like. Times in ms since the wish to play. */
export interface Timeline {
  readonly endMs: number;
  /** Corners of a line. */
  readonly buffer: readonly { readonly atMs: number; readonly bufferedSeconds: number }[];
  readonly stalls: readonly { readonly fromMs: number; readonly toMs: number }[];
  readonly attempts: readonly TimelineAttempt[];
  /** `toMs` null: until the end. */
  readonly faults: readonly {
    readonly nodeId: string;
    readonly kind: string;
    readonly fromMs: number;
    readonly toMs: number | null;
  }[];
}

export interface TimelineAttempt {
  readonly nodeId: string;
  readonly seq: number;
  readonly startedMs: number;
  readonly firstByteMs: number | null;
  readonly endedMs: number;
  readonly receivedBytes: number;
  readonly isHedge: boolean;
  /** `complete`, `failed`, `stalled`, `corrupt`, `cancelled`. */
  readonly outcome: string;
}

/** Corners of the buffer's line, and where it was empty. */
export type Playback = Pick<Timeline, "buffer" | "stalls">;

/**
 * The buffer from when segments came, exact between two of them. Media goes in by whole segments and out by time, from the first segment on.
 *
 * @param appendedMs when each segment came, rising
 */
export function playbackOf(appendedMs: readonly number[], segmentSeconds: number): Playback {
  const buffer: { atMs: number; bufferedSeconds: number }[] = [];
  const stalls: { fromMs: number; toMs: number }[] = [];
  let [lastMs, buffered] = [0, 0];
  for (const [seq, atMs] of appendedMs.entries()) {
    const emptyMs = lastMs + buffered * 1000;
    if (seq > 0 && emptyMs < atMs) {
      buffer.push({ atMs: emptyMs, bufferedSeconds: 0 });
      stalls.push({ fromMs: emptyMs, toMs: atMs });
      buffered = 0;
    } else buffered = Math.max(0, buffered - (atMs - lastMs) / 1000);
    buffer.push({ atMs, bufferedSeconds: buffered }, { atMs, bufferedSeconds: buffered + segmentSeconds });
    [lastMs, buffered] = [atMs, buffered + segmentSeconds];
  }
  if (buffered > 0) buffer.push({ atMs: lastMs + buffered * 1000, bufferedSeconds: 0 });
  return { buffer, stalls };
}
