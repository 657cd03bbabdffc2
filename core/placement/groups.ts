/**
 * Acceptor groups of positions: all positions of a video share one group, so that a whole video is one message to each
 * acceptor; the groups spread the videos over the nodes. A group votes with five nodes where there are so many: its
 * decisions survive the loss of two, as the bytes do.
 */
import type { VideoId } from "../ids.ts";
import { hash32 } from "../text-hash.ts";

/** Fixed at the birth of a cluster format: a video's group never changes. */
export const GROUP_COUNT = 64;

/** Acceptors of a group when nobody asks for another number. */
export const DEFAULT_ACCEPTORS = 5;

/** The group of a video's positions, 0..{@link GROUP_COUNT} - 1. */
export function groupOfVideo(videoId: VideoId): number {
  return hash32(videoId) % GROUP_COUNT;
}

/**
 * How many acceptors a group has: the wanted number when there are so many nodes, else three, else every node.
 *
 * @param wanted 3 or 5
 */
export function acceptorCount(nodeCount: number, wanted: 3 | 5): number {
  if (nodeCount >= wanted) return wanted;
  return nodeCount >= 3 ? 3 : nodeCount;
}
