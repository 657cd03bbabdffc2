/**
 * The port behind which a node keeps pieces of chunks: whole ones under their hash, shards under `<hash>.<shard>`
 * (core/placement/piece.ts), and the references that keep them alive. One contract suite (chunk-store.contract.ts) runs against
 * every implementation.
 *
 * A reference is the text of a position (core/placement/position.ts) or LOOSE_REFERENCE, with the highest version of the
 * position's record for which the piece was given. Several positions may share the bytes of one piece; the bytes go with the
 * last reference. Changes of one piece happen one after another; pieces of one chunk have nothing to do with each other.
 */
import type { ChunkHash } from "#core/ids.ts";
import type { PieceId } from "#core/placement/piece.ts";
import type { Damage, PieceVerdict } from "#wire/contract/piece-api.ts";

/** What somebody puts, and for whom. */
export interface Claim {
  readonly reference: string;
  /** Of the record that names the piece, >= 1. */
  readonly version: number;
  /** SHA-256 of the bytes: the caller has checked it. Of a replica it is the name. */
  readonly digest: ChunkHash;
}

export interface PutResult {
  /** Whether the bytes were already here, and are intact. */
  readonly existed: boolean;
  /** References to the piece now, at least 1. */
  readonly references: number;
}

export interface DereferenceResult {
  readonly references: number;
  /** Whether the bytes went with this reference. */
  readonly deleted: boolean;
}

export interface StoreStats {
  /** Replicas here. */
  readonly chunkCount: number;
  readonly shardCount: number;
  /** Bytes of all pieces here. */
  readonly usedBytes: number;
  /** Apparent size of what else the store's folder holds; it may be some seconds old. */
  readonly otherBytes: number;
  /** Bytes that may still be stored before the store counts as full. */
  readonly freeBytes: number;
  /** Share of the space in use, 0..1. */
  readonly fillRatio: number;
}

/** A piece and its references, in no order, as they are at this moment: to be used before anything is awaited. */
export interface KeptPiece {
  readonly piece: PieceId;
  readonly sizeBytes: number;
  /** Without its bytes a piece waits for a repair. */
  readonly isHere: boolean;
  readonly references: readonly { readonly reference: string; readonly version: number }[];
}

/** A piece open for reading; it stays readable when the piece is deleted meanwhile. Must be closed. */
export interface OpenChunk {
  readonly sizeBytes: number;
  /**
   * Fills `target` with the bytes from `position` on.
   *
   * @throws VStackError `corrupt` when the bytes cannot be read or are not those of the piece: then they are no longer served
   */
  read(target: Uint8Array, position: number): Promise<void>;
  close(): void;
}

export interface ChunkStore {
  /** Made when the store was; a wiped disk has a new one. */
  readonly incarnation: string;
  /**
   * Stores bytes, adds a reference or raises its version, and returns when all would survive a power loss. Bytes that are here
   * are read again, and kept when they are intact.
   *
   * @param bytes not kept after the promise settles
   * @param beside runs once, while the disk flushes the bytes; what it throws fails the put, which then leaves no trace
   * @throws VStackError `storage-full` without trace when there is no room, `conflict` above MAX_REFERENCES_PER_CHUNK and when
   *   intact bytes of another digest are here, `unavailable` when the disk fails
   */
  put(piece: PieceId, bytes: Uint8Array, claim: Claim, beside?: () => void): Promise<PutResult>;
  /** Size of a piece, undefined when it is not here. */
  sizeOf(piece: PieceId): number | undefined;
  /** SHA-256 of the bytes of a piece as they were put, undefined when it is not here. */
  digestOf(piece: PieceId): ChunkHash | undefined;
  /**
   * Opens a piece, undefined when it is not here.
   *
   * @throws VStackError `corrupt` when it is here and cannot be trusted: from then on it is not here
   */
  open(piece: PieceId): Promise<OpenChunk | undefined>;
  /**
   * Removes a reference, and the bytes with the last one; returns when that would survive a power loss. A reference that
   * is not there changes nothing.
   *
   * @param epoch of the release; undefined takes the reference whatever its version
   * @returns undefined when nothing is known of the piece
   * @throws VStackError `conflict` when the piece was given for a version above `epoch` (core/redundancy/release.ts)
   */
  dereference(piece: PieceId, reference: string, epoch?: number): Promise<DereferenceResult | undefined>;
  /** Reads the whole piece and hashes it, giving way to readers; bytes that are wrong are put aside. */
  verify(piece: PieceId): Promise<PieceVerdict>;
  /** At most `limit` pieces with names behind `after`, in the order of their names; fewer at the end. */
  list(after: string, limit: number): KeptPiece[];
  /** Does to a piece what a rotting disk does, unnoticed until somebody looks; for demonstrations. False when it is not here. */
  damage(piece: PieceId, damage: Damage["damage"]): Promise<boolean>;
  stats(): Promise<StoreStats>;
  /** Lets started changes end and refuses new ones. */
  close(): Promise<void>;
}
