/**
 * Decides how a file becomes a video: its frames as they are, cut by ourselves (`repackage`) or by ffmpeg (`copy`), or
 * encoded anew (`encode`). Pure; decision 0008 says why in this order. Cheaper ways come first, and each can fail on what only
 * reading the whole file shows: then the next is tried.
 */
import { unsupportedCodec } from "../package/refusals.ts";
import type { UnsupportedMediaError } from "../package/unsupported-media-error.ts";
import type { LadderSetting, Rung } from "./ladder.ts";
import { LARGEST_SHORT_SIDE, ladderOf, SMALLEST_SHORT_SIDE } from "./ladder.ts";
import type { MediaFacts, VideoFacts } from "./media-facts.ts";
import { dolbyVisionOnly, tooLong } from "./refusals.ts";
import { MAX_SEGMENTS } from "#wire/contract/limits.ts";

export type Route =
  | { readonly kind: "repackage" }
  | { readonly kind: "copy" }
  /** No rungs: sound alone. */
  | { readonly kind: "encode"; readonly rungs: readonly Rung[] };

/** A longer wait between two keyframes makes every seek and every switch slow. Seconds. */
const LONGEST_KEYFRAME_GAP_SECONDS = 8;
/** What plays as it is, but not on every connection. */
const LARGEST_PLAIN_BITS_PER_SECOND = 6_000_000;

const PLAYABLE_VIDEO = ["h264", "vp9", "av1"];
export const PLAYABLE_AUDIO = ["aac", "opus", "flac"];
/** Containers whose timestamps can be trusted for a copy; AVI has none, and H.264 needs them. */
const COPIED_CONTAINERS = ["mpegts", "flv", "matroska", "webm", "mov", "mp4"];
/** Segments that ffmpeg cuts are this long. Seconds. */
export const ENCODED_SEGMENT_SECONDS = 4;

export interface RouteInput {
  readonly media: MediaFacts;
  /** Why our own packager cannot even open it; null when it can. */
  readonly refusal: UnsupportedMediaError | null;
  /** By the container's index, when it tells them. Seconds, ascending. */
  readonly keyframeTimesSeconds: readonly number[] | null;
  readonly ladder: LadderSetting;
}

/**
 * @returns at least one way, cheapest first
 * @throws UnsupportedMediaError when no way leads anywhere
 */
export function routesFor({ media, refusal, keyframeTimesSeconds, ladder }: RouteInput): Route[] {
  const { video, audio, durationSeconds } = media;
  if (video?.isDolbyVisionOnly === true) throw dolbyVisionOnly();
  if ((durationSeconds ?? 0) > MAX_SEGMENTS * ENCODED_SEGMENT_SECONDS) throw tooLong(durationSeconds ?? 0);
  if (video?.codec === "unknown") throw unsupportedCodec("video", "of unknown name");
  const encode: Route = { kind: "encode", rungs: video === null ? [] : ladderOf(video, ladder !== "off") };
  const hasPlayableSound = audio.length === 0 || audio.some(({ codec }) => PLAYABLE_AUDIO.includes(codec));
  if (video === null) return refusal === null && hasPlayableSound ? [{ kind: "repackage" }, encode] : [encode];
  if (wantsEncoding(video) || wantsLadder(media, ladder) || isSparse(keyframeTimesSeconds)) return [encode];
  if (refusal === null && hasPlayableSound) return [{ kind: "repackage" }, encode];
  const isCopied = media.container.split(",").some((name) => COPIED_CONTAINERS.includes(name));
  // What our packager calls damaged may still decode, but its timestamps are not to be trusted.
  return video.codec === "h264" && isCopied && refusal?.code !== "damaged" ? [{ kind: "copy" }, encode] : [encode];
}

/** Whether browsers do not play the picture, or not as it is meant. */
function wantsEncoding(video: VideoFacts): boolean {
  const { codec, isOrdinaryPixels, isInterlaced, highDynamicRange } = video;
  return !PLAYABLE_VIDEO.includes(codec) || !isOrdinaryPixels || isInterlaced || highDynamicRange !== null;
}

function wantsLadder({ video, sizeBytes, durationSeconds }: MediaFacts, ladder: LadderSetting): boolean {
  if (video === null || ladder === "off") return false;
  const side = Math.min(video.width, video.height);
  if (ladder === "always") return side > SMALLEST_SHORT_SIDE;
  const bitsPerSecond = durationSeconds === null ? 0 : (sizeBytes * 8) / durationSeconds;
  return side > LARGEST_SHORT_SIDE || bitsPerSecond > LARGEST_PLAIN_BITS_PER_SECOND;
}

function isSparse(times: readonly number[] | null): boolean {
  if (times === null) return false;
  return times.some((time, index) => time - (times[index - 1] ?? time) > LONGEST_KEYFRAME_GAP_SECONDS);
}
