/**
 * The timeline of the packaged video. The first frame is shown at 0 and the tracks keep their offset to each other.
 * Encoders put a packet or two of priming before the first audible sample: those stay, hidden by an edit list in the
 * init segment, which Chromium and ffmpeg honour, so that the first audible sample decodes as it should.
 */

import type { TrackTiming } from "./sample-reader.ts";

/**
 * Audio that leads the video by no more is priming (AAC: 1024 to 2112 samples, 48 ms at 44.1 kHz; Opus: 7 ms); more is
 * sound that was meant to be heard, and the video then starts late. Seconds.
 */
const LONGEST_PRIMING_SECONDS = 0.1;

/** Below this, frame times in a source's own ticks are refined by powers of ten; above the limit, 90 kHz is used. */
const SMALLEST_TIMESCALE = 10_000;
const LARGEST_TIMESCALE = 1_000_000;
const USUAL_TIMESCALE = 90_000;

/**
 * The source time that becomes 0.
 *
 * @param videoStartSeconds source time of the first keyframe; null without video
 * @param audioStartSeconds source time of the first audio packet, negative where priming is hidden; null without audio
 */
export function commonOriginSeconds(videoStartSeconds: number | null, audioStartSeconds: number | null): number {
  // Without video, the container's own 0 takes the part of the first frame, where it is near.
  const hasNearZero =
    audioStartSeconds !== null && audioStartSeconds < 0 && -audioStartSeconds <= LONGEST_PRIMING_SECONDS;
  const anchorSeconds = videoStartSeconds ?? (hasNearZero ? 0 : audioStartSeconds) ?? 0;
  if (audioStartSeconds === null) return anchorSeconds;
  const leadSeconds = anchorSeconds - audioStartSeconds;
  return leadSeconds > LONGEST_PRIMING_SECONDS ? audioStartSeconds : anchorSeconds;
}

/**
 * Timing of a video track: the source's own ticks, so that no frame time is rounded.
 *
 * @param sourceTimescale ticks per second of the source; not always whole in Matroska
 */
export function videoTiming(sourceTimescale: number, originSeconds: number): TrackTiming {
  let timescale = sourceTimescale;
  while (timescale >= 1 && timescale < SMALLEST_TIMESCALE) timescale *= 10;
  const isUsable = Number.isInteger(timescale) && timescale >= 1 && timescale <= LARGEST_TIMESCALE;
  return { timescale: isUsable ? timescale : USUAL_TIMESCALE, originSeconds, editTicks: 0 };
}

/**
 * Timing of an audio track: its sample rate, as mediabunny declares it in the init segment.
 *
 * @param sampleRate samples per second
 */
export function audioTiming(sampleRate: number, start: { originSeconds: number; firstSeconds: number }): TrackTiming {
  const editTicks = Math.max(0, Math.round((start.originSeconds - start.firstSeconds) * sampleRate));
  return { timescale: sampleRate, originSeconds: start.originSeconds, editTicks };
}

/**
 * How much later than they are shown the frames of a video are dated (see movie-fragment.ts), from its first segment.
 * An encoder keeps its habits: one without B-frames in the first seconds uses none later; one with B-frames may
 * reference them (a pyramid) only later, which takes one frame more. Were it more still, an offset would be negative.
 *
 * @param neededTicks what the first segment needs
 * @param frameTicks the longest frame of the first segment
 */
export function videoDelayTicks(neededTicks: number, frameTicks: number): number {
  return neededTicks === 0 ? 0 : neededTicks + frameTicks;
}
