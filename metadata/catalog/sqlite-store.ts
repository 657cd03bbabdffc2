/** The catalogue in SQLite. Every statement goes through an index; a page of the library never counts what it skips. */
import type { Kysely } from "kysely";
import * as v from "valibot";
import type { VideoId } from "#core/ids.ts";
import { RenditionSchema } from "#wire/contract/catalog-api.ts";
import { VideoIdSchema } from "#wire/contract/schemas.ts";
import type { Database } from "../database/open-database.ts";
import type { Tables } from "../database/tables.ts";
import type { CatalogStore } from "./catalog-store.ts";
import { searchText } from "./catalog-store.ts";
import { chunkReader, writeChunk } from "./sqlite-chunks.ts";
import { listVideos, summaryOf, visibleVideos } from "./sqlite-list.ts";

/**
 * Viewings remembered over all videos. A page reports its viewing within minutes, so what is forgotten after so many
 * later ones is not reported again; 200,000 rows are about 20 MB.
 */
const MAX_VIEWINGS = 200_000;

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
      const row = await visibleVideos(db).selectAll().where("id", "=", videoId).executeTakeFirst();
      if (row === undefined) return undefined;
      const renditions = await db
        .selectFrom("renditions")
        .select("facts_json")
        .where("video_id", "=", videoId)
        .orderBy("ordinal")
        .execute();
      const facts = renditions.map((rendition) => v.parse(RenditionSchema, JSON.parse(rendition.facts_json)));
      return { ...summaryOf(row), renditions: facts };
    },

    listVideos: (query) => listVideos(db, query),

    async countVideos() {
      return (await visibleVideos(db).select(db.fn.countAll<number>().as("count")).executeTakeFirstOrThrow()).count;
    },

    async putChunk(chunk) {
      await db.transaction().execute((within) => writeChunk(within, chunk));
    },

    async renameVideo(videoId, title, meta) {
      return await db.transaction().execute(async (within) => {
        if (meta !== null && !(await writeChunk(within, meta))) return true;
        const changed = await within
          .updateTable("videos")
          .set({ title, title_search: searchText(title) })
          .where("id", "=", videoId)
          .where("state", "!=", "removing")
          .executeTakeFirst();
        return changed.numUpdatedRows > 0n;
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

    ...chunkReader(db),

    countView: (videoId, viewing) => countView(db, { videoId, viewing, maxViewings }),
  };
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
    const video = await visibleVideos(within).select("views").where("id", "=", videoId).executeTakeFirst();
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
