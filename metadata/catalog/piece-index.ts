/**
 * The pieces that records name, by node: what a lost node takes with it, what its disk should have, and when each piece was
 * last read and found intact. It follows the index of records (sqlite-chunks.ts) within the same transaction.
 */
import { sql } from "kysely";
import * as v from "valibot";
import type { ChunkHash, NodeId, VideoId } from "#core/ids.ts";
import type { Piece, PieceId } from "#core/placement/piece.ts";
import { pieceId } from "#core/placement/piece.ts";
import type { Position } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { pieceBytes } from "#core/redundancy/form.ts";
import { ChunkHashSchema, VideoIdSchema } from "#wire/contract/schemas.ts";
import type { Database } from "../database/open-database.ts";
import { shardColumn, WHOLE } from "../database/piece-columns.ts";
import type { ChunkKey } from "./chunk-key.ts";
import { chunkKey, positionOfKey } from "./chunk-key.ts";

/** A piece that a node should have, whoever refers to it. */
export interface NamedPiece extends Piece {
  readonly sizeBytes: number;
  /** 0: never yet. */
  readonly checkedMs: number;
}

export interface PieceTotals {
  readonly pieces: number;
  readonly sizeBytes: number;
}

export interface PieceIndex {
  /**
   * Positions of ready videos with a piece on one of these nodes, in a fixed order.
   *
   * @param after last position of the page before; null for the first page
   */
  positionsOn(nodeIds: readonly NodeId[], after: Position | null, limit: number): Promise<Position[]>;
  /**
   * Positions of ready videos at which two pieces or more lie in one failure domain.
   *
   * @param domains of the nodes that have others in theirs; those left out are alone
   */
  sharingDomains(domains: ReadonlyMap<NodeId, string>, after: Position | null, limit: number): Promise<Position[]>;
  /** Positions at which the record names this piece. */
  positionsOf(nodeId: NodeId, piece: Piece): Promise<Position[]>;
  /** The piece, if any record names it on this node. */
  piece(nodeId: NodeId, piece: Piece): Promise<NamedPiece | undefined>;
  /** What the node should have, in the order of hashes and shards, each piece once, behind `after`. */
  namedOn(nodeId: NodeId, after: Piece | null, limit: number): Promise<NamedPiece[]>;
  /** Which of these the node should have. */
  named(nodeId: NodeId, pieces: readonly Piece[]): Promise<ReadonlySet<PieceId>>;
  /** Nodes that are named at all. */
  nodeIds(): Promise<string[]>;
  /** What the node should have, each piece once: the longest unchecked first. */
  longestUnchecked(nodeId: NodeId, limit: number): Promise<NamedPiece[]>;
  noteChecked(nodeId: NodeId, pieces: readonly Piece[], atMs: number): Promise<void>;
  /** @param uncheckedSinceMs only what was not checked since then */
  totals(nodeId: NodeId, uncheckedSinceMs?: number): Promise<PieceTotals>;
  /** A video with a piece of this chunk on the node; one of them when several share it. */
  videoOf(nodeId: NodeId, hash: ChunkHash): Promise<VideoId | undefined>;
}

/** Replaces what is named at a position; call it in the transaction that writes the record. What stays keeps its check. */
export async function writePieces(
  within: Database,
  key: ChunkKey & { readonly video_id: string },
  { hash, sizeBytes, scheme, holders }: ChunkRecord,
): Promise<void> {
  const rows = holders.map((holder) => ({
    ...{ node_id: holder.nodeId, hash, shard: shardColumn(holder), size_bytes: pieceBytes(sizeBytes, scheme, holder) },
    ...key,
  }));
  const wanted = new Set(rows.map(({ node_id, shard }) => `${node_id} ${hash} ${shard}`));
  const named = await within
    .selectFrom("pieces")
    .select(["node_id", "hash", "shard"])
    .where("video_id", "=", key.video_id)
    .where("rendition", "=", key.rendition)
    .where("seq", "=", key.seq)
    .execute();
  for (const old of named) {
    if (wanted.has(`${old.node_id} ${old.hash} ${old.shard}`)) continue;
    await within
      .deleteFrom("pieces")
      .where("node_id", "=", old.node_id)
      .where("hash", "=", old.hash)
      .where("shard", "=", old.shard)
      .where("video_id", "=", key.video_id)
      .where("rendition", "=", key.rendition)
      .where("seq", "=", key.seq)
      .execute();
  }
  if (rows.length === 0) return;
  await within
    .insertInto("pieces")
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export function sqlitePieceIndex(db: Database): PieceIndex {
  return {
    async positionsOn(nodeIds, after, limit) {
      if (nodeIds.length === 0) return [];
      let named = db
        .selectFrom("pieces")
        .innerJoin("videos", "videos.id", "pieces.video_id")
        .select(["pieces.video_id", "pieces.rendition", "pieces.seq"])
        .distinct()
        // The plus keeps SQLite in the order of the chunks: a sort of all would be made for each page.
        .where(sql<string>`+pieces.node_id`, "in", nodeIds)
        .where("videos.state", "=", "ready");
      if (after !== null) {
        const { rendition, seq } = chunkKey(after);
        const key = sql`(pieces.video_id, pieces.rendition, pieces.seq)`;
        named = named.where(sql<boolean>`${key} > (${after.videoId}, ${rendition}, ${seq})`);
      }
      const rows = await named
        .orderBy("pieces.video_id")
        .orderBy("pieces.rendition")
        .orderBy("pieces.seq")
        .limit(limit)
        .execute();
      return rows.map(positionOfRow);
    },

    async sharingDomains(domains, after, limit) {
      if (domains.size === 0) return [];
      const { rendition, seq } = after === null ? { rendition: "", seq: 0 } : chunkKey(after);
      const behind = sql`(pieces.video_id, pieces.rendition, pieces.seq) > (${after?.videoId ?? ""}, ${rendition}, ${seq})`;
      const { rows } = await sql<{ video_id: string; rendition: string; seq: number }>`
        SELECT pieces.video_id, pieces.rendition, pieces.seq FROM pieces
          JOIN videos ON videos.id = pieces.video_id AND videos.state = 'ready'
          LEFT JOIN json_each(${JSON.stringify(Object.fromEntries(domains))}) AS domain ON domain.key = pieces.node_id
        WHERE ${behind}
        GROUP BY pieces.video_id, pieces.rendition, pieces.seq
        HAVING count(*) > count(DISTINCT coalesce(domain.value, pieces.node_id))
        ORDER BY pieces.video_id, pieces.rendition, pieces.seq LIMIT ${limit}`.execute(db);
      return rows.map(positionOfRow);
    },

    async positionsOf(nodeId, { hash, shard }) {
      const rows = await db
        .selectFrom("pieces")
        .select(["video_id", "rendition", "seq"])
        .where("node_id", "=", nodeId)
        .where("hash", "=", hash)
        .where("shard", "=", shard ?? WHOLE)
        .execute();
      return rows.map(positionOfRow);
    },

    async piece(nodeId, { hash, shard }) {
      const row = await db
        .selectFrom("pieces")
        .select(PIECE_COLUMNS)
        .where("node_id", "=", nodeId)
        .where("hash", "=", hash)
        .where("shard", "=", shard ?? WHOLE)
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? undefined : namedPiece(row);
    },

    async namedOn(nodeId, after, limit) {
      let rows = db.selectFrom("pieces").select(PIECE_COLUMNS).where("node_id", "=", nodeId);
      if (after !== null) rows = rows.where(sql<boolean>`(hash, shard) > (${after.hash}, ${after.shard ?? WHOLE})`);
      const page = await rows.groupBy(["hash", "shard"]).orderBy("hash").orderBy("shard").limit(limit).execute();
      return page.map(namedPiece);
    },

    async named(nodeId, pieces) {
      const hashes = [...new Set(pieces.map(({ hash }) => hash))];
      if (hashes.length === 0) return new Set();
      const rows = await db
        .selectFrom("pieces")
        .select(["hash", "shard"])
        .where("node_id", "=", nodeId)
        .where("hash", "in", hashes)
        .execute();
      return new Set(rows.map(({ hash, shard }) => pieceId(pieceOfRow({ hash, shard }))));
    },

    async nodeIds() {
      // From one id to the next: reading every row took 0.1 s with half a million pieces.
      const rows = await sql<{ node_id: string }>`
        WITH RECURSIVE named (node_id) AS (
          SELECT min(node_id) FROM pieces
          UNION ALL
          SELECT (SELECT min(node_id) FROM pieces WHERE node_id > named.node_id) FROM named WHERE node_id IS NOT NULL
        )
        SELECT node_id FROM named WHERE node_id IS NOT NULL`.execute(db);
      return rows.rows.map((row) => row.node_id);
    },

    async longestUnchecked(nodeId, limit) {
      const rows = await db
        .selectFrom("pieces")
        .select(PIECE_COLUMNS)
        .where("node_id", "=", nodeId)
        .orderBy("checked_ms")
        .limit(limit)
        .execute();
      return [...new Map(rows.map(namedPiece).map((piece) => [pieceId(piece), piece])).values()];
    },

    async noteChecked(nodeId, pieces, atMs) {
      await db.transaction().execute(async (within) => {
        for (const { hash, shard } of pieces) {
          await within
            .updateTable("pieces")
            .set({ checked_ms: atMs })
            .where("node_id", "=", nodeId)
            .where("hash", "=", hash)
            .where("shard", "=", shard ?? WHOLE)
            .execute();
        }
      });
    },

    async totals(nodeId, uncheckedSinceMs) {
      let rows = db
        .selectFrom("pieces")
        .select((row) => [row.fn.countAll<number>().as("pieces"), row.fn.sum<number | null>("size_bytes").as("bytes")])
        .where("node_id", "=", nodeId);
      if (uncheckedSinceMs !== undefined) rows = rows.where("checked_ms", "<", uncheckedSinceMs);
      const { pieces, bytes } = await rows.executeTakeFirstOrThrow();
      return { pieces, sizeBytes: bytes ?? 0 };
    },

    async videoOf(nodeId, hash) {
      const row = await db
        .selectFrom("pieces")
        .select("video_id")
        .where("node_id", "=", nodeId)
        .where("hash", "=", hash)
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? undefined : v.parse(VideoIdSchema, row.video_id);
    },
  };
}

const PIECE_COLUMNS = ["hash", "shard", "size_bytes", "checked_ms"] as const;

function pieceOfRow({ hash, shard }: { hash: string; shard: number }): Piece {
  return { hash: v.parse(ChunkHashSchema, hash), shard: shard === WHOLE ? null : shard };
}

function namedPiece(row: { hash: string; shard: number; size_bytes: number; checked_ms: number }): NamedPiece {
  return { ...pieceOfRow(row), sizeBytes: row.size_bytes, checkedMs: row.checked_ms };
}

function positionOfRow({ video_id, rendition, seq }: { video_id: string; rendition: string; seq: number }): Position {
  return positionOfKey(v.parse(VideoIdSchema, video_id), { rendition, seq });
}
