/**
 * The lengths of a segment, in one place, because the packager, its refusals, and their advice all quote them.
 */

/** Aimed at: short enough to switch and to start quickly, long enough that requests stay few. Seconds. */
export const TARGET_SEGMENT_SECONDS = 4;

/**
 * A keyframe earlier than this is not chosen although it lies nearer to the target: a sliver of a segment costs a
 * request and a record like a full one. Seconds.
 */
export const SHORTEST_CHOSEN_SEGMENT_SECONDS = 1;

/** No segment is longer: a player cannot switch, seek, or recover inside one. Seconds. */
export const LONGEST_SEGMENT_SECONDS = 12;

/** No segment is larger, boxes included: it is one stored chunk, which nodes hash and the gateway buffers. Bytes. */
export const LARGEST_SEGMENT_BYTES = 16 * 1024 * 1024;

/** Floating point and 1/1000 s timestamps (Matroska) must not turn 12 s into a refusal. Seconds. */
export const SEGMENT_TOLERANCE_SECONDS = 0.002;
