/**
 * The port behind which a node keeps chunks: bytes under their hash, and the references that keep them alive. One contract
 * suite (chunk-store.contract.ts) runs against every implementation.
 *
 * A reference is the text of a position (core/placement/position.ts) or LOOSE_REFERENCE. Several positions may share the
 * bytes of one hash; the bytes go with the last reference. Changes of one hash happen one after another.
 */
import type { ChunkHash } from "#core/ids.ts";

export interface PutResult {
  /** Whether the bytes were already here. */
  readonly existed: boolean;
  /** References to the chunk now, at least 1. */
  readonly references: number;
}

export interface DereferenceResult {
  readonly references: number;
  /** Whether the bytes went with this reference. */
  readonly deleted: boolean;
}

export interface StoreStats {
  readonly chunkCount: number;
  /** Bytes of all chunks here. */
  readonly usedBytes: number;
  /** Bytes that may still be stored before the store counts as full. */
  readonly freeBytes: number;
  /** Share of the space in use, 0..1. */
  readonly fillRatio: number;
}

/** A chunk open for reading; it stays readable when the chunk is deleted meanwhile. Must be closed. */
export interface OpenChunk {
  readonly sizeBytes: number;
  /**
   * Fills `target` with the bytes from `position` on.
   *
   * @throws VStackError `corrupt` when the bytes cannot be read or are not those of the hash: then they are no longer served
   */
  read(target: Uint8Array, position: number): Promise<void>;
  close(): void;
}

export interface ChunkStore {
  /** Made when the store was; a wiped disk has a new one. */
  readonly incarnation: string;
  /**
   * Stores bytes, adds a reference, and returns when both would survive a power loss.
   *
   * @param bytes must hash to `hash` (the caller has checked); not kept after the promise settles
   * @throws VStackError `storage-full` without trace when there is no room, `conflict` above MAX_REFERENCES_PER_CHUNK,
   *   `unavailable` when the disk fails
   */
  put(hash: ChunkHash, bytes: Uint8Array, reference: string): Promise<PutResult>;
  /** Size of a chunk, undefined when it is not here. */
  sizeOf(hash: ChunkHash): number | undefined;
  /**
   * Opens a chunk, undefined when it is not here.
   *
   * @throws VStackError `corrupt` when it is here and cannot be trusted: from then on it is not here
   */
  open(hash: ChunkHash): Promise<OpenChunk | undefined>;
  /**
   * Removes a reference, and the bytes with the last one; returns when that would survive a power loss. A reference that
   * is not there changes nothing.
   *
   * @returns undefined when nothing is known of the hash
   */
  dereference(hash: ChunkHash, reference: string): Promise<DereferenceResult | undefined>;
  /** Reads the whole chunk and hashes it; bytes that are wrong are put aside. `absent` when it is not here. */
  verify(hash: ChunkHash): Promise<"intact" | "corrupt" | "absent">;
  stats(): Promise<StoreStats>;
  /** Lets started changes end and refuses new ones. */
  close(): Promise<void>;
}
