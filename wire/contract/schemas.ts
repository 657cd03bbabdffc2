/** Schemas of the words that several contracts share: ids, the record. Text in, branded types out. */
import * as v from "valibot";
import type { ChunkHash, NodeId, RenditionId, VideoId } from "#core/ids.ts";
import { parseChunkHash, parseNodeId, parseRenditionId, parseVideoId } from "#core/ids.ts";
import { MAX_BLOCK_SIZE_BYTES } from "#core/placement/blocks.ts";
import type { Position } from "#core/placement/position.ts";
import { parsePosition } from "#core/placement/position.ts";
import { RECORD_SCHEMA } from "#core/placement/record.ts";
import { MAX_CHUNK_BYTES, MAX_NODES } from "./limits.ts";

function branded<T extends string>(parse: (text: string) => T | undefined, what: string) {
  return v.pipe(
    v.string(),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const value = parse(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message: `Expected ${what}` });
      return NEVER;
    }),
  );
}

export const ChunkHashSchema = branded<ChunkHash>(parseChunkHash, "64 lower-case hexadecimal digits");
export const NodeIdSchema = branded<NodeId>(parseNodeId, "a node id of 1 to 63 characters a-z, 0-9 and -");
export const VideoIdSchema = branded<VideoId>(parseVideoId, "a video id of 26 characters");
export const RenditionIdSchema = branded<RenditionId>(parseRenditionId, "a rendition id of a-z, 0-9 and -");

/** The text form of a position, checked and read. */
export const PositionSchema = v.pipe(
  v.string(),
  v.rawTransform<string, Position>(({ dataset, addIssue, NEVER }) => {
    const position = parsePosition(dataset.value);
    if (position !== undefined) return position;
    addIssue({ message: "Expected a position such as <videoId>/<rendition>/<seq>" });
    return NEVER;
  }),
);

/** A count: an integer >= 0. */
export const CountSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const SchemeSchema = v.variant("kind", [
  v.object({ kind: v.literal("replication") }),
  v.object({
    kind: v.literal("erasure"),
    dataShards: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(32)),
    parityShards: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(32)),
    matrix: v.pipe(v.string(), v.maxLength(64)),
  }),
]);

const HolderSchema = v.variant("holds", [
  v.object({ nodeId: NodeIdSchema, holds: v.literal("replica") }),
  v.object({ nodeId: NodeIdSchema, holds: v.literal("shard"), shard: v.pipe(CountSchema, v.maxValue(63)) }),
]);

/** {@link ChunkRecord} as JSON. */
export const ChunkRecordSchema = v.object({
  schema: v.literal(RECORD_SCHEMA),
  version: v.pipe(CountSchema, v.minValue(1)),
  hash: ChunkHashSchema,
  sizeBytes: v.pipe(CountSchema, v.maxValue(MAX_CHUNK_BYTES)),
  blockSizeBytes: v.pipe(CountSchema, v.minValue(1), v.maxValue(MAX_BLOCK_SIZE_BYTES)),
  blocksDigest: ChunkHashSchema,
  scheme: SchemeSchema,
  holders: v.pipe(v.array(HolderSchema), v.maxLength(MAX_NODES * 2), v.readonly()),
});
