/**
 * Pieces that nodes should give up, kept durably, so that neither a crash nor a node that is away leaves bytes behind.
 *
 * Before a chunk is sent anywhere an *intent* names the position, the hash and the nodes that may get it. When its video is
 * ready, holders keep it and every other node of the intent is to give it up; when the video fails or is cancelled, all of
 * them are. A *release* is one such DELETE of a replica or a shard, tried until the node has answered (release-loop.ts); a
 * node that was given the piece for a later version than its epoch refuses it (core/redundancy/release.ts).
 */
import { sql } from "kysely";
import * as v from "valibot";
import type { ChunkHash, NodeId, VideoId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord, Holder } from "#core/placement/record.ts";
import { replicaHolders } from "#core/placement/record.ts";
import type { Release as DueRelease } from "#core/redundancy/release.ts";
import { ChunkHashSchema, NodeIdSchema, PositionSchema, VideoIdSchema } from "#wire/contract/schemas.ts";
import type { Database } from "../database/open-database.ts";
import { holderOf, shardColumn, WHOLE } from "../database/piece-columns.ts";
import type { ReleaseRow } from "../database/tables.ts";
import type { PlacementRegister } from "./placement-register.ts";

export interface Intent {
  readonly position: Position;
  readonly hash: ChunkHash;
  readonly nodeIds: readonly NodeId[];
}

export interface Release {
  readonly number: number;
  readonly piece: Holder;
  readonly hash: ChunkHash;
  readonly position: Position;
  /** Version of a record that does not name the piece; null: no record ever will again. */
  readonly epoch: number | null;
}

export type KeptRelease = Omit<DueRelease, "epoch"> & Pick<Release, "epoch">;

export interface DueNow {
  /** Only of these nodes. */
  readonly nodeIds: readonly NodeId[];
  /** Number of the last release of the page before; 0 for the first. */
  readonly after: number;
  readonly nowMs: number;
  readonly limit: number;
}

/** After so long a node will not come back with the bytes, or scrubbing finds them. */
const MAX_RELEASE_AGE_MS = 30 * 24 * 3_600_000;
/** Rows of one INSERT; SQLite takes 32,766 parameters. */
const INSERT_ROWS = 1000;
const PAGE_PLACEMENTS = 1000;

export interface Releases {
  /**
   * Notes which nodes may get a chunk; call it before the first byte goes out. Nodes noted by an earlier run of the same
   * job stay noted, and nothing that was to be given up here is given up any more.
   */
  intend(intent: Intent): Promise<void>;
  /** Takes back nodes that were noted and got nothing. */
  withdraw(intent: Intent): Promise<void>;
  /** The video is ready: nodes that are no holders of its records give up what they may have. */
  settle(videoId: VideoId, register: PlacementRegister, nowMs: number): Promise<void>;
  /**
   * {@link settle} for one chunk at one position, once nothing is being written for it any more: the nodes given and those
   * noted before give it up unless they are holders of it.
   */
  settleChunk(intent: Intent, register: PlacementRegister, nowMs: number): Promise<void>;
  /** Videos of which something was begun and not settled. */
  unsettledVideos(): Promise<VideoId[]>;
  /** What that is. */
  unsettled(videoId: VideoId): Promise<{ readonly position: Position; readonly hash: ChunkHash }[]>;
  /** Whether a chunk may be on its way to this position. */
  isIntended(position: Position): Promise<boolean>;
  /** Keeps what is given up, all of it or nothing. Epoch null: no record will ever stand there again. */
  keep(hash: ChunkHash, releases: readonly KeptRelease[], nowMs: number): Promise<void>;
  /** The video is no more: every node gives up what it may have of it. */
  releaseAll(videoId: VideoId, register: PlacementRegister, nowMs: number): Promise<void>;
  /** Those whose time has come, oldest first. */
  pending(due: DueNow): Promise<Release[]>;
  /** All that there are, due or not. */
  count(): Promise<number>;
  done(numbers: readonly number[]): Promise<void>;
  /** Drops releases that are too old to matter. */
  forgetOld(nowMs: number): Promise<void>;
}

export function sqliteReleases(db: Database): Releases {
  const intentOf = async (within: Database, { position, hash }: Omit<Intent, "nodeIds">): Promise<NodeId[]> => {
    const row = await within
      .selectFrom("chunk_intents")
      .select("node_ids_json")
      .where("position", "=", positionText(position))
      .where("hash", "=", hash)
      .executeTakeFirst();
    return row === undefined ? [] : readNodeIds(row.node_ids_json);
  };
  const write = async (within: Database, { position, hash, nodeIds }: Intent) => {
    const row = {
      position: positionText(position),
      video_id: position.videoId,
      hash,
      node_ids_json: JSON.stringify(nodeIds),
    };
    await within
      .insertInto("chunk_intents")
      .values(row)
      .onConflict((conflict) => conflict.columns(["position", "hash"]).doUpdateSet(row))
      .execute();
  };
  /** Turns the intents of a video into releases, but for the nodes that hold by the register. */
  const endIntents = async (
    videoId: VideoId,
    holdersOf: (position: string) => Promise<ChunkRecord | undefined>,
    nowMs: number,
  ) => {
    const intents = await db.selectFrom("chunk_intents").selectAll().where("video_id", "=", videoId).execute();
    const rows: NewRelease[] = [];
    for (const { position, hash, node_ids_json } of intents) {
      const record = await holdersOf(position);
      const holders = record?.hash === hash ? replicaHolders(record) : [];
      const others = readNodeIds(node_ids_json).filter((nodeId) => !holders.includes(nodeId));
      const epoch = record?.version ?? null;
      rows.push(...others.map((nodeId) => newRelease(replicaOn(nodeId), { hash, position, epoch, nowMs })));
    }
    await db.transaction().execute(async (within) => {
      await addReleases(within, rows);
      await within.deleteFrom("chunk_intents").where("video_id", "=", videoId).execute();
    });
  };

  return {
    async intend(intent) {
      await db.transaction().execute(async (within) => {
        const earlier = await intentOf(within, intent);
        await write(within, { ...intent, nodeIds: [...new Set([...earlier, ...intent.nodeIds])] });
        await within
          .deleteFrom("releases")
          .where("node_id", "in", intent.nodeIds)
          .where("hash", "=", intent.hash)
          .where("shard", "=", WHOLE)
          .where("position", "=", positionText(intent.position))
          .execute();
      });
    },

    async withdraw(intent) {
      await db.transaction().execute(async (within) => {
        const noted = await intentOf(within, intent);
        await write(within, { ...intent, nodeIds: noted.filter((nodeId) => !intent.nodeIds.includes(nodeId)) });
      });
    },

    settle: (videoId, register, nowMs) =>
      endIntents(videoId, (position) => register.known(v.parse(PositionSchema, position)), nowMs),

    async settleChunk(what, register, nowMs) {
      const noted = [...new Set([...what.nodeIds, ...(await intentOf(db, what))])];
      const record = await register.known(what.position);
      const holders = record?.hash === what.hash ? replicaHolders(record) : [];
      const about = { hash: what.hash, position: positionText(what.position), epoch: record?.version ?? null, nowMs };
      await db.transaction().execute(async (within) => {
        const others = noted.filter((nodeId) => !holders.includes(nodeId));
        await addReleases(
          within,
          others.map((nodeId) => newRelease(replicaOn(nodeId), about)),
        );
        await within
          .deleteFrom("chunk_intents")
          .where("position", "=", positionText(what.position))
          .where("hash", "=", what.hash)
          .execute();
      });
    },

    async unsettledVideos() {
      const rows = await db.selectFrom("chunk_intents").select("video_id").distinct().execute();
      return rows.map((row) => v.parse(VideoIdSchema, row.video_id));
    },

    async unsettled(videoId) {
      const rows = await db
        .selectFrom("chunk_intents")
        .select(["position", "hash"])
        .where("video_id", "=", videoId)
        .execute();
      return rows.map((row) => ({
        position: v.parse(PositionSchema, row.position),
        hash: v.parse(ChunkHashSchema, row.hash),
      }));
    },

    async isIntended(position) {
      const row = await db
        .selectFrom("chunk_intents")
        .select("hash")
        .where("position", "=", positionText(position))
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },

    async keep(hash, due, nowMs) {
      const rows = due.map(({ key, piece, epoch, notBeforeSeconds }) => ({
        ...newRelease(piece, { hash, position: key, epoch, nowMs }),
        not_before_ms: Math.ceil(notBeforeSeconds * 1000),
      }));
      await db.transaction().execute((within) => addReleases(within, rows));
    },

    async releaseAll(videoId, register, nowMs) {
      let after = "";
      for (;;) {
        const placements = await register.listByVideo(videoId, after, PAGE_PLACEMENTS);
        const last = placements.at(-1);
        if (last === undefined) break;
        const rows = placements.flatMap(({ position, record }) =>
          record.holders.map((piece) =>
            newRelease(piece, { hash: record.hash, position: positionText(position), epoch: null, nowMs }),
          ),
        );
        await db.transaction().execute((within) => addReleases(within, rows));
        after = positionText(last.position);
      }
      await endIntents(videoId, async () => undefined, nowMs);
    },

    async pending({ nodeIds, after, nowMs, limit }) {
      if (nodeIds.length === 0) return [];
      const rows = await db
        .selectFrom("releases")
        .selectAll()
        .where("number", ">", after)
        .where("node_id", "in", nodeIds)
        .where("not_before_ms", "<=", nowMs)
        .orderBy("number")
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        number: row.number,
        piece: holderOf(v.parse(NodeIdSchema, row.node_id), row.shard),
        hash: v.parse(ChunkHashSchema, row.hash),
        position: v.parse(PositionSchema, row.position),
        epoch: row.epoch,
      }));
    },

    async count() {
      return (await db.selectFrom("releases").select(db.fn.countAll<number>().as("count")).executeTakeFirstOrThrow())
        .count;
    },

    async done(numbers) {
      if (numbers.length > 0) await db.deleteFrom("releases").where("number", "in", numbers).execute();
    },

    async forgetOld(nowMs) {
      await db
        .deleteFrom("releases")
        .where("created_ms", "<", nowMs - MAX_RELEASE_AGE_MS)
        .execute();
    },
  };
}

/** Of two releases of one piece the one with the later epoch stands, with its own grace; one without an epoch is the last. */
async function addReleases(within: Database, rows: readonly NewRelease[]): Promise<void> {
  for (let from = 0; from < rows.length; from += INSERT_ROWS) {
    const some = rows.slice(from, from + INSERT_ROWS);
    await within
      .insertInto("releases")
      .values(some)
      .onConflict((conflict) =>
        conflict
          .columns(["node_id", "hash", "shard", "position"])
          .doUpdateSet((row) => ({
            epoch: row.ref("excluded.epoch"),
            not_before_ms: row.ref("excluded.not_before_ms"),
          }))
          .where(
            sql<boolean>`releases.epoch IS NOT NULL AND (excluded.epoch IS NULL OR excluded.epoch > releases.epoch)`,
          ),
      )
      .execute();
  }
}

function readNodeIds(json: string): NodeId[] {
  return v.parse(v.array(NodeIdSchema), JSON.parse(json));
}

function replicaOn(nodeId: NodeId): Holder {
  return { nodeId, holds: "replica" };
}

type NewRelease = Omit<ReleaseRow, "number">;

function newRelease(
  piece: Holder,
  { hash, position, epoch, nowMs }: { hash: string; position: string; epoch: number | null; nowMs: number },
): NewRelease {
  return {
    ...{ node_id: piece.nodeId, hash, shard: shardColumn(piece), position, epoch },
    ...{ not_before_ms: 0, created_ms: nowMs },
  };
}
