/** The catalogue in SQLite. Every statement goes through an index; a page of the library never counts what it skips. */
import type { Kysely, Selectable } from "kysely";
import { sql } from "kysely";
import * as v from "valibot";
import type { VideoId } from "#core/ids.ts";
import { positionText } from "#core/placement/position.ts";
import type { ManifestEntry, VideoSummary } from "#wire/contract/catalog-api.ts";
import { RenditionSchema, VIDEO_STATES } from "#wire/contract/catalog-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { PATHS } from "#wire/contract/paths.ts";
import { ChunkRecordSchema, VideoIdSchema } from "#wire/contract/schemas.ts";
import type { Database } from "../database/open-database.ts";
import type { ChunkRow, Tables, VideoRow } from "../database/tables.ts";
import type { CatalogStore, ListQuery } from "./catalog-store.ts";
import { searchText } from "./catalog-store.ts";
import { chunkKey } from "./chunk-key.ts";
import { copiesOf } from "./copies.ts";
import { cursorText, parseCursor } from "./page-cursor.ts";

/**
 * Viewings remembered over all videos. A page reports its viewing within minutes, so what is forgotten after so many
 * later ones is not reported again; 200,000 rows are about 20 MB.
 */
const MAX_VIEWINGS = 200_000;

/** Each has an index of the column and the id. */
export const SORTED_BY = {
  newest: ["created_ms", "desc"],
  oldest: ["created_ms", "asc"],
  title: ["title_search", "asc"],
  longest: ["duration_seconds", "desc"],
  largest: ["size_bytes", "desc"],
  views: ["views", "desc"],
} as const;

export function sqliteCatalog(db: Database, maxViewings = MAX_VIEWINGS): CatalogStore {
  return {
    async createVideo({ id, title, createdAtMs }) {
      const row = { id, title, title_search: searchText(title), state: "processing", created_ms: createdAtMs };
      await db
        .insertInto("videos")
        .values({
          ...row,
          failure: null,
          duration_seconds: 0,
          size_bytes: 0,
          views: 0,
          copies_present: 0,
          copies_wanted: 0,
          has_poster: 0,
        })
        .execute();
    },

    async video(videoId) {
      const row = await visible(db).selectAll().where("id", "=", videoId).executeTakeFirst();
      if (row === undefined) return undefined;
      const renditions = await db
        .selectFrom("renditions")
        .select("facts_json")
        .where("video_id", "=", videoId)
        .orderBy("ordinal")
        .execute();
      const facts = renditions.map((rendition) => v.parse(RenditionSchema, JSON.parse(rendition.facts_json)));
      return { ...summary(row), renditions: facts };
    },

    listVideos: (query) => listVideos(db, query),

    async countVideos() {
      return (await visible(db).select(db.fn.countAll<number>().as("count")).executeTakeFirstOrThrow()).count;
    },

    async putChunk({ position, durationSeconds, record, blocks }) {
      const key = { video_id: position.videoId, ...chunkKey(position) };
      const values = { duration_seconds: durationSeconds, record_json: JSON.stringify(record), blocks };
      await db.transaction().execute(async (within) => {
        const before = await within
          .selectFrom("chunks")
          .select("record_json")
          .where("video_id", "=", key.video_id)
          .where("rendition", "=", key.rendition)
          .where("seq", "=", key.seq)
          .executeTakeFirst();
        const old =
          before === undefined ? NO_COPIES : copiesOf(v.parse(ChunkRecordSchema, JSON.parse(before.record_json)));
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
          throw new VStackError(
            "not-found",
            `Cannot index "${positionText(position)}" as the video is not in the catalogue`,
          );
        }
        await within
          .insertInto("chunks")
          .values({ ...key, ...values })
          .onConflict((conflict) => conflict.columns(["video_id", "rendition", "seq"]).doUpdateSet(values))
          .execute();
      });
    },

    async finishVideo(videoId, { durationSeconds, renditions }) {
      const rows = renditions.map((rendition, ordinal) => ({
        video_id: videoId,
        rendition_id: rendition.id,
        ordinal,
        facts_json: JSON.stringify(rendition),
      }));
      const sizeBytes = renditions.reduce((sum, rendition) => sum + rendition.sizeBytes, 0);
      await db.transaction().execute(async (within) => {
        await within.deleteFrom("renditions").where("video_id", "=", videoId).execute();
        if (rows.length > 0) await within.insertInto("renditions").values(rows).execute();
        await within
          .updateTable("videos")
          .set({ state: "ready", failure: null, duration_seconds: durationSeconds, size_bytes: sizeBytes })
          .where("id", "=", videoId)
          .where("state", "!=", "removing")
          .execute();
      });
    },

    clearVideo: (videoId) =>
      db.transaction().execute((within) => clear(within, videoId, { state: "processing", failure: null })),
    failVideo: (videoId, failure) =>
      db.transaction().execute((within) => clear(within, videoId, { state: "failed", failure })),

    async beginRemoval(videoId) {
      const changed = await db
        .updateTable("videos")
        .set({ state: "removing" })
        .where("id", "=", videoId)
        .executeTakeFirst();
      return changed.numUpdatedRows > 0n;
    },

    async removals() {
      const rows = await db.selectFrom("videos").select("id").where("state", "=", "removing").execute();
      return rows.map((row) => v.parse(VideoIdSchema, row.id));
    },

    async deleteVideo(videoId) {
      await db.deleteFrom("videos").where("id", "=", videoId).execute();
    },

    async entry(position) {
      const { rendition, seq } = chunkKey(position);
      const row = await db
        .selectFrom("chunks")
        .selectAll()
        .where("video_id", "=", position.videoId)
        .where("rendition", "=", rendition)
        .where("seq", "=", seq)
        .executeTakeFirst();
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

    countView: (videoId, viewing) => countView(db, { videoId, viewing, maxViewings }),
  };
}

function visible(db: Kysely<Tables>) {
  return db.selectFrom("videos").where("state", "!=", "removing");
}

async function listVideos(db: Database, { search, sort, after, limit }: ListQuery) {
  const [column, direction] = SORTED_BY[sort];
  let matching = visible(db);
  // instr, not LIKE: the text may hold % and _.
  if (search !== "") matching = matching.where(sql<boolean>`instr(title_search, ${searchText(search)}) > 0`);
  const { total } = await matching.select(db.fn.countAll<number>().as("total")).executeTakeFirstOrThrow();
  let page = matching.selectAll().orderBy(column, direction).orderBy("id", direction);
  if (after !== null) {
    const [, value, id] = parseCursor(after, sort);
    const key = sql`(${sql.ref(column)}, id)`;
    page = page.where(
      direction === "asc" ? sql<boolean>`${key} > (${value}, ${id})` : sql<boolean>`${key} < (${value}, ${id})`,
    );
  }
  const rows = await page.limit(limit + 1).execute();
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit && last !== undefined ? cursorText([sort, last[column], summary(last).id]) : null;
  return { videos: shown.map(summary), total, next };
}

async function clear(
  within: Kysely<Tables>,
  videoId: VideoId,
  end: { state: string; failure: string | null },
): Promise<void> {
  await within.deleteFrom("chunks").where("video_id", "=", videoId).execute();
  await within.deleteFrom("renditions").where("video_id", "=", videoId).execute();
  await within
    .updateTable("videos")
    .set({ ...end, copies_present: 0, copies_wanted: 0, size_bytes: 0, duration_seconds: 0, has_poster: 0 })
    .where("id", "=", videoId)
    .where("state", "!=", "removing")
    .execute();
}

async function countView(db: Database, what: { videoId: VideoId; viewing: string; maxViewings: number }) {
  const { videoId, viewing, maxViewings } = what;
  return await db.transaction().execute(async (within) => {
    const video = await visible(within).select("views").where("id", "=", videoId).executeTakeFirst();
    if (video === undefined) return undefined;
    const inserted = await within
      .insertInto("viewings")
      .values({ video_id: videoId, viewing })
      .onConflict((conflict) => conflict.doNothing())
      .returning("number")
      .executeTakeFirst();
    if (inserted === undefined) return { views: video.views, counted: false };
    await within
      .deleteFrom("viewings")
      .where("number", "<=", inserted.number - maxViewings)
      .execute();
    await within
      .updateTable("videos")
      .set({ views: video.views + 1 })
      .where("id", "=", videoId)
      .execute();
    return { views: video.views + 1, counted: true };
  });
}

const NO_COPIES = { present: 0, wanted: 0 };

function summary(row: Selectable<VideoRow>): VideoSummary {
  const id = v.parse(VideoIdSchema, row.id);
  return {
    id,
    title: row.title,
    state: v.parse(v.picklist(VIDEO_STATES), row.state),
    durationSeconds: row.duration_seconds,
    createdAt: new Date(row.created_ms).toISOString(),
    sizeBytes: row.size_bytes,
    views: row.views,
    copies: { present: row.copies_present, wanted: row.copies_wanted },
    failure: row.failure,
    poster: row.has_poster === 1 ? PATHS.poster(id) : null,
  };
}

function manifestEntry(row: Selectable<ChunkRow>): ManifestEntry {
  return {
    seq: Math.max(0, row.seq),
    durationSeconds: row.duration_seconds,
    record: v.parse(ChunkRecordSchema, JSON.parse(row.record_json)),
    blocks: row.blocks,
  };
}
