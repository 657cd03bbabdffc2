/**
 * How many holders a record has and should have: of a replicated chunk its replicas, of a coded one its shards. Replicas on
 * top of shards serve the crowd and are not counted; two shards on one node are lost with it and count once.
 */
import type { ChunkRecord } from "#core/placement/record.ts";
import { REPLICA_COUNT } from "#core/placement/record.ts";

export interface Copies {
  readonly present: number;
  /** So many survive the loss of any two nodes. */
  readonly wanted: number;
}

export function copiesOf({ scheme, holders }: ChunkRecord): Copies {
  const isOwn = scheme.kind === "replication" ? "replica" : "shard";
  const present = new Set(holders.filter(({ holds }) => holds === isOwn).map(({ nodeId }) => nodeId)).size;
  const wanted = scheme.kind === "replication" ? REPLICA_COUNT : scheme.dataShards + scheme.parityShards;
  return { present, wanted };
}
