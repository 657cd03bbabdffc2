/**
 * Uploads: tus 1.0.0 at `/api/uploads` (creation, creation-with-upload, termination), then a job whose progress comes by
 * `GET .../status` or as server-sent events.
 *
 * Several files become the renditions of one video when they name the same `group` and say how many there are.
 * tus metadata keys: `filename`, `title`, `group` (8..64 of A-Z a-z 0-9 - _), `groupSize` (1..12), `redundancy`.
 */
import * as v from "valibot";
import { MAX_FILE_NAME_CHARACTERS, MAX_RENDITIONS, MAX_TITLE_CHARACTERS } from "./limits.ts";
import { CountSchema, VideoIdSchema } from "./schemas.ts";

/** In order; each ends by real work. `failed` and `cancelled` end a job early. */
export const UPLOAD_PHASES = [
  "receiving",
  "waiting",
  "probing",
  "packaging",
  "verifying",
  "ready",
  "failed",
  "cancelled",
] as const;
export type UploadPhase = (typeof UPLOAD_PHASES)[number];

export const UploadStatusSchema = v.object({
  id: v.string(),
  phase: v.picklist(UPLOAD_PHASES),
  /** Known from the first byte on; the video is watchable in phase `ready`. */
  videoId: v.nullable(VideoIdSchema),
  title: v.string(),
  receivedBytes: CountSchema,
  sizeBytes: CountSchema,
  /** Seconds of media packaged and stored so far, and in all (0 until probed). */
  storedSeconds: v.number(),
  durationSeconds: v.number(),
  chunksStored: CountSchema,
  /** Chunks that have fewer than three durable copies so far. */
  chunksAtRisk: CountSchema,
  /**
   * For people. Under way: why it does not go on just now, too few nodes for example; it goes on by itself. When ready: what
   * of the files is not in the video.
   */
  notice: v.optional(v.nullable(v.string())),
  failure: v.nullable(
    v.object({
      code: v.string(),
      message: v.string(),
      /** What would help. */
      advice: v.nullable(v.string()),
    }),
  ),
});
export type UploadStatus = v.InferOutput<typeof UploadStatusSchema>;

/** `GET /api/uploads`: uploads under way, and failed ones until they are dismissed, newest first. */
export const UploadListSchema = v.object({
  uploads: v.array(
    v.object({
      ...UploadStatusSchema.entries,
      filename: v.string(),
      createdAt: v.string(),
      /** Whether `POST .../retry` can help: the file is still here and the cause was passing. */
      canRetry: v.boolean(),
    }),
  ),
});
export type UploadList = v.InferOutput<typeof UploadListSchema>;

export const UploadMetadataSchema = v.object({
  filename: v.optional(v.pipe(v.string(), v.maxLength(MAX_FILE_NAME_CHARACTERS)), ""),
  title: v.optional(v.pipe(v.string(), v.maxLength(MAX_TITLE_CHARACTERS)), ""),
  group: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{8,64}$/))),
  groupSize: v.optional(
    v.pipe(v.string(), v.regex(/^[0-9]{1,2}$/), v.transform(Number), v.minValue(1), v.maxValue(MAX_RENDITIONS)),
  ),
  redundancy: v.optional(v.picklist(["auto", "replication", "erasure"]), "auto"),
});
export type UploadMetadata = v.InferOutput<typeof UploadMetadataSchema>;
