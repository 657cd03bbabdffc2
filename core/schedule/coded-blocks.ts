/**
 * The blocks of a chunk that is kept as Reed-Solomon shards, as a plan sees them: those of the data shards, which are the
 * chunk's own, and behind them those of the parity shards, in an address space that goes on where the chunk ends: parity
 * shard p (from 0) has the bytes [size + p*L, size + (p+1)*L). So a source is a range and a request a run of blocks, whatever
 * it is of.
 *
 * A row is the blocks of all shards that begin with the same column. Any k of them give the others, so a block of a data
 * shard that is gone or slow is had from the rest of its row.
 */
import type { ByteRange, Geometry } from "../erasure/geometry.ts";
import { geometryOf, shardBlocks, shardCount, storedBytes } from "../erasure/geometry.ts";
import { invariant } from "../invariant.ts";
import type { Block } from "../placement/blocks.ts";
import type { Scheme } from "../placement/record.ts";

/** What an erasure scheme says. */
type Code = Omit<Extract<Scheme, { readonly kind: "erasure" }>, "kind">;

export interface BlockRow {
  /** By shard: index of its block; null where the shard has no bytes, and zeros are known without asking. */
  readonly blocks: readonly (number | null)[];
}

export interface CodedBlocks {
  readonly code: Code;
  readonly geometry: Geometry;
  /** Data blocks first; `start` and `end` in the address space. */
  readonly blocks: readonly Block[];
  readonly dataBlocks: number;
  readonly rows: readonly BlockRow[];
  /** By block. */
  readonly places: readonly { readonly shard: number; readonly row: number }[];
}

/**
 * @param code one that is known (core/erasure/reed-solomon.ts `knowsCode`)
 * @param sizeBytes of the chunk
 */
export function codedBlocks(code: Code, sizeBytes: number, blockSizeBytes: number): CodedBlocks {
  const geometry = geometryOf(code, sizeBytes);
  const blocks: Block[] = [];
  const places: { readonly shard: number; readonly row: number }[] = [];
  const rows: (number | null)[][] = [];
  const shards = shardCount(code);
  for (let shard = 0; shard < shards; shard += 1) {
    const { start: base } = shardSpan(geometry, shard);
    for (const [row, { index, start, end }] of shardBlocks(geometry, blockSizeBytes, shard).entries()) {
      invariant(index === blocks.length, `Cannot number block ${index} of shard ${shard} behind ${blocks.length}`);
      blocks.push({ index, start: base + start, end: base + end });
      places.push({ shard, row });
      const ofRow = rows[row] ?? Array.from({ length: shards }, () => null);
      ofRow[shard] = index;
      rows[row] = ofRow;
    }
  }
  const dataBlocks = places.filter(({ shard }) => shard < code.dataShards).length;
  return { code, geometry, blocks, dataBlocks, rows: rows.map((ofRow) => ({ blocks: ofRow })), places };
}

/** Where a shard lies in the address space; empty for a data shard without bytes. */
export function shardSpan(geometry: Geometry, shard: number): ByteRange {
  const { dataShards, sizeBytes, shardBytes } = geometry;
  const start =
    shard < dataShards ? Math.min(sizeBytes, shard * shardBytes) : sizeBytes + (shard - dataShards) * shardBytes;
  return { start, end: start + storedBytes(geometry, shard) };
}

/** Blocks of a row that are there or known without asking. */
export function blocksAtHand({ blocks }: BlockRow, accepted: readonly boolean[]): number {
  let count = 0;
  for (const block of blocks) if (block === null || accepted[block] === true) count += 1;
  return count;
}
