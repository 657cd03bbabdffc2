/**
 * Chunks that nodes should give up, kept durably, so that neither a crash nor a node that is away leaves bytes behind.
 *
 * Before a chunk is sent anywhere an *intent* names the position, the hash and the nodes that may get it. When its video is
 * ready, holders keep it and every other node of the intent is to give it up; when the video fails or is cancelled, all of
 * them are. A *release* is one such DELETE, tried until the node has answered (release-loop.ts).
 */
import * as v from "valibot";
import type { ChunkHash, NodeId, VideoId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { ChunkHashSchema, NodeIdSchema, PositionSchema, VideoIdSchema } from "#wire/contract/schemas.ts";
import type { Database } from "../database/open-database.ts";
import type { PlacementRegister } from "./placement-register.ts";

export interface Intent {
  readonly position: Position;
  readonly hash: ChunkHash;
  readonly nodeIds: readonly NodeId[];
}

export interface Release {
  readonly number: number;
  readonly nodeId: NodeId;
  readonly hash: ChunkHash;
  readonly position: Position;
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
  /** Nodes that are still to give up this chunk at this position: a new copy there could be deleted by it. */
  givingUp(what: Omit<Intent, "nodeIds">): Promise<NodeId[]>;
  /** The video is no more: every node gives up what it may have of it. */
  releaseAll(videoId: VideoId, register: PlacementRegister, nowMs: number): Promise<void>;
  /** Oldest first, for these nodes only, behind `after`. */
  pending(nodeIds: readonly NodeId[], after: number, limit: number): Promise<Release[]>;
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
      const holders = record?.hash === hash ? record.holders.map(({ nodeId }) => nodeId) : [];
      const others = readNodeIds(node_ids_json).filter((nodeId) => !holders.includes(nodeId));
      rows.push(...others.map((nodeId) => newRelease(nodeId, { hash, position, nowMs })));
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
      const holders = record?.hash === what.hash ? record.holders.map(({ nodeId }) => nodeId) : [];
      await db.transaction().execute(async (within) => {
        const others = noted.filter((nodeId) => !holders.includes(nodeId));
        await addReleases(within, releasesOf({ ...what, nodeIds: others }, nowMs));
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

    async givingUp({ position, hash }) {
      const rows = await db
        .selectFrom("releases")
        .select("node_id")
        .where("hash", "=", hash)
        .where("position", "=", positionText(position))
        .execute();
      return rows.map((row) => v.parse(NodeIdSchema, row.node_id));
    },

    async releaseAll(videoId, register, nowMs) {
      let after = "";
      for (;;) {
        const placements = await register.listByVideo(videoId, after, PAGE_PLACEMENTS);
        const last = placements.at(-1);
        if (last === undefined) break;
        const rows = placements.flatMap(({ position, record }) =>
          record.holders.map(({ nodeId }) =>
            newRelease(nodeId, { hash: record.hash, position: positionText(position), nowMs }),
          ),
        );
        await db.transaction().execute((within) => addReleases(within, rows));
        after = positionText(last.position);
      }
      await endIntents(videoId, async () => undefined, nowMs);
    },

    async pending(nodeIds, after, limit) {
      if (nodeIds.length === 0) return [];
      const rows = await db
        .selectFrom("releases")
        .selectAll()
        .where("number", ">", after)
        .where("node_id", "in", nodeIds)
        .orderBy("number")
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        number: row.number,
        nodeId: v.parse(NodeIdSchema, row.node_id),
        hash: v.parse(ChunkHashSchema, row.hash),
        position: v.parse(PositionSchema, row.position),
      }));
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

function releasesOf({ position, hash, nodeIds }: Intent, nowMs: number): NewRelease[] {
  return nodeIds.map((nodeId) => newRelease(nodeId, { hash, position: positionText(position), nowMs }));
}

async function addReleases(within: Database, rows: readonly NewRelease[]): Promise<void> {
  for (let from = 0; from < rows.length; from += INSERT_ROWS) {
    const some = rows.slice(from, from + INSERT_ROWS);
    await within
      .insertInto("releases")
      .values(some)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

function readNodeIds(json: string): NodeId[] {
  return v.parse(v.array(NodeIdSchema), JSON.parse(json));
}

interface NewRelease {
  readonly node_id: string;
  readonly hash: string;
  readonly position: string;
  readonly created_ms: number;
}

function newRelease(nodeId: NodeId, what: { hash: string; position: string; nowMs: number }): NewRelease {
  return { node_id: nodeId, hash: what.hash, position: what.position, created_ms: what.nowMs };
}
