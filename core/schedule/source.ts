/** One place that bytes of a chunk can come from: a node, and the part of the chunk that it can deliver. */
import type { NodeId } from "../ids.ts";
import type { ChunkRecord } from "../placement/record.ts";
import { replicaHolders } from "../placement/record.ts";

export interface Source {
  readonly nodeId: NodeId;
  /** The half-open byte range [start, end) of the chunk that this node holds: all of it for a replica. */
  readonly start: number;
  readonly end: number;
}

/**
 * The nodes that hold the whole chunk, in the record's order.
 *
 * @param canAsk whether a node has an address
 */
export function replicaSources(record: ChunkRecord, canAsk: (nodeId: NodeId) => boolean): Source[] {
  return replicaHolders(record)
    .filter(canAsk)
    .map((nodeId) => ({ nodeId, start: 0, end: record.sizeBytes }));
}

/** Whether the source holds all of the range. */
export function covers(source: Source, range: { readonly start: number; readonly end: number }): boolean {
  return source.start <= range.start && range.end <= source.end;
}
