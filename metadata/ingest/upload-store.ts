/**
 * Uploads as rows: what must survive a crash so that an upload is begun again and not lost. The bytes lie beside, in the
 * folder of the tus store. Uploads of one group share a video.
 */
import * as v from "valibot";
import type { VideoId } from "#core/ids.ts";
import type { Override } from "#wire/contract/redundancy-schemas.ts";
import { OVERRIDES } from "#wire/contract/redundancy-schemas.ts";
import { VideoIdSchema, CountSchema } from "#wire/contract/schemas.ts";
import type { UploadPhase } from "#wire/contract/upload-api.ts";
import { UPLOAD_PHASES, UploadStatusSchema } from "#wire/contract/upload-api.ts";
import type { Database } from "../database/open-database.ts";
import type { UploadRow } from "../database/tables.ts";

/** How far the job of a video is; all files of a group together. */
const ProgressSchema = v.object({
  storedSeconds: v.number(),
  durationSeconds: v.number(),
  chunksStored: CountSchema,
  chunksAtRisk: CountSchema,
  /** What of the files is not in the video, for people. */
  leftOut: v.optional(v.nullable(v.string()), null),
});
export type Progress = v.InferOutput<typeof ProgressSchema>;

export const NO_PROGRESS: Progress = {
  storedSeconds: 0,
  durationSeconds: 0,
  chunksStored: 0,
  chunksAtRisk: 0,
  leftOut: null,
};

const FailureSchema = v.nonNullable(UploadStatusSchema.entries.failure);
export type UploadFailure = v.InferOutput<typeof FailureSchema>;

export interface Upload {
  readonly id: string;
  readonly videoId: VideoId;
  /** Name of the group; null for a file of its own. */
  readonly group: string | null;
  /** Files of the group, 1 for a file of its own. */
  readonly groupSize: number;
  readonly fileName: string;
  readonly title: string;
  readonly redundancy: Override;
  readonly sizeBytes: number;
  readonly phase: UploadPhase;
  readonly failure: UploadFailure | null;
  readonly progress: Progress;
  readonly createdMs: number;
  /** When the phase last changed. */
  readonly updatedMs: number;
}

/** Phases that nothing follows. */
const FINAL_PHASES = ["ready", "failed", "cancelled"] as const satisfies readonly UploadPhase[];
/** Whether nothing follows. */
export function isOver({ phase }: { readonly phase: UploadPhase }): boolean {
  return FINAL_PHASES.some((final) => final === phase);
}

/** The state of all uploads of a video after a step of its job. */
export interface JobStep {
  readonly phase: UploadPhase;
  readonly failure: UploadFailure | null;
  readonly progress: Progress;
  readonly nowMs: number;
}

export interface UploadStore {
  add(upload: Upload): Promise<void>;
  byId(id: string): Promise<Upload | undefined>;
  /** Uploads that make one video, in the order of their creation. */
  byVideo(videoId: VideoId): Promise<Upload[]>;
  /** Open uploads of a group. */
  openGroup(group: string): Promise<Upload[]>;
  /** Everything that is in no final phase, oldest first. */
  open(): Promise<Upload[]>;
  countOpen(): Promise<number>;
  /** One file is here, all of it: `receiving` ends for it. */
  markReceived(id: string, nowMs: number): Promise<void>;
  /** Moves all uploads of a video. */
  step(videoId: VideoId, step: JobStep): Promise<void>;
  /** Uploads under way, and failed ones whose video is still there, newest first. */
  unfinished(limit: number): Promise<Upload[]>;
  /** Failed ones that ended before. */
  failedBefore(ms: number): Promise<Upload[]>;
  /** Failed uploads of a video wait again. */
  reopen(videoId: VideoId, nowMs: number): Promise<void>;
  /** Forgets uploads that ended before. */
  forgetEndedBefore(ms: number): Promise<void>;
}

export function sqliteUploads(db: Database): UploadStore {
  const rows = () => db.selectFrom("uploads").selectAll();
  return {
    async add(upload) {
      await db.insertInto("uploads").values(toRow(upload)).execute();
    },
    async byId(id) {
      const row = await rows().where("id", "=", id).executeTakeFirst();
      return row === undefined ? undefined : fromRow(row);
    },
    async byVideo(videoId) {
      return (await rows().where("video_id", "=", videoId).orderBy("created_ms").orderBy("id").execute()).map(fromRow);
    },
    async openGroup(group) {
      return (await rows().where("group_name", "=", group).where("phase", "not in", FINAL_PHASES).execute()).map(
        fromRow,
      );
    },
    async open() {
      return (await rows().where("phase", "not in", FINAL_PHASES).orderBy("created_ms").orderBy("id").execute()).map(
        fromRow,
      );
    },
    async countOpen() {
      const counted = db.selectFrom("uploads").select(db.fn.countAll<number>().as("count"));
      return (await counted.where("phase", "not in", FINAL_PHASES).executeTakeFirstOrThrow()).count;
    },
    async markReceived(id, nowMs) {
      const change = { phase: "waiting", updated_ms: nowMs };
      await db.updateTable("uploads").set(change).where("id", "=", id).where("phase", "=", "receiving").execute();
    },
    async step(videoId, { phase, failure, progress, nowMs }) {
      await db
        .updateTable("uploads")
        .set({ phase, ...toJson({ failure, progress }), updated_ms: nowMs })
        .where("video_id", "=", videoId)
        .where("phase", "not in", FINAL_PHASES)
        .execute();
    },
    async unfinished(limit) {
      const listed = await rows()
        .where("phase", "not in", ["ready", "cancelled"])
        .where("video_id", "in", db.selectFrom("videos").select("id").where("state", "!=", "removing"))
        .orderBy("created_ms", "desc")
        .orderBy("id", "desc")
        .limit(limit)
        .execute();
      return listed.map(fromRow);
    },
    async failedBefore(ms) {
      return (await rows().where("phase", "=", "failed").where("updated_ms", "<", ms).execute()).map(fromRow);
    },
    async reopen(videoId, nowMs) {
      await db
        .updateTable("uploads")
        .set({ phase: "waiting", ...toJson({ failure: null, progress: NO_PROGRESS }), updated_ms: nowMs })
        .where("video_id", "=", videoId)
        .where("phase", "=", "failed")
        .execute();
    },
    async forgetEndedBefore(ms) {
      await db.deleteFrom("uploads").where("phase", "in", FINAL_PHASES).where("updated_ms", "<", ms).execute();
    },
  };
}

function toJson({ failure, progress }: { failure: UploadFailure | null; progress: Progress }) {
  return { failure_json: failure === null ? null : JSON.stringify(failure), progress_json: JSON.stringify(progress) };
}

function toRow(upload: Upload): UploadRow {
  return {
    id: upload.id,
    video_id: upload.videoId,
    group_name: upload.group,
    group_size: upload.groupSize,
    file_name: upload.fileName,
    title: upload.title,
    redundancy: upload.redundancy,
    size_bytes: upload.sizeBytes,
    phase: upload.phase,
    ...toJson(upload),
    created_ms: upload.createdMs,
    updated_ms: upload.updatedMs,
  };
}

function fromRow(row: UploadRow): Upload {
  return {
    id: row.id,
    videoId: v.parse(VideoIdSchema, row.video_id),
    group: row.group_name,
    groupSize: row.group_size,
    fileName: row.file_name,
    title: row.title,
    redundancy: OVERRIDES.find((one) => one === row.redundancy) ?? "auto",
    sizeBytes: row.size_bytes,
    phase: v.parse(v.picklist(UPLOAD_PHASES), row.phase),
    failure: row.failure_json === null ? null : v.parse(FailureSchema, JSON.parse(row.failure_json)),
    progress: row.progress_json === null ? NO_PROGRESS : v.parse(ProgressSchema, JSON.parse(row.progress_json)),
    createdMs: row.created_ms,
    updatedMs: row.updated_ms,
  };
}
