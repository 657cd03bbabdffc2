/**
 * The list of block hashes of a chunk: made when it is stored, checked against the record's `blocksDigest` when it is
 * read, so that the list may come from anybody. Of a coded chunk the hashes of the parity blocks follow those of the data
 * blocks (core/erasure/geometry.ts).
 */
import { geometryOf, shardBlocks } from "#core/erasure/geometry.ts";
import type { ChunkHash } from "#core/ids.ts";
import { chunkBlocks } from "#core/placement/blocks.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { chunkHashFromDigest, fromBase64, sha256, toBase64 } from "./digest.ts";

export const HASH_BYTES = 32;

/** Hashes every block of a chunk. */
export async function makeBlockList(
  bytes: Uint8Array<ArrayBuffer>,
  blockSizeBytes: number,
): Promise<{ readonly blocks: string; readonly blocksDigest: ChunkHash }> {
  const layout = chunkBlocks(bytes.length, blockSizeBytes);
  const list = new Uint8Array(layout.length * HASH_BYTES);
  for (const block of layout) list.set(await sha256(bytes.subarray(block.start, block.end)), block.index * HASH_BYTES);
  return { blocks: toBase64(list), blocksDigest: chunkHashFromDigest(await sha256(list)) };
}

/**
 * Reads a block list and proves it.
 *
 * @param blocks base64 of the concatenated raw hashes, from a manifest
 * @param digest raw SHA-256; Web Crypto's unless given
 * @returns the concatenated hashes, or undefined when the list is not the one that the record binds
 */
export async function readBlockList(
  record: ChunkRecord,
  blocks: string,
  digest = sha256,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const list = fromBase64(blocks);
  const count = listLength(record);
  if (list?.length !== count * HASH_BYTES) return undefined;
  return chunkHashFromDigest(await digest(list)) === record.blocksDigest ? list : undefined;
}

/** Blocks of the data, and of the parity where the record names any. */
function listLength({ sizeBytes, blockSizeBytes, scheme }: ChunkRecord): number {
  if (scheme.kind === "replication") return chunkBlocks(sizeBytes, blockSizeBytes).length;
  const { dataShards, parityShards } = scheme;
  const last = shardBlocks(geometryOf(scheme, sizeBytes), blockSizeBytes, dataShards + parityShards - 1).at(-1);
  return last === undefined ? 0 : last.index + 1;
}
