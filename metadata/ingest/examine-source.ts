/** What is known about a received file before anything of it is stored: from our own packager, and from ffprobe. */
import type { SourceFacts } from "./package/probe-source.ts";
import { probeSource } from "./package/probe-source.ts";
import { UnsupportedMediaError } from "./package/unsupported-media-error.ts";
import { refuseCutMp4 } from "./transcode/cut-mp4.ts";
import type { Ffmpeg } from "./transcode/ffmpeg.ts";
import type { MediaFacts } from "./transcode/media-facts.ts";
import { pictureAt, probeMedia } from "./transcode/run-ffmpeg.ts";

/** Where a file that announces its whole length must still have a picture. Seconds before its end. */
const NEAR_END_SECONDS = 3;

export interface Examined {
  /** Null when our packager cannot open it. */
  readonly facts: SourceFacts | null;
  /** Why not; null when it can. */
  readonly refusal: UnsupportedMediaError | null;
  /** Null without ffmpeg, and when ffmpeg knows no better either. */
  readonly media: MediaFacts | null;
}

/** @throws UnsupportedMediaError when neither can make anything of it; the signal's reason */
export async function examineSource(path: string, ffmpeg: Ffmpeg | null, signal: AbortSignal): Promise<Examined> {
  const { facts, refusal } = await probed(path, signal);
  if (ffmpeg !== null && (facts?.container === "MP4" || facts?.container === "MOV")) {
    await refuseCutMp4(path, facts.sizeBytes);
  }
  const media = ffmpeg === null ? null : ((await probeMedia(ffmpeg, path, signal)) ?? null);
  if (refusal === null) return { facts, refusal, media };
  if (media === null || ffmpeg === null) throw refusal;
  if (refusal.code === "damaged" && !(await reachesItsEnd(media, { path, ffmpeg, signal }))) throw refusal;
  return { facts, refusal, media };
}

async function probed(path: string, signal: AbortSignal): Promise<Pick<Examined, "facts" | "refusal">> {
  try {
    return { facts: await probeSource(path, signal), refusal: null };
  } catch (error) {
    if (error instanceof UnsupportedMediaError) return { facts: null, refusal: error };
    throw error;
  }
}

/** What our packager calls damaged may only be odd; a file that was cut is seen at its end, without decoding all of it. */
export async function reachesItsEnd(
  { video, durationSeconds }: MediaFacts,
  { path, ffmpeg, signal }: { path: string; ffmpeg: Ffmpeg; signal: AbortSignal },
): Promise<boolean> {
  if (video === null || durationSeconds === null) return false;
  const atSeconds = Math.max(0, (video.durationSeconds ?? durationSeconds) - NEAR_END_SECONDS);
  return (await pictureAt(ffmpeg, { path, video, atSeconds }, signal)) !== null;
}
