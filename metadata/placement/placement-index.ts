/**
 * The learner: the newest decided value of each position that this server has heard of. A mere index: what it lacks can be
 * asked of the acceptors, and only a higher version replaces what it has.
 */
import { sql } from "kysely";
import * as v from "valibot";
import type { Value } from "#core/consensus/value.ts";
import type { VideoId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { ValueSchema } from "#wire/contract/consensus-api.ts";
import { PositionSchema } from "#wire/contract/schemas.ts";
import type { Database } from "../database/open-database.ts";

export interface DecidedValue {
  readonly position: Position;
  readonly value: Value<ChunkRecord>;
}

export interface PlacementIndex {
  /** Notes decided values; older ones than are known change nothing. */
  learn(decided: readonly DecidedValue[]): Promise<void>;
  read(position: Position): Promise<Value<ChunkRecord> | undefined>;
  /** Versions that are known of these positions, by their text; those that were deleted for good are left out. */
  versions(positions: readonly Position[]): Promise<ReadonlyMap<string, number>>;
  /** Drops what was never decided: rows of a catalogue that is older than its acceptors. */
  forget(positions: readonly Position[]): Promise<void>;
  /**
   * Values of a video in the order of their positions' text, those that were deleted for good left out.
   *
   * @param after text of the last position of the page before; "" for the first page
   * @param limit values on this page, 1 or more
   */
  list(videoId: VideoId, after: string, limit: number): Promise<DecidedValue[]>;
}

const LIVE = sql<boolean>`json_type(value_json, '$.body') <> 'null'`;
/** Values of one statement. */
const LEARN_ROWS = 500;

export function sqlitePlacementIndex(db: Database): PlacementIndex {
  return {
    async learn(decided) {
      for (let from = 0; from < decided.length; from += LEARN_ROWS) {
        const rows = decided.slice(from, from + LEARN_ROWS).map(({ position, value }) => ({
          ...{ position: positionText(position), video_id: position.videoId, version: value.version },
          value_json: JSON.stringify(value),
        }));
        await db
          .insertInto("placements")
          .values(rows)
          .onConflict((conflict) =>
            conflict
              .column("position")
              .doUpdateSet((row) => ({
                version: row.ref("excluded.version"),
                value_json: row.ref("excluded.value_json"),
              }))
              .whereRef("excluded.version", ">", "placements.version"),
          )
          .execute();
      }
    },

    async read(position) {
      const row = await db
        .selectFrom("placements")
        .select("value_json")
        .where("position", "=", positionText(position))
        .executeTakeFirst();
      return row === undefined ? undefined : readValue(row.value_json);
    },

    async versions(positions) {
      const known = new Map<string, number>();
      for (let from = 0; from < positions.length; from += LEARN_ROWS) {
        const rows = await db
          .selectFrom("placements")
          .select(["position", "version"])
          .where("position", "in", positions.slice(from, from + LEARN_ROWS).map(positionText))
          .where(LIVE)
          .execute();
        for (const { position, version } of rows) known.set(position, version);
      }
      return known;
    },

    async forget(positions) {
      if (positions.length === 0) return;
      await db.deleteFrom("placements").where("position", "in", positions.map(positionText)).execute();
    },

    async list(videoId, after, limit) {
      const rows = await db
        .selectFrom("placements")
        .select(["position", "value_json"])
        .where("video_id", "=", videoId)
        .where("position", ">", after)
        .where(LIVE)
        .orderBy("position")
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        position: v.parse(PositionSchema, row.position),
        value: readValue(row.value_json),
      }));
    },
  };
}

function readValue(json: string): Value<ChunkRecord> {
  return v.parse(ValueSchema, JSON.parse(json));
}
