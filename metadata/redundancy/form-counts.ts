/** How many chunks and bytes have which form, by the records: of a video, of its renditions, of the library. */
import { sql } from "kysely";
import * as v from "valibot";
import type { RenditionId, VideoId } from "#core/ids.ts";
import type { Form } from "#core/redundancy/form.ts";
import { RenditionIdSchema, VideoIdSchema } from "#wire/contract/schemas.ts";
import type { Database } from "../database/open-database.ts";

export interface FormCount {
  readonly form: Form;
  readonly chunks: number;
  readonly contentBytes: number;
  readonly keptBytes: number;
}

export interface RenditionForms {
  /** Null: what belongs to no rendition. */
  readonly rendition: RenditionId | null;
  readonly forms: FormCount[];
}

export interface FormCounts {
  ofVideo(videoId: VideoId): Promise<RenditionForms[]>;
  /** Of every ready video. */
  byVideo(): Promise<ReadonlyMap<VideoId, FormCount[]>>;
  ofLibrary(): Promise<(FormCount & { readonly videos: number })[]>;
}

const KindSchema = v.picklist(["replication", "erasure"]);

export function sqliteFormCounts(db: Database): FormCounts {
  return {
    async ofVideo(videoId) {
      const rows = await db
        .selectFrom("chunks")
        .select(["rendition", "form", "replicas", ...SUMS])
        .where("video_id", "=", videoId)
        .groupBy(["rendition", "form", "replicas"])
        .orderBy("rendition")
        .execute();
      const renditions = new Map<string, FormCount[]>();
      for (const row of rows) renditions.set(row.rendition, [...(renditions.get(row.rendition) ?? []), countOf(row)]);
      return [...renditions].map(([rendition, forms]) => ({
        rendition: rendition === "" ? null : v.parse(RenditionIdSchema, rendition),
        forms,
      }));
    },

    async byVideo() {
      const rows = await db
        .selectFrom("chunks")
        .innerJoin("videos", "videos.id", "chunks.video_id")
        .select(["video_id", "form", "replicas", ...SUMS])
        .where("videos.state", "=", "ready")
        .groupBy(["video_id", "form", "replicas"])
        .execute();
      const videos = new Map<VideoId, FormCount[]>();
      for (const row of rows) {
        const videoId = v.parse(VideoIdSchema, row.video_id);
        videos.set(videoId, [...(videos.get(videoId) ?? []), countOf(row)]);
      }
      return videos;
    },

    async ofLibrary() {
      const rows = await db
        .selectFrom("chunks")
        .select(["form", "replicas", ...SUMS, sql<number>`count(distinct chunks.video_id)`.as("videos")])
        .groupBy(["form", "replicas"])
        .execute();
      return rows.map((row) => ({ ...countOf(row), videos: row.videos }));
    },
  };
}

/** The form of most bytes, and their share, 0..1; undefined of nothing. */
export function mainForm(counts: readonly FormCount[]): { readonly form: Form; readonly share: number } | undefined {
  const [most] = [...counts].sort((a, b) => b.contentBytes - a.contentBytes);
  if (most === undefined) return undefined;
  const total = contentBytes(counts);
  return { form: most.form, share: total === 0 ? 1 : most.contentBytes / total };
}

export function contentBytes(counts: readonly FormCount[]): number {
  return counts.reduce((sum, count) => sum + count.contentBytes, 0);
}

export function keptBytes(counts: readonly FormCount[]): number {
  return counts.reduce((sum, count) => sum + count.keptBytes, 0);
}

const SUMS = [
  sql<number>`count(*)`.as("chunks"),
  sql<number>`sum(chunks.size_bytes)`.as("content"),
  sql<number>`sum(chunks.kept_bytes)`.as("kept"),
] as const;

function countOf(row: { form: string; replicas: number; chunks: number; content: number; kept: number }): FormCount {
  const form = { kind: v.parse(KindSchema, row.form), replicas: row.replicas };
  return { form, chunks: row.chunks, contentBytes: row.content, keptBytes: row.kept };
}
