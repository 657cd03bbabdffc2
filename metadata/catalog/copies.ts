/** How many holders a record has and should have; shards count as the copies that they stand for. */
import type { ChunkRecord } from "#core/placement/record.ts";
import { REPLICA_COUNT } from "#core/placement/record.ts";

export interface Copies {
  readonly present: number;
  /** So many survive the loss of any two nodes. */
  readonly wanted: number;
}

export function copiesOf({ scheme, holders }: ChunkRecord): Copies {
  const wanted = scheme.kind === "replication" ? REPLICA_COUNT : scheme.dataShards + scheme.parityShards;
  return { present: holders.length, wanted };
}
