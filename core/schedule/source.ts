/** One place that bytes of a chunk can come from: a node, and the part of the chunk that it can deliver. */
import type { NodeId } from "../ids.ts";
import type { ChunkRecord } from "../placement/record.ts";
import type { CodedBlocks } from "./coded-blocks.ts";
import { shardSpan } from "./coded-blocks.ts";

export interface Source {
  readonly nodeId: NodeId;
  /**
   * The half-open byte range [start, end) that this node holds: all of the chunk for a replica; else that of the shard, which
   * for parity lies behind the chunk (coded-blocks.ts).
   */
  readonly start: number;
  readonly end: number;
  /** Left out for a replica. */
  readonly shard?: number;
}

/**
 * The holders that can be asked, in the record's order. Shards that the code does not have, and those without bytes, are no
 * sources; nor is any shard of a chunk that is not coded.
 *
 * @param coded the chunk's blocks when its scheme is erasure
 * @param canAsk whether a node has an address
 */
export function recordSources(
  { holders, sizeBytes }: ChunkRecord,
  coded: CodedBlocks | undefined,
  canAsk: (nodeId: NodeId) => boolean,
): Source[] {
  const sources: Source[] = [];
  for (const holder of holders) {
    const { nodeId } = holder;
    if (!canAsk(nodeId)) continue;
    if (holder.holds === "replica") {
      sources.push({ nodeId, start: 0, end: sizeBytes });
    } else if (coded !== undefined && holder.shard < coded.code.dataShards + coded.code.parityShards) {
      const { start, end } = shardSpan(coded.geometry, holder.shard);
      if (start < end) sources.push({ nodeId, start, end, shard: holder.shard });
    }
  }
  return sources;
}

/** Whether the source holds all of the range. */
export function covers(source: Source, range: { readonly start: number; readonly end: number }): boolean {
  return source.start <= range.start && range.end <= source.end;
}
