/**
 * A piece is what a node keeps of a chunk: a replica, or one shard. On its node it goes by a text: the hash of the chunk for a
 * replica, `<hash>.<shard>` for a shard. Records name pieces by their holders (record.ts).
 */
import type { Brand, ChunkHash } from "../ids.ts";
import { parseChunkHash } from "../ids.ts";

/** `<hash>.<shard>`. */
export type ShardId = string & Brand<"ShardId">;

/** A replica goes by the name of its chunk, so that whoever has nothing but replicas need not know of pieces. */
export type PieceId = ChunkHash | ShardId;

export interface Piece {
  readonly hash: ChunkHash;
  /** Null for a replica. */
  readonly shard: number | null;
}

/** The highest shard that a record can name: 32 data shards and as many of parity. */
export const MAX_SHARD = 63;

const SHARD_ID = /^([0-9a-f]{64})\.(0|[1-9][0-9]?)$/;

/** @param shard 0..{@link MAX_SHARD} */
export function shardId(hash: ChunkHash, shard: number): ShardId {
  return `${hash}.${shard}` as ShardId;
}

export function pieceId({ hash, shard }: Piece): PieceId {
  return shard === null ? hash : shardId(hash, shard);
}

/** The text as the name of a piece, or undefined when it is none. */
export function parsePieceId(text: string): PieceId | undefined {
  const hash = parseChunkHash(text);
  if (hash !== undefined) return hash;
  const shard = SHARD_ID.exec(text)?.[2];
  return shard !== undefined && Number(shard) <= MAX_SHARD ? (text as ShardId) : undefined;
}

/** What the name says. */
export function pieceOf(id: PieceId): Piece {
  const hash = id.slice(0, 64) as ChunkHash;
  return { hash, shard: id.length === 64 ? null : Number(id.slice(65)) };
}
