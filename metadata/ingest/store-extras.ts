/** What is beside the qualities of a video: its picture for the library, and its subtitles. */
import type { VideoId } from "#core/ids.ts";
import type { ChunkKeeper } from "./chunk-keeper.ts";
import type { TrackNames } from "./rendition-facts.ts";
import { subtitlesFacts, trackId } from "./rendition-facts.ts";
import type { StoredRendition } from "./store-pieces.ts";
import { toWebVtt } from "./subtitles/web-vtt.ts";
import { trackNames } from "./tracks.ts";
import type { Ffmpeg } from "./transcode/ffmpeg.ts";
import type { MediaFacts, SubtitleFacts } from "./transcode/media-facts.ts";
import { embeddedSubtitles, pictureAt, probeMedia } from "./transcode/run-ffmpeg.ts";
import type { StoreVideoPorts } from "./video-job.ts";

/** Titles are over by then, and the end is not told yet. Ratio of the length. */
const POSTER_AT = 0.1;
/** A JPEG of 640 pixels; larger is no poster. */
const LARGEST_POSTER_BYTES = 1024 * 1024;

/** Subtitles as they are stored. */
export interface ReadSubtitles {
  readonly name: string;
  readonly track: TrackNames;
  /** WebVTT. */
  readonly text: string;
}

/**
 * Takes the poster, while the rest goes on. A video without one is a video.
 *
 * @param film its facts are asked for when they are not known
 * @returns JPEG, or null. Never rejects
 */
export async function posterOf(
  film: { readonly path: string; readonly media: MediaFacts | null } | undefined,
  { ffmpeg, log }: Pick<StoreVideoPorts, "ffmpeg" | "log">,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (ffmpeg === null || film === undefined) return null;
  try {
    const media = film.media ?? (await probeMedia(ffmpeg, film.path, signal));
    const video = media?.video ?? null;
    if (video === null) return null;
    const seconds = video.durationSeconds ?? media?.durationSeconds ?? 0;
    for (const atSeconds of seconds > 0 ? [seconds * POSTER_AT, 0] : [0]) {
      const picture = await pictureAt(ffmpeg, { path: film.path, video, atSeconds }, signal);
      if (picture !== null && picture.length <= LARGEST_POSTER_BYTES) return picture;
    }
  } catch (error) {
    if (!signal.aborted) log.warn({ err: error }, "Cannot take a poster: the video goes without");
  }
  return null;
}

/** Reads text subtitles out of a file; those that cannot be read are left out, in words. */
export async function readEmbedded(
  ffmpeg: Ffmpeg,
  { path, media, tracks }: { path: string; media: MediaFacts; tracks: readonly SubtitleFacts[] },
  signal: AbortSignal,
): Promise<{ read: ReadSubtitles[]; leftOut: string[] }> {
  const streams = tracks.map(({ index }) => index);
  const texts = await embeddedSubtitles(ffmpeg, { path, streams, media }, signal);
  const [read, leftOut]: [ReadSubtitles[], string[]] = [[], []];
  for (const [index, track] of tracks.entries()) {
    const names = trackNames(track);
    const name = names.label ?? `track ${track.index}`;
    try {
      read.push({ name, track: names, text: toWebVtt(texts[index] ?? "", name) });
    } catch {
      leftOut.push(`Left out subtitles that cannot be read (${name})`);
    }
  }
  return { read, leftOut };
}

/** Stores each as one chunk, the only segment of a rendition. */
export async function storeSubtitles(
  subtitles: readonly ReadSubtitles[],
  durationSeconds: number,
  { videoId, keeper }: { videoId: VideoId; keeper: ChunkKeeper },
): Promise<StoredRendition[]> {
  const stored: StoredRendition[] = [];
  for (const [index, { name, track, text }] of subtitles.entries()) {
    const id = trackId("subtitles", index + 1);
    const bytes = new TextEncoder().encode(text);
    await keeper.keep({ slot: "segment", videoId, rendition: id, seq: 0 }, bytes, durationSeconds);
    const sizeBytes = bytes.length;
    const rendition = subtitlesFacts(id, track, { durationSeconds, sizeBytes });
    stored.push({ name, rendition, segments: [{ startSeconds: 0, durationSeconds, sizeBytes }] });
  }
  return stored;
}
