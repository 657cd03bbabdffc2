/**
 * The record: the decided value of a position. It binds content (hash, size, digest of the block-hash list) to the nodes
 * that hold it. Records change only by compare-and-set through the placement register.
 */
import type { ChunkHash, NodeId } from "../ids.ts";

/** How the bytes are kept: whole copies, or Reed-Solomon shards. */
export type Scheme =
  | { readonly kind: "replication" }
  | { readonly kind: "erasure"; readonly dataShards: number; readonly parityShards: number; readonly matrix: string };

/** One node that holds the chunk whole, or one shard of it. */
export type Holder =
  | { readonly nodeId: NodeId; readonly holds: "replica" }
  | { readonly nodeId: NodeId; readonly holds: "shard"; readonly shard: number };

/** Version of the record's own format; a reader refuses what it does not know. */
export const RECORD_SCHEMA = 1;

export interface ChunkRecord {
  readonly schema: typeof RECORD_SCHEMA;
  /** 1 for the first value of a position; each change adds one. */
  readonly version: number;
  readonly hash: ChunkHash;
  readonly sizeBytes: number;
  readonly blockSizeBytes: number;
  /** SHA-256 of the concatenated raw block hashes: the list may travel apart and is still bound. */
  readonly blocksDigest: ChunkHash;
  readonly scheme: Scheme;
  readonly holders: readonly Holder[];
}

/** Full copies that a new chunk gets; survives the loss of two nodes. */
export const REPLICA_COUNT = 3;
/** Durable copies after which an upload may be acknowledged; below {@link REPLICA_COUNT} it is shown as at risk. */
export const ACKNOWLEDGED_COPIES = 2;

/** The nodes that hold the whole chunk, in the record's order. */
export function replicaHolders(record: ChunkRecord): NodeId[] {
  return record.holders.filter((holder) => holder.holds === "replica").map((holder) => holder.nodeId);
}
