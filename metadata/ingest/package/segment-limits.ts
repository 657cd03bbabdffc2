/**
 * The lengths of a segment, in one place, because the packager, its refusals, and their advice all quote them. The
 * longest and the largest are part of the contract: MAX_SEGMENT_SECONDS and MAX_CHUNK_BYTES in wire/contract/limits.ts.
 */

/** Aimed at: short enough to switch and to start quickly, long enough that requests stay few. Seconds. */
export const TARGET_SEGMENT_SECONDS = 4;

/**
 * A keyframe earlier than this is not chosen although it lies nearer to the target: a sliver of a segment costs a
 * request and a record like a full one. At the end it would also keep hls.js from ever ending: it takes no notice of edit
 * lists, dates segments with B-frames two or three frames late, and looks for a last one of one frame behind all that is
 * buffered. Seconds.
 */
export const SHORTEST_CHOSEN_SEGMENT_SECONDS = 1;

/** Floating point and 1/1000 s timestamps (Matroska) must not turn 12 s into a refusal. Seconds. */
export const SEGMENT_TOLERANCE_SECONDS = 0.002;
