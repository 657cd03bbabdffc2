/**
 * How a chunk is cut into blocks. A block is the unit of verification: it has its own SHA-256, so that bytes can be
 * released to the player, and a lie blamed on one node, before the whole chunk is there.
 *
 * Blocks restart at every data-shard boundary (a chunk is three data shards of equal length, the last ones may be short
 * or empty), so that replicas and data shards share the same block hashes.
 */
import { invariant } from "../invariant.ts";

/** Data shards of a chunk; the k of Reed-Solomon 3+2. */
export const DATA_SHARDS = 3;
/** Shard lengths are multiples of this, the width that the Reed-Solomon kernel likes. */
export const SHARD_ALIGN_BYTES = 64;
/**
 * Largest block: what a lie costs at most. Smaller ones cost a worker more (media note, table of section 3), so that only
 * chunks that need them to be shared have them ({@link blockSizeFor}).
 */
export const MAX_BLOCK_SIZE_BYTES = 128 * 1024;

/** Smaller blocks cost more in requests and hashing than they gain. */
const MIN_BLOCK_SIZE_BYTES = 16 * 1024;
/** Blocks that a chunk should have, so that several nodes can share it evenly and one slow block delays it little. */
const WANTED_BLOCKS = 32;

/**
 * The block size for a new chunk: a power of two of about a 32nd of the chunk, 16..128 KiB. A low quality on a slow
 * network needs small blocks to be split at all; a large chunk would gain nothing but a longer list.
 */
export function blockSizeFor(sizeBytes: number): number {
  const power = 2 ** Math.round(Math.log2(Math.max(1, sizeBytes / WANTED_BLOCKS)));
  return Math.min(MAX_BLOCK_SIZE_BYTES, Math.max(MIN_BLOCK_SIZE_BYTES, power));
}

/** One block: the half-open byte range [start, end) of its chunk. */
export interface Block {
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/** Length in bytes of every data shard but the last ones, which end with the chunk: size/3 rounded up to 64. */
export function shardLengthBytes(sizeBytes: number, dataShards = DATA_SHARDS): number {
  return Math.ceil(Math.ceil(sizeBytes / dataShards) / SHARD_ALIGN_BYTES) * SHARD_ALIGN_BYTES;
}

/**
 * The blocks of a chunk, in order, covering it without gap or overlap. An empty chunk has none.
 *
 * @param sizeBytes size of the chunk, an integer >= 0
 * @param blockSizeBytes 1..{@link MAX_BLOCK_SIZE_BYTES}
 * @param dataShards into how many the chunk is or can be divided; the same for all forms that it will ever have
 */
export function chunkBlocks(sizeBytes: number, blockSizeBytes: number, dataShards = DATA_SHARDS): Block[] {
  invariant(Number.isInteger(sizeBytes) && sizeBytes >= 0, `Cannot cut a chunk of ${sizeBytes} bytes`);
  invariant(
    Number.isInteger(blockSizeBytes) && blockSizeBytes > 0 && blockSizeBytes <= MAX_BLOCK_SIZE_BYTES,
    `Cannot cut blocks of ${blockSizeBytes} bytes`,
  );
  const shardBytes = shardLengthBytes(sizeBytes, dataShards);
  const blocks: Block[] = [];
  for (let shardStart = 0; shardStart < sizeBytes; shardStart += shardBytes) {
    const shardEnd = Math.min(shardStart + shardBytes, sizeBytes);
    for (let start = shardStart; start < shardEnd; start += blockSizeBytes) {
      blocks.push({ index: blocks.length, start, end: Math.min(start + blockSizeBytes, shardEnd) });
    }
  }
  return blocks;
}
