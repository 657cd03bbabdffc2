/**
 * Pieces that records name and that a check did not find, or not intact. They are no sources any more, and wait here until
 * they are made again or no record names them. Kept durably: what a check found must not wait for the next one after a restart.
 */
import * as v from "valibot";
import type { ChunkHash } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { Holder } from "#core/placement/record.ts";
import type { PieceVerdict } from "#wire/contract/piece-api.ts";
import { NodeIdSchema, PositionSchema } from "#wire/contract/schemas.ts";
import type { Database } from "../database/open-database.ts";
import { holderOf, shardColumn } from "../database/piece-columns.ts";

export type Fault = Exclude<PieceVerdict, "intact">;

export interface FoundFault {
  readonly position: Position;
  readonly hash: ChunkHash;
  readonly holder: Holder;
  readonly verdict: Fault;
}

export interface FaultyPieces {
  /**
   * All or none of them, with one flush: a wiped node lacks a thousand pieces at once.
   *
   * @returns for each of them whether it is new
   */
  add(faults: readonly FoundFault[]): Promise<boolean[]>;
  of(position: Position, hash: ChunkHash): Promise<{ readonly holder: Holder; readonly verdict: Fault }[]>;
  /** They are intact, or named no more. */
  remove(position: Position, hash: ChunkHash, holders: readonly Holder[]): Promise<void>;
  /** Positions with such pieces, in the order of their texts, behind `after`. */
  positions(after: string, limit: number): Promise<Position[]>;
  /** Forgets what is known of a position. */
  forget(position: Position): Promise<void>;
  /** Whether there are any at all. */
  any(): Promise<boolean>;
}

export function sqliteFaultyPieces(db: Database, wallMs: () => number): FaultyPieces {
  return {
    async add(faults) {
      if (faults.length === 0) return [];
      return await db.transaction().execute(async (within) => {
        const areNew: boolean[] = [];
        for (const { position, hash, holder, verdict } of faults) {
          const key = { position: positionText(position), hash, node_id: holder.nodeId, shard: shardColumn(holder) };
          const added = await within
            .insertInto("faulty_pieces")
            .values({ ...key, verdict, found_ms: wallMs() })
            .onConflict((conflict) => conflict.doNothing())
            .executeTakeFirst();
          const isNew = (added.numInsertedOrUpdatedRows ?? 0n) > 0n;
          areNew.push(isNew);
          // What was found corrupt is put aside by its node and absent from then on: corrupt is what it is.
          if (isNew || verdict === "absent") continue;
          await within
            .updateTable("faulty_pieces")
            .set({ verdict })
            .where("position", "=", key.position)
            .where("hash", "=", hash)
            .where("node_id", "=", key.node_id)
            .where("shard", "=", key.shard)
            .execute();
        }
        return areNew;
      });
    },

    async of(position, hash) {
      const rows = await db
        .selectFrom("faulty_pieces")
        .select(["node_id", "shard", "verdict"])
        .where("position", "=", positionText(position))
        .where("hash", "=", hash)
        .execute();
      return rows.map(({ node_id, shard, verdict }) => ({
        holder: holderOf(v.parse(NodeIdSchema, node_id), shard),
        verdict: verdict === "corrupt" ? "corrupt" : "absent",
      }));
    },

    async remove(position, hash, holders) {
      await db.transaction().execute(async (within) => {
        for (const holder of holders) {
          await within
            .deleteFrom("faulty_pieces")
            .where("position", "=", positionText(position))
            .where("hash", "=", hash)
            .where("node_id", "=", holder.nodeId)
            .where("shard", "=", shardColumn(holder))
            .execute();
        }
      });
    },

    async positions(after, limit) {
      const rows = await db
        .selectFrom("faulty_pieces")
        .select("position")
        .distinct()
        .where("position", ">", after)
        .orderBy("position")
        .limit(limit)
        .execute();
      return rows.map((row) => v.parse(PositionSchema, row.position));
    },

    async forget(position) {
      await db.deleteFrom("faulty_pieces").where("position", "=", positionText(position)).execute();
    },

    async any() {
      return (await db.selectFrom("faulty_pieces").select("position").limit(1).executeTakeFirst()) !== undefined;
    },
  };
}
