/**
 * Where the bytes of a chunk lie in its shards. Data shard i holds the bytes [i*L, (i+1)*L) of the chunk, L being size/k
 * rounded up to 64; the last ones end with the chunk, so they may be short or empty. Parity shards have L bytes. A byte's
 * place within its shard is its column: the codec works column by column, each from k bytes of the same column, and takes
 * zeros for what a short shard does not have.
 *
 * Blocks: those of the data shards are the blocks of the chunk (core/placement/blocks.ts), those of the parity shards
 * follow them in the list. All ranges are half-open, in bytes.
 */
import { invariant } from "../invariant.ts";
import type { Block } from "../placement/blocks.ts";
import { chunkBlocks, shardLengthBytes } from "../placement/blocks.ts";

/** How many shards of each kind; the erasure scheme of a record is one. */
export interface ShardCounts {
  /** k: as many shards give back the chunk. */
  readonly dataShards: number;
  /** m: as many may be lost. */
  readonly parityShards: number;
}

export interface Geometry extends ShardCounts {
  /** Of the chunk. */
  readonly sizeBytes: number;
  /** L: what the codec works on, and what a parity shard has. */
  readonly shardBytes: number;
}

/** The bytes [start, end) of something. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Some columns of one shard. */
export interface ShardRange extends ByteRange {
  readonly shard: number;
}

/**
 * @param sizeBytes of the chunk, an integer >= 0
 */
export function geometryOf({ dataShards, parityShards }: ShardCounts, sizeBytes: number): Geometry {
  invariant(Number.isInteger(sizeBytes) && sizeBytes >= 0, `Cannot divide a chunk of ${sizeBytes} bytes`);
  return { dataShards, parityShards, sizeBytes, shardBytes: shardLengthBytes(sizeBytes, dataShards) };
}

/** All shards, data first. */
export function shardCount({ dataShards, parityShards }: ShardCounts): number {
  return dataShards + parityShards;
}

/** How many bytes a node keeps of this shard; the zeros that fill a short one up to L are kept and sent by nobody. */
export function storedBytes({ dataShards, sizeBytes, shardBytes }: Geometry, shard: number): number {
  return shard < dataShards ? Math.min(shardBytes, Math.max(0, sizeBytes - shard * shardBytes)) : shardBytes;
}

/** The data shards and columns that hold these bytes of the chunk, in order. */
export function shardsOfRange(geometry: Geometry, { start, end }: ByteRange): ShardRange[] {
  const { sizeBytes, shardBytes } = geometry;
  invariant(start >= 0 && end <= sizeBytes, `Cannot find the bytes ${start}-${end} in a chunk of ${sizeBytes} bytes`);
  const ranges: ShardRange[] = [];
  for (let at = start; at < end; ) {
    const shard = Math.floor(at / shardBytes);
    const shardStart = shard * shardBytes;
    const rangeEnd = Math.min(end, shardStart + shardBytes);
    ranges.push({ shard, start: at - shardStart, end: rangeEnd - shardStart });
    at = rangeEnd;
  }
  return ranges;
}

/**
 * The blocks of one shard: `index` in the list of all block hashes, `start` and `end` in columns.
 *
 * @param blockSizeBytes of the record
 */
export function shardBlocks(geometry: Geometry, blockSizeBytes: number, shard: number): Block[] {
  const { dataShards, sizeBytes, shardBytes } = geometry;
  const ofChunk = chunkBlocks(sizeBytes, blockSizeBytes, dataShards);
  if (shard < dataShards) {
    const shardStart = shard * shardBytes;
    return ofChunk
      .filter(({ start }) => start >= shardStart && start < shardStart + shardBytes)
      .map(({ index, start, end }) => ({ index, start: start - shardStart, end: end - shardStart }));
  }
  const blocks = Math.ceil(shardBytes / blockSizeBytes);
  const first = ofChunk.length + (shard - dataShards) * blocks;
  return Array.from({ length: blocks }, (_, at) => ({
    index: first + at,
    start: at * blockSizeBytes,
    end: Math.min((at + 1) * blockSizeBytes, shardBytes),
  }));
}
