/** The placement register in SQLite: one row per position, compare-and-set inside a transaction. */
import * as v from "valibot";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { ChunkRecordSchema, PositionSchema } from "#wire/contract/schemas.ts";
import type { Database } from "../database/open-database.ts";
import type { PlacementRegister, Proposed } from "./placement-register.ts";
import { requireNextVersion, sameRecord } from "./placement-register.ts";

export function sqliteRegister(db: Database): PlacementRegister {
  return {
    async propose(position, record, expectedVersion): Promise<Proposed> {
      requireNextVersion(record, expectedVersion);
      const row = {
        position: positionText(position),
        video_id: position.videoId,
        version: record.version,
        record_json: JSON.stringify(record),
      };
      return await db.transaction().execute(async (within): Promise<Proposed> => {
        const before = await within
          .selectFrom("placements")
          .select("record_json")
          .where("position", "=", row.position)
          .executeTakeFirst();
        const held = before === undefined ? null : readRecord(before.record_json);
        if (held !== null && sameRecord(held, record)) return { outcome: "chosen", record: held };
        if ((held?.version ?? null) !== expectedVersion) return { outcome: "conflict", record: held };
        await within
          .insertInto("placements")
          .values(row)
          .onConflict((conflict) => conflict.column("position").doUpdateSet(row))
          .execute();
        return { outcome: "chosen", record };
      });
    },

    async read(position) {
      const row = await db
        .selectFrom("placements")
        .select("record_json")
        .where("position", "=", positionText(position))
        .executeTakeFirst();
      return row === undefined ? undefined : readRecord(row.record_json);
    },

    async listByVideo(videoId, after, limit) {
      const rows = await db
        .selectFrom("placements")
        .select(["position", "record_json"])
        .where("video_id", "=", videoId)
        .where("position", ">", after)
        .orderBy("position")
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        position: v.parse(PositionSchema, row.position),
        record: readRecord(row.record_json),
      }));
    },

    async removeByVideo(videoId) {
      await db.deleteFrom("placements").where("video_id", "=", videoId).execute();
    },
  };
}

function readRecord(json: string): ChunkRecord {
  return v.parse(ChunkRecordSchema, JSON.parse(json));
}
