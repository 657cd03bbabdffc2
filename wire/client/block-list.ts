/**
 * The list of block hashes of a chunk: made when it is stored, checked against the record's `blocksDigest` when it is
 * read, so that the list may come from anybody. Of a coded chunk the hashes of the parity blocks follow those of the data
 * blocks (core/erasure/geometry.ts).
 */
import { geometryOf, shardBlocks } from "#core/erasure/geometry.ts";
import type { ErasureCode } from "#core/erasure/reed-solomon.ts";
import type { ChunkHash } from "#core/ids.ts";
import { chunkBlocks } from "#core/placement/blocks.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { chunkHashFromDigest, fromBase64, sha256, toBase64 } from "./digest.ts";

export const HASH_BYTES = 32;

/**
 * Hashes every block of a chunk, and of its parity shards behind them when it is kept as shards.
 *
 * @param coded the code and the parity shards, L bytes each (wire/client/erasure-codec.ts)
 */
export async function makeBlockList(
  bytes: Uint8Array<ArrayBuffer>,
  blockSizeBytes: number,
  coded?: { readonly code: ErasureCode; readonly parity: readonly Uint8Array<ArrayBuffer>[] },
): Promise<{ readonly blocks: string; readonly blocksDigest: ChunkHash }> {
  const parts = chunkBlocks(bytes.length, blockSizeBytes, coded?.code.dataShards).map(({ start, end }) =>
    bytes.subarray(start, end),
  );
  if (coded !== undefined) {
    const geometry = geometryOf(coded.code, bytes.length);
    for (const [at, shard] of coded.parity.entries()) {
      const blocks = shardBlocks(geometry, blockSizeBytes, coded.code.dataShards + at);
      parts.push(...blocks.map(({ start, end }) => shard.subarray(start, end)));
    }
  }
  const list = new Uint8Array(parts.length * HASH_BYTES);
  for (const [index, part] of parts.entries()) list.set(await sha256(part), index * HASH_BYTES);
  return { blocks: toBase64(list), blocksDigest: chunkHashFromDigest(await sha256(list)) };
}

/** How many hashes the list of a record has: those of the chunk's blocks, and of the parity blocks of an erasure record. */
function blockListLength({ sizeBytes, blockSizeBytes, scheme }: ChunkRecord): number {
  if (scheme.kind === "replication") return chunkBlocks(sizeBytes, blockSizeBytes).length;
  const parityBlocks = Math.ceil(geometryOf(scheme, sizeBytes).shardBytes / blockSizeBytes);
  return chunkBlocks(sizeBytes, blockSizeBytes, scheme.dataShards).length + scheme.parityShards * parityBlocks;
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
  if (list?.length !== blockListLength(record) * HASH_BYTES) return undefined;
  return chunkHashFromDigest(await digest(list)) === record.blocksDigest ? list : undefined;
}
