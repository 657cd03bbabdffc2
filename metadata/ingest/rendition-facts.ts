/** What the catalogue tells about a rendition, from its probed source and its packaged segments. */
import type { RenditionId } from "#core/ids.ts";
import { parseRenditionId } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import type { Rendition } from "#wire/contract/catalog-api.ts";

/** Of the source file, as the packager tells it. */
export interface Picture {
  readonly width: number | null;
  readonly height: number | null;
  readonly frameRate: number | null;
  readonly codecs: string;
}

export interface SegmentFacts {
  readonly startSeconds: number;
  readonly durationSeconds: number;
  readonly sizeBytes: number;
}

/**
 * Names for the renditions of one video, in the order given: `720p` by height, `audio` without a picture; a second one of
 * the same height is `720p-2`.
 */
export function renditionIds(pictures: readonly Picture[]): RenditionId[] {
  const used = new Map<string, number>();
  return pictures.map(({ height }) => {
    const base = height === null ? "audio" : `${height}p`;
    const count = (used.get(base) ?? 0) + 1;
    used.set(base, count);
    const id = parseRenditionId(count === 1 ? base : `${base}-${count}`);
    invariant(id !== undefined, `Cannot name a rendition of height ${height ?? "none"}`);
    return id;
  });
}

/**
 * @param initBytes size of the init segment, part of the rendition's size
 * @param segments at least one
 */
export function renditionFacts(
  id: RenditionId,
  picture: Picture,
  { initBytes, segments }: { initBytes: number; segments: readonly SegmentFacts[] },
): Rendition {
  const mediaBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  const seconds = segments.reduce((sum, segment) => sum + segment.durationSeconds, 0);
  const rates = segments.map((segment) => bitsPerSecond(segment.sizeBytes, segment.durationSeconds));
  return {
    id,
    kind: picture.height === null ? "audio" : "video",
    language: null,
    label: null,
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

/** A segment of no length (a single last frame) says nothing about a rate. */
function bitsPerSecond(sizeBytes: number, seconds: number): number {
  return seconds > 0 ? Math.ceil((sizeBytes * 8) / seconds) : 0;
}
