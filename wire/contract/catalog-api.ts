/** Videos: the library, paged manifests, views. */
import * as v from "valibot";
import { MANIFEST_PAGE_SEGMENTS, MAX_RENDITIONS, MAX_SEGMENTS, MAX_TITLE_CHARACTERS } from "./limits.ts";
import { ChunkRecordSchema, CountSchema, NodeIdSchema, RenditionIdSchema, VideoIdSchema } from "./schemas.ts";

/** `processing`: being stored. `ready`: plays. `failed`: see `failure`; nothing of it is left on the nodes. */
export const VIDEO_STATES = ["processing", "ready", "failed"] as const;

/**
 * A title holds any text on one line: control characters (databases end a text at NUL, terminals obey others) and halves of
 * characters become spaces.
 */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

export const TitleSchema = v.pipe(
  v.string(),
  v.transform(oneLine),
  v.minLength(1, "Expected a title"),
  v.maxLength(MAX_TITLE_CHARACTERS, `Expected at most ${MAX_TITLE_CHARACTERS} characters`),
);

/**
 * `video`: a quality, with the first audio track inside. `audio`: another audio track, or all there is of a sound file.
 * `subtitles`: one WebVTT segment.
 */
const RENDITION_KINDS = ["video", "audio", "subtitles"] as const;

export const RenditionSchema = v.object({
  id: RenditionIdSchema,
  kind: v.optional(v.picklist(RENDITION_KINDS), "video"),
  /** BCP 47 tag of a track, for example `en`; null when the source does not say. */
  language: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(35))), null),
  /** What a menu calls a track; null for qualities. */
  label: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(80))), null),
  width: v.nullable(CountSchema),
  height: v.nullable(CountSchema),
  frameRate: v.nullable(v.number()),
  /** RFC 6381 list, for the CODECS attribute of HLS. */
  codecs: v.string(),
  /** Largest segment rate, for BANDWIDTH (RFC 8216 section 4.3.4.2). */
  peakBitsPerSecond: CountSchema,
  averageBitsPerSecond: CountSchema,
  segmentCount: v.pipe(CountSchema, v.maxValue(MAX_SEGMENTS)),
  sizeBytes: CountSchema,
});
export type Rendition = v.InferOutput<typeof RenditionSchema>;

export const VideoSummarySchema = v.object({
  id: VideoIdSchema,
  title: v.string(),
  state: v.picklist(VIDEO_STATES),
  durationSeconds: v.number(),
  createdAt: v.string(),
  sizeBytes: CountSchema,
  /** Viewings, each counted once. */
  views: CountSchema,
  /** Copies that exist by the records, of copies wanted; equal when every chunk survives two losses. */
  copies: v.object({ present: CountSchema, wanted: CountSchema }),
  failure: v.nullable(v.string()),
  /** Path of a picture for the library, null when there is none. */
  poster: v.optional(v.nullable(v.string()), null),
});
export type VideoSummary = v.InferOutput<typeof VideoSummarySchema>;

export const VideoSchema = v.object({
  ...VideoSummarySchema.entries,
  renditions: v.pipe(v.array(RenditionSchema), v.maxLength(MAX_RENDITIONS)),
});
export type Video = v.InferOutput<typeof VideoSchema>;

/** Orders of the library: `?sort=`. */
export const VIDEO_SORTS = ["newest", "oldest", "title", "longest", "largest", "views"] as const;
export type VideoSort = (typeof VIDEO_SORTS)[number];

/** `PATCH /api/videos/:id`: the new title; answers the video. */
export const RenameSchema = v.object({ title: TitleSchema });

export const VideoListSchema = v.object({
  videos: v.array(VideoSummarySchema),
  /** Videos that match, on all pages. */
  total: CountSchema,
  /** Give it as `?after=` for the next page; null on the last. */
  next: v.nullable(v.string()),
});
export type VideoList = v.InferOutput<typeof VideoListSchema>;

/** One chunk of a manifest: how long it plays, its record, and its block hashes. */
export const ManifestEntrySchema = v.object({
  seq: CountSchema,
  durationSeconds: v.number(),
  record: ChunkRecordSchema,
  /**
   * Raw SHA-256 of every block, concatenated, base64 (RFC 4648 section 4); must hash to `record.blocksDigest`. Of a record
   * whose scheme is erasure those of the parity shards follow (core/schedule/coded-blocks.ts).
   */
  blocks: v.string(),
});
export type ManifestEntry = v.InferOutput<typeof ManifestEntrySchema>;

/** `GET /api/videos/:id/manifest?rendition=&from=`: a page, so that a two-hour film does not delay its first frame. */
export const ManifestPageSchema = v.object({
  schema: v.literal(1),
  videoId: VideoIdSchema,
  rendition: RenditionIdSchema,
  /** Storage nodes named by the records of this page, with the address for this asker. */
  nodes: v.array(v.object({ id: NodeIdSchema, url: v.string(), state: v.picklist(["alive", "suspect", "dead"]) })),
  /** The init segment; `seq` is 0 and `durationSeconds` 0. */
  init: ManifestEntrySchema,
  from: CountSchema,
  /** Segments of the rendition. */
  total: CountSchema,
  segments: v.pipe(v.array(ManifestEntrySchema), v.maxLength(MANIFEST_PAGE_SEGMENTS)),
});
export type ManifestPage = v.InferOutput<typeof ManifestPageSchema>;

/** `POST /api/videos/:id/views`: the same viewing is counted once however often it is reported. */
export const ViewReportSchema = v.object({ viewing: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{8,64}$/)) });
export const ViewAnswerSchema = v.object({ views: CountSchema, counted: v.boolean() });

/** What the chunk at position `meta` holds, as JSON: everything that the catalogue knows beyond the records. */
export const MetaChunkSchema = v.object({
  schema: v.literal(1),
  videoId: VideoIdSchema,
  title: v.string(),
  durationSeconds: v.number(),
  createdAt: v.string(),
  renditions: v.array(v.object({ ...RenditionSchema.entries, segmentDurationsSeconds: v.array(v.number()) })),
});
export type MetaChunk = v.InferOutput<typeof MetaChunkSchema>;
