/**
 * The list of block hashes of a chunk: made when it is stored, checked against the record's `blocksDigest` when it is
 * read, so that the list may come from anybody.
 */
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
  const count = chunkBlocks(record.sizeBytes, record.blockSizeBytes).length;
  if (list?.length !== count * HASH_BYTES) return undefined;
  return chunkHashFromDigest(await digest(list)) === record.blocksDigest ? list : undefined;
}
