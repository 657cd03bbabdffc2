/**
 * The refusals and their advice. Each advice names the two ways out: let the server re-encode (ffmpeg on its PATH), or
 * run one exact command before uploading. The commands were run with ffmpeg 5.1 on files that are refused here.
 */

import { LARGEST_SEGMENT_BYTES, LONGEST_SEGMENT_SECONDS, TARGET_SEGMENT_SECONDS } from "./segment-limits.ts";
import { UnsupportedMediaError } from "./unsupported-media-error.ts";

const SERVER_ADVICE = "Install ffmpeg on the server's PATH, so that it can re-encode the upload";
const KEYFRAMES = `-force_key_frames "expr:gte(t,n_forced*${String(TARGET_SEGMENT_SECONDS)})"`;

/** Makes a file that this packager takes from anything that ffmpeg reads. */
export const REENCODE_COMMAND =
  `ffmpeg -i INPUT -c:v libx264 -preset veryfast -crf 21 -pix_fmt yuv420p ${KEYFRAMES} ` +
  "-c:a aac -b:a 160k -ac 2 -movflags +faststart OUTPUT.mp4";
/** The same with a ceiling on the bitrate: 16 Mbit/s over 12 s is 24 MB at the very worst, 8 MB at 4 s. */
const SMALLER_COMMAND = REENCODE_COMMAND.replace("-crf 21", "-crf 23 -maxrate 12M -bufsize 12M");
/** Keeps the video as it is, and makes its audio playable. */
export const REENCODE_AUDIO_COMMAND =
  "ffmpeg -i INPUT -map 0:v:0? -map 0:a:0 -c:v copy -c:a aac -b:a 160k -ac 2 -movflags +faststart OUTPUT.mp4";

/** Shows the last frame for as long as the sound lasts. */
const LENGTHEN_VIDEO_COMMAND = REENCODE_COMMAND.replace(
  "-c:v libx264",
  "-vf tpad=stop=-1:stop_mode=clone -shortest -c:v libx264",
);

function reencode(command: string): string {
  return `${SERVER_ADVICE}, or convert it before the upload: ${command}`;
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

/** The bytes are of no video container that we know. */
export function notMedia(found: string): UnsupportedMediaError {
  return new UnsupportedMediaError({
    code: "not-media",
    message: `Cannot read the file as a video: ${found}`,
    advice: "Upload an MP4, MOV, MKV or WebM file",
  });
}

/** A media container that only ffmpeg can read. `name` is for people: "AVI". */
export function unsupportedContainer(name: string): UnsupportedMediaError {
  return new UnsupportedMediaError({
    code: "unsupported-container",
    message: `Cannot package ${name} files without ffmpeg: MP4, MOV, MKV and WebM are readable`,
    advice: reencode(REENCODE_COMMAND),
  });
}

/** A track that browsers do not play from fMP4. `name` is for people: "HEVC (H.265)". */
export function unsupportedCodec(kind: "video" | "audio", name: string): UnsupportedMediaError {
  const playable = kind === "video" ? "H.264, VP9 and AV1" : "AAC, Opus and FLAC";
  return new UnsupportedMediaError({
    code: "unsupported-codec",
    message: `Cannot play ${kind} codec ${name} in browsers: ${playable} are playable`,
    advice: reencode(kind === "video" ? REENCODE_COMMAND : REENCODE_AUDIO_COMMAND),
  });
}

/** The track is encrypted, so nobody without the key can help. */
export function encryptedTrack(kind: "video" | "audio"): UnsupportedMediaError {
  return new UnsupportedMediaError({
    code: "unsupported-codec",
    message: `Cannot package the ${kind} track as it is encrypted (DRM)`,
    advice: "Upload an unencrypted copy",
  });
}

/** From one keyframe to the next (or to the end) is longer than a segment may be. */
export function keyframesTooFarApart(startSeconds: number, endSeconds: number): UnsupportedMediaError {
  const limit = String(LONGEST_SEGMENT_SECONDS);
  return new UnsupportedMediaError({
    code: "keyframes-too-far-apart",
    message:
      `Cannot cut segments of at most ${limit} s: ` +
      `there is no keyframe that a browser can start from (IDR) between ${seconds(startSeconds)} and ${seconds(endSeconds)}`,
    advice: reencode(REENCODE_COMMAND),
  });
}

/** The sound goes on for longer than a segment after the last picture. */
export function videoEndsEarly(endSeconds: number): UnsupportedMediaError {
  return new UnsupportedMediaError({
    code: "keyframes-too-far-apart",
    message:
      `Cannot cut segments of at most ${String(LONGEST_SEGMENT_SECONDS)} s: ` +
      `the video ends at ${seconds(endSeconds)} and the audio goes on`,
    advice: reencode(LENGTHEN_VIDEO_COMMAND),
  });
}

/** Nothing a player could start with: no instantaneous decoder refresh in the whole track. */
export function noKeyframe(): UnsupportedMediaError {
  return new UnsupportedMediaError({
    code: "keyframes-too-far-apart",
    message: "Cannot cut segments as the video has no keyframe that a browser can start from (IDR)",
    advice: reencode(REENCODE_COMMAND),
  });
}

/** The frames between two keyframes are larger than a chunk may be. */
export function segmentTooLarge(startSeconds: number, sizeBytes: number): UnsupportedMediaError {
  const limit = `${String(LARGEST_SEGMENT_BYTES / 1024 / 1024)} MiB`;
  const found = `${(sizeBytes / 1024 / 1024).toFixed(1)} MiB`;
  return new UnsupportedMediaError({
    code: "segment-too-large",
    message: `Cannot cut a segment of at most ${limit} at ${seconds(startSeconds)}: up to the next keyframe are ${found}`,
    advice: reencode(SMALLER_COMMAND),
  });
}

/** The container is one of ours, but its contents contradict themselves or end early. */
export function damaged(found: string, cause?: unknown): UnsupportedMediaError {
  return new UnsupportedMediaError({
    code: "damaged",
    message: `Cannot read the file to its end as it is damaged or incomplete: ${found}`,
    advice:
      "Upload the complete file again; if it only plays partly elsewhere too, " +
      `convert it before the upload: ${REENCODE_COMMAND}`,
    cause,
  });
}
