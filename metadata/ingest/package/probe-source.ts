/**
 * Tells what an uploaded file is, before anything is packaged: container, length, picture, codecs. Reads headers and
 * indexes only. An unplayable codec is a fact here, not a refusal: with ffmpeg the server may still take the file.
 */

import type { InputVideoTrack } from "mediabunny";
import { keyframeTimes } from "./keyframes.ts";
import { codecName, hlsCodec } from "./playable-codecs.ts";
import { openSourceFile, reading, type SourceFile } from "./source-file.ts";

/** Facts about one source file, about the tracks that would be packaged. */
export interface SourceFacts {
  /** "MP4", "MOV", "Matroska" or "WebM". */
  readonly container: string;
  /** From the first sample to the end of the longer track. In Matroska and WebM as the file says, else computed. */
  readonly durationSeconds: number;
  /** As shown: after rotation and pixel aspect ratio. Pixels; null without video. */
  readonly width: number | null;
  readonly height: number | null;
  /** Frames per second: the underlying rate, or the best guess for variable rates. */
  readonly frameRate: number | null;
  /** For people: "AVC (avc1.64001f)". Null without such a track. */
  readonly videoCodec: string | null;
  readonly audioCodec: string | null;
  /** RFC 6381 list for the HLS CODECS attribute; without codecs of unknown strings. */
  readonly codecs: string;
  /** Clockwise degrees by which the picture is turned for showing: 0, 90, 180, 270. */
  readonly rotation: number;
  readonly sizeBytes: number;
  /** Keyframes by the container's index, from the first one on. Missing for Matroska, WebM, and all-intra films. */
  readonly keyframeTimesSeconds?: number[];
}

/**
 * Probes one file.
 *
 * @param path file on disk
 * @param signal stops reading
 * @throws UnsupportedMediaError `not-media`, `unsupported-container` or `damaged`
 * @throws Error of `node:fs` when the file cannot be opened; the signal's reason when aborted
 */
export async function probeSource(path: string, signal: AbortSignal): Promise<SourceFacts> {
  const source = await openSourceFile(path, signal);
  try {
    return await reading(signal, () => factsOf(source, signal));
  } finally {
    source.close();
  }
}

/** The same from a source that is open. */
async function factsOf(source: SourceFile, signal: AbortSignal): Promise<SourceFacts> {
  const { video, audio } = source;
  const picture = video === null ? null : await pictureOf(video.track);
  const times = await keyframeTimes(source, signal);
  const firstSeconds = times?.[0] ?? 0;
  return {
    container: source.container,
    durationSeconds: await durationOf(source),
    width: picture?.width ?? null,
    height: picture?.height ?? null,
    frameRate: picture?.frameRate ?? null,
    videoCodec: video === null ? null : codecName(video.codec),
    audioCodec: audio === null ? null : codecName(audio.codec),
    codecs: codecsOf(source),
    rotation: picture?.rotation ?? 0,
    sizeBytes: source.sizeBytes,
    ...(times === null ? {} : { keyframeTimesSeconds: times.map((time) => time - firstSeconds) }),
  };
}

/** RFC 6381 list of the chosen tracks, video first. */
function codecsOf(source: SourceFile): string {
  const strings = [source.video?.codec.parameterString ?? null, source.audio?.codec.parameterString ?? null];
  return strings
    .filter((string) => string !== null)
    .map(hlsCodec)
    .join(",");
}

/** How long the packaged video will be, at least approximately. Seconds. */
export async function durationOf(source: SourceFile): Promise<number> {
  const tracks = [source.video?.track, source.audio?.track].filter((track) => track !== undefined);
  const isIndexed = source.container === "MP4" || source.container === "MOV";
  // Without cues, mediabunny finds a Matroska file's true end only by reading all of it.
  const fromHeader = isIndexed ? null : await source.input.getDurationFromMetadata(tracks);
  const endSeconds = fromHeader ?? (await source.input.computeDuration(tracks));
  const startSeconds = await source.input.getFirstTimestamp(tracks);
  return Math.max(0, endSeconds - Math.min(startSeconds, endSeconds));
}

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rotation: number;
  readonly frameRate: number | null;
}

async function pictureOf(track: InputVideoTrack): Promise<Picture> {
  const isKnown = (await track.getCodec()) !== null;
  const frameRate = isKnown ? (await track.computeFrameRateMetrics()).bestGuessFrameRate : 0;
  return {
    width: Math.round(await track.getDisplayWidth()),
    height: Math.round(await track.getDisplayHeight()),
    rotation: await track.getRotation(),
    frameRate: Number.isFinite(frameRate) && frameRate > 0 ? frameRate : null,
  };
}
