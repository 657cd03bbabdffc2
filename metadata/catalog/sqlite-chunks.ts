/** The index of decided records in SQLite: written, read by position, and searched for chunks that lack copies. */
import type { Selectable } from "kysely";
import { sql } from "kysely";
import * as v from "valibot";
import { positionText } from "#core/placement/position.ts";
import { formOf, pieceBytes } from "#core/redundancy/form.ts";
import type { ManifestEntry } from "#wire/contract/catalog-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { ChunkRecordSchema, VideoIdSchema } from "#wire/contract/schemas.ts";
import type { Database } from "../database/open-database.ts";
import type { ChunkRow } from "../database/tables.ts";
import type { CatalogStore, StoredChunk } from "./catalog-store.ts";
import { chunkKey, positionOfKey } from "./chunk-key.ts";
import { copiesOf } from "./copies.ts";
import { writePieces } from "./piece-index.ts";

const NO_COPIES = { present: 0, wanted: 0 };

/**
 * Adds or replaces a chunk and keeps the video's count of copies; call it in a transaction.
 *
 * @returns false when the index knows a newer record already
 */
export async function writeChunk(
  within: Database,
  { position, durationSeconds, record, blocks }: StoredChunk,
): Promise<boolean> {
  const key = { video_id: position.videoId, ...chunkKey(position) };
  const before = await chunkRow(within, key);
  const held = before === undefined ? undefined : v.parse(ChunkRecordSchema, JSON.parse(before.record_json));
  if (held !== undefined && held.version > record.version) return false;
  const old = held === undefined ? NO_COPIES : copiesOf(held);
  const copies = copiesOf(record);
  const changed = await within
    .updateTable("videos")
    .set((row) => ({
      copies_present: row("copies_present", "+", copies.present - old.present),
      copies_wanted: row("copies_wanted", "+", copies.wanted - old.wanted),
      ...(position.slot === "poster" ? { has_poster: 1 } : {}),
    }))
    .where("id", "=", key.video_id)
    .executeTakeFirst();
  if (changed.numUpdatedRows === 0n) {
    throw new VStackError("not-found", `Cannot index "${positionText(position)}" as the video is not in the catalogue`);
  }
  const copiesMissing = Math.max(0, copies.wanted - copies.present);
  const values = {
    duration_seconds: durationSeconds,
    record_json: JSON.stringify(record),
    blocks,
    copies_missing: copiesMissing,
    size_bytes: record.sizeBytes,
    kept_bytes: record.holders.reduce((sum, piece) => sum + pieceBytes(record.sizeBytes, record.scheme, piece), 0),
    form: record.scheme.kind,
    replicas: formOf(record).replicas,
  };
  await within
    .insertInto("chunks")
    .values({ ...key, ...values })
    .onConflict((conflict) => conflict.columns(["video_id", "rendition", "seq"]).doUpdateSet(values))
    .execute();
  await writePieces(within, key, record);
  return true;
}

type ChunkReader = Pick<CatalogStore, "entry" | "segments" | "segmentDurations" | "chunksAtRisk" | "countAtRisk">;

export function chunkReader(db: Database): ChunkReader {
  return {
    async entry(position) {
      const row = await chunkRow(db, { video_id: position.videoId, ...chunkKey(position) });
      return row === undefined ? undefined : manifestEntry(row);
    },

    async segments({ videoId, rendition, from, limit }) {
      const rows = await db
        .selectFrom("chunks")
        .selectAll()
        .where("video_id", "=", videoId)
        .where("rendition", "=", rendition)
        .where("seq", ">=", Math.max(0, from))
        .orderBy("seq")
        .limit(limit)
        .execute();
      return rows.map(manifestEntry);
    },

    async segmentDurations(videoId, rendition) {
      const rows = await db
        .selectFrom("chunks")
        .select("duration_seconds")
        .where("video_id", "=", videoId)
        .where("rendition", "=", rendition)
        .where("seq", ">=", 0)
        .orderBy("seq")
        .execute();
      return rows.map((row) => row.duration_seconds);
    },

    async chunksAtRisk(after, limit) {
      let missing = db
        .selectFrom("chunks")
        .innerJoin("videos", "videos.id", "chunks.video_id")
        .select(["chunks.video_id", "chunks.rendition", "chunks.seq"])
        .where("chunks.copies_missing", ">", 0)
        .where("videos.state", "=", "ready");
      if (after !== null) {
        const { rendition, seq } = chunkKey(after);
        const key = sql`(chunks.video_id, chunks.rendition, chunks.seq)`;
        missing = missing.where(sql<boolean>`${key} > (${after.videoId}, ${rendition}, ${seq})`);
      }
      const rows = await missing
        .orderBy("chunks.video_id")
        .orderBy("chunks.rendition")
        .orderBy("chunks.seq")
        .limit(limit)
        .execute();
      return rows.map(({ video_id, rendition, seq }) =>
        positionOfKey(v.parse(VideoIdSchema, video_id), { rendition, seq }),
      );
    },

    async countAtRisk(videoId) {
      let missing = db
        .selectFrom("chunks")
        .select(db.fn.countAll<number>().as("count"))
        .where("copies_missing", ">", 0);
      if (videoId !== null) missing = missing.where("video_id", "=", videoId);
      return (await missing.executeTakeFirstOrThrow()).count;
    },
  };
}

function chunkRow(db: Database, key: { video_id: string; rendition: string; seq: number }) {
  return db
    .selectFrom("chunks")
    .selectAll()
    .where("video_id", "=", key.video_id)
    .where("rendition", "=", key.rendition)
    .where("seq", "=", key.seq)
    .executeTakeFirst();
}

function manifestEntry(row: Selectable<ChunkRow>): ManifestEntry {
  return {
    seq: Math.max(0, row.seq),
    durationSeconds: row.duration_seconds,
    record: v.parse(ChunkRecordSchema, JSON.parse(row.record_json)),
    blocks: row.blocks,
  };
}
