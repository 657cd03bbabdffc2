/** A holder as two columns of a row: its node, and the number of its shard, {@link WHOLE} for a replica. */
import type { NodeId } from "#core/ids.ts";
import type { Holder } from "#core/placement/record.ts";

export const WHOLE = -1;

export function shardColumn(holder: Holder): number {
  return holder.holds === "shard" ? holder.shard : WHOLE;
}

/** The way back. */
export function holderOf(nodeId: NodeId, shard: number): Holder {
  return shard === WHOLE ? { nodeId, holds: "replica" } : { nodeId, holds: "shard", shard };
}
