/**
 * Checks that several packaged files can be renditions of one video: a player switches between them at segment
 * boundaries, so boundary n must be the same moment in all of them (RFC 8216 section 6.2.4).
 */

import { TARGET_SEGMENT_SECONDS } from "./segment-limits.ts";
import { UnsupportedMediaError } from "./unsupported-media-error.ts";

/** The boundaries of one packaged file. */
export interface RenditionTimeline {
  /** For the message: a file name or "720p". */
  readonly name: string;
  /** Frames per second; null without video or when unknown. */
  readonly frameRate: number | null;
  readonly segments: readonly { readonly startSeconds: number; readonly durationSeconds: number }[];
}

/** Half a frame at 25 frames per second, for timelines that do not tell their rate. Seconds. */
const USUAL_TOLERANCE_SECONDS = 0.02;

/**
 * Passes when all renditions have the same segments, to within half a frame of the slower of two.
 *
 * @throws UnsupportedMediaError `renditions-not-aligned`, naming the first difference
 */
export function assertAligned(renditions: readonly RenditionTimeline[]): void {
  const [first, ...others] = renditions;
  if (first === undefined) return;
  for (const other of others) assertPairAligned(first, other);
}

function assertPairAligned(first: RenditionTimeline, other: RenditionTimeline): void {
  const toleranceSeconds = Math.max(halfFrameSeconds(first), halfFrameSeconds(other));
  for (const [seq, segment] of first.segments.entries()) {
    const counterpart = other.segments[seq];
    if (counterpart === undefined) break;
    for (const [edge, seconds] of [["starts", 0] as const, ["ends", 1] as const]) {
      const here = segment.startSeconds + seconds * segment.durationSeconds;
      const there = counterpart.startSeconds + seconds * counterpart.durationSeconds;
      if (Math.abs(here - there) <= toleranceSeconds) continue;
      throw notAligned(
        `segment ${String(seq)} ${edge} at ${here.toFixed(3)} s in ${first.name} and ${there.toFixed(3)} s in ${other.name}`,
      );
    }
  }
  if (first.segments.length !== other.segments.length) {
    const counts = `${first.name} has ${String(first.segments.length)}, ${other.name} has ${String(other.segments.length)}`;
    throw notAligned(`the numbers of segments differ: ${counts}`);
  }
}

function halfFrameSeconds({ frameRate }: RenditionTimeline): number {
  return frameRate === null ? USUAL_TOLERANCE_SECONDS : 0.5 / frameRate;
}

function notAligned(found: string): UnsupportedMediaError {
  return new UnsupportedMediaError({
    code: "renditions-not-aligned",
    message: `Cannot use the files as renditions of one video: ${found}`,
    advice:
      "Encode all of them from one source with keyframes at the same times: add " +
      `-force_key_frames "expr:gte(t,n_forced*${String(TARGET_SEGMENT_SECONDS)})" to each ffmpeg command`,
  });
}
