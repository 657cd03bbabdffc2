/** What a storage node answers about chunks: `PUT/GET/HEAD/DELETE /chunks/:hash`, `/health`. */
import * as v from "valibot";
import { EntriesAnswerSchema } from "./consensus-api.ts";
import { ChunkHashSchema, CountSchema, NodeIdSchema } from "./schemas.ts";

/**
 * Reference under which bytes are kept that were stored without `?position=`: they stay until a DELETE without a
 * position. Tools and tests use it; the ingest always names positions.
 */
export const LOOSE_REFERENCE = "loose";

/** 201 when the bytes are new here, 200 when they were known; both after everything is durable. */
export const PutChunkAnswerSchema = v.object({
  hash: ChunkHashSchema,
  sizeBytes: CountSchema,
  nodeId: NodeIdSchema,
  /** Whether the bytes were already here. */
  existed: v.boolean(),
  references: CountSchema,
  /** The acceptor's answer to the Accept that the PUT carried; null when it carried none. */
  vote: v.nullable(EntriesAnswerSchema),
});
export type PutChunkAnswer = v.InferOutput<typeof PutChunkAnswerSchema>;

export const DeleteChunkAnswerSchema = v.object({
  hash: ChunkHashSchema,
  /** References left; the bytes go with the last one. */
  references: CountSchema,
  deleted: v.boolean(),
});
export type DeleteChunkAnswer = v.InferOutput<typeof DeleteChunkAnswerSchema>;

/** `ok` below 85 % full, `filling` below 95 %, `full` above: then PUT answers 507 and reads go on. */
export const NodeHealthSchema = v.object({
  status: v.picklist(["ok", "filling", "full"]),
  nodeId: NodeIdSchema,
  /** Made when the disk was formatted; a wiped disk has a new one. */
  incarnation: v.string(),
  /** The node as an acceptor: its own incarnation, and the keys that it remembers. */
  acceptor: v.object({ incarnation: v.string(), keyCount: CountSchema }),
  pid: CountSchema,
  lab: v.boolean(),
  /** Replicas here. */
  chunkCount: CountSchema,
  shardCount: CountSchema,
  /** Bytes of replicas and shards. */
  usedBytes: CountSchema,
  /** Apparent size of what else is in the node's folder: journals, folders, files found wrong. */
  otherBytes: CountSchema,
  /** Bytes that may still be stored before the node is full. */
  freeBytes: CountSchema,
  /** Share of the node's space in use, 0..1. */
  fillRatio: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  uptimeSeconds: v.number(),
});
export type NodeHealth = v.InferOutput<typeof NodeHealthSchema>;
