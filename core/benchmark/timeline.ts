/** The course of one session's buffer from when its segments came, exact between two of them. */
import type { Timeline } from "./report.ts";

/** Corners of the buffer's line, and where it was empty. */
export type Playback = Pick<Timeline, "buffer" | "stalls">;

/**
 * Media goes in by whole segments and out by time, from the first segment on.
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
