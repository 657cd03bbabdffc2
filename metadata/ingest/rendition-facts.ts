/** What the catalogue tells about a rendition, from its source and its segments. */
import type { RenditionId } from "#core/ids.ts";
import { parseRenditionId } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import type { Rendition } from "#wire/contract/catalog-api.ts";

/** Of what is in the segments. */
export interface Picture {
  readonly width: number | null;
  readonly height: number | null;
  readonly frameRate: number | null;
  readonly codecs: string;
}

/** What a menu calls a track. */
export interface TrackNames {
  readonly language: string | null;
  readonly label: string | null;
}

export const NO_NAMES: TrackNames = { language: null, label: null };

export interface SegmentFacts {
  readonly startSeconds: number;
  readonly durationSeconds: number;
  readonly sizeBytes: number;
}

/**
 * Names for the qualities of one video, in the order given: `720p` by height, `audio` without a picture; a second one of
 * the same height is `720p-2`.
 */
export function renditionIds(pictures: readonly Pick<Picture, "height">[]): RenditionId[] {
  const used = new Map<string, number>();
  return pictures.map(({ height }) => {
    const base = height === null ? "audio" : `${height}p`;
    const count = (used.get(base) ?? 0) + 1;
    used.set(base, count);
    return renditionId(count === 1 ? base : `${base}-${count}`);
  });
}

/** Names for tracks beside the qualities: `audio-2`, `subtitles-1`. */
export function trackId(kind: "audio" | "subtitles", number: number): RenditionId {
  return renditionId(`${kind}-${number}`);
}

function renditionId(text: string): RenditionId {
  const id = parseRenditionId(text);
  invariant(id !== undefined, `Cannot name a rendition "${text}"`);
  return id;
}

/**
 * @param initBytes size of the init segment, part of the rendition's size
 * @param segments at least one
 */
export function renditionFacts(
  id: RenditionId,
  { picture, track }: { picture: Picture; track: TrackNames },
  { initBytes, segments }: { initBytes: number; segments: readonly SegmentFacts[] },
): Rendition {
  const mediaBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  const seconds = segments.reduce((sum, segment) => sum + segment.durationSeconds, 0);
  const rates = segments.map((segment) => bitsPerSecond(segment.sizeBytes, segment.durationSeconds));
  return {
    id,
    kind: picture.height === null ? "audio" : "video",
    language: track.language,
    label: track.label,
    width: picture.width,
    height: picture.height,
    frameRate: picture.frameRate,
    codecs: picture.codecs,
    peakBitsPerSecond: Math.max(...rates),
    averageBitsPerSecond: bitsPerSecond(mediaBytes, seconds),
    segmentCount: segments.length,
    sizeBytes: initBytes + mediaBytes,
  };
}

/** One WebVTT file as the only segment of a rendition. */
export function subtitlesFacts(
  id: RenditionId,
  track: TrackNames,
  { durationSeconds, sizeBytes }: { durationSeconds: number; sizeBytes: number },
): Rendition {
  const rate = bitsPerSecond(sizeBytes, durationSeconds);
  return {
    ...{ id, kind: "subtitles", ...track, width: null, height: null, frameRate: null, codecs: "wvtt" },
    ...{ peakBitsPerSecond: rate, averageBitsPerSecond: rate, segmentCount: 1, sizeBytes },
  };
}

/** A segment of no length (a single last frame) says nothing about a rate. */
function bitsPerSecond(sizeBytes: number, seconds: number): number {
  return seconds > 0 ? Math.ceil((sizeBytes * 8) / seconds) : 0;
}
