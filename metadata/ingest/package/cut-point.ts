/**
 * Decides where a segment ends. Pure: it sees lengths and sizes of groups (a group is what may not be cut: a keyframe and
 * the frames up to the next, or one audio packet) and says how many of them the next segment takes.
 */

import { SEGMENT_OVERHEAD_BYTES } from "./movie-fragment.ts";
import { MAX_CHUNK_BYTES, MAX_SEGMENT_SECONDS } from "#wire/contract/limits.ts";
import {
  SEGMENT_TOLERANCE_SECONDS,
  SHORTEST_CHOSEN_SEGMENT_SECONDS,
  TARGET_SEGMENT_SECONDS,
} from "./segment-limits.ts";

/** What a cut needs to know of a group. Each group alone is within the limits. */
export interface GroupSize {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly sizeBytes: number;
}

/**
 * With keyframes every 2.667 s, 2.667 and 5.333 lie equally far from 4: renditions of one video, whose timestamps round
 * differently, must choose alike, so near-ties go to the later one. Seconds.
 */
const TIE_SECONDS = 0.1;

/**
 * How many of the pending groups form the next segment: the end nearest to the target, within the limits. What would be left
 * as a sliver at the end joins the segment before it, if it can.
 *
 * @param pending groups in order, not yet in a segment
 * @param ended no more groups will come
 * @returns 0 when more groups must be seen first, which they must for at most the target length, a sliver and one group
 */
export function groupsInNextSegment(pending: readonly GroupSize[], ended: boolean): number {
  const count = nearestCut(pending, ended);
  const rest = pending.slice(count);
  if (count === 0 || lengthOf(rest) >= SHORTEST_CHOSEN_SEGMENT_SECONDS) return count;
  if (!ended) return 0;
  const sizeBytes = pending.reduce((sum, group) => sum + group.sizeBytes, 0);
  return exceedsLimits(lengthOf(pending), sizeBytes) ? count : pending.length;
}

function lengthOf(groups: readonly GroupSize[]): number {
  return (groups.at(-1)?.endSeconds ?? 0) - (groups[0]?.startSeconds ?? 0);
}

function nearestCut(pending: readonly GroupSize[], ended: boolean): number {
  const first = pending[0];
  if (first === undefined) return 0;
  let sizeBytes = 0;
  let previousSeconds = 0;
  for (const [index, group] of pending.entries()) {
    const lengthSeconds = group.endSeconds - first.startSeconds;
    sizeBytes += group.sizeBytes;
    if (index > 0 && exceedsLimits(lengthSeconds, sizeBytes)) return index;
    if (lengthSeconds >= TARGET_SEGMENT_SECONDS) {
      return isEarlierNearer(previousSeconds, lengthSeconds) ? index : index + 1;
    }
    previousSeconds = lengthSeconds;
  }
  return ended ? pending.length : 0;
}

/** Whether a segment of this length or size is refused. */
export function exceedsLimits(lengthSeconds: number, sizeBytes: number): boolean {
  if (lengthSeconds > MAX_SEGMENT_SECONDS + SEGMENT_TOLERANCE_SECONDS) return true;
  return sizeBytes + SEGMENT_OVERHEAD_BYTES > MAX_CHUNK_BYTES;
}

function isEarlierNearer(earlierSeconds: number, laterSeconds: number): boolean {
  if (earlierSeconds < SHORTEST_CHOSEN_SEGMENT_SECONDS) return false;
  return TARGET_SEGMENT_SECONDS - earlierSeconds < laterSeconds - TARGET_SEGMENT_SECONDS - TIE_SECONDS;
}
