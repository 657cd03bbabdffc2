/** How a chunk is cut and where its parts are to be had, as its record says: whole, or as shards. */
import type { ErasureCode } from "#core/erasure/reed-solomon.ts";
import { knowsCode } from "#core/erasure/reed-solomon.ts";
import type { Block } from "#core/placement/blocks.ts";
import { chunkBlocks } from "#core/placement/blocks.ts";
import type { ChunkRecord, Scheme } from "#core/placement/record.ts";
import type { CodedBlocks } from "#core/schedule/coded-blocks.ts";
import { codedBlocks, shardSpan } from "#core/schedule/coded-blocks.ts";
import { PATHS } from "#wire/contract/paths.ts";

/** What is at one address of a node. */
export interface Piece {
  readonly path: string;
  /** Where it begins in the address space of the blocks. */
  readonly offset: number;
  readonly sizeBytes: number;
}

export interface ChunkLayout {
  /** Of the chunk, and of its parity shards behind them. */
  readonly blocks: readonly Block[];
  /** Undefined for a chunk that is kept whole. */
  readonly coded: CodedBlocks | undefined;
  /** Of a shard; null: of the whole chunk. */
  readonly pieceOf: (shard: number | null) => Piece;
}

/** Undefined for a code that this program does not know: a newer one may have written it. */
export function chunkLayout({ hash, scheme, sizeBytes, blockSizeBytes }: ChunkRecord): ChunkLayout | undefined {
  const code = codeOf(scheme);
  if (code !== undefined && !knowsCode(code)) return undefined;
  const coded = code && codedBlocks(code, sizeBytes, blockSizeBytes);
  return {
    blocks: coded?.blocks ?? chunkBlocks(sizeBytes, blockSizeBytes),
    coded,
    pieceOf(shard) {
      if (shard === null || coded === undefined) return { path: PATHS.chunk(hash), offset: 0, sizeBytes };
      const { start, end } = shardSpan(coded.geometry, shard);
      return { path: PATHS.shard(hash, shard), offset: start, sizeBytes: end - start };
    },
  };
}

function codeOf(scheme: Scheme): ErasureCode | undefined {
  if (scheme.kind === "replication") return undefined;
  const { dataShards, parityShards, matrix } = scheme;
  return { dataShards, parityShards, matrix };
}
