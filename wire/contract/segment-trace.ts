/**
 * THE record: one segment, every attempt, every decision, every byte count. It flows from the driver to the devtools
 * panel, the comparison, the benchmark and its report. Times are milliseconds since `startedAtMs`, monotonic.
 */
import * as v from "valibot";
import type { StrategyId } from "#core/schedule/strategies.ts";
import { ChunkHashSchema, CountSchema, NodeIdSchema, RenditionIdSchema, VideoIdSchema } from "./schemas.ts";

export const TRACE_SCHEMA = 1;
/** All strategies by name, as core/schedule/strategies.ts has them; pages offer those of {@link VIEWER_STRATEGIES}. */
export const STRATEGIES = [
  ...(["smart", "naive", "random", "nearest", "original"] as const),
  ...(["smart-no-split", "smart-no-hedge", "smart-no-race", "smart-no-deadline"] as const),
] as const satisfies readonly StrategyId[];
export type StrategyName = (typeof STRATEGIES)[number];
/** What viewers choose from; the others are for comparisons in lab mode. */
export const VIEWER_STRATEGIES = ["smart", "naive"] as const satisfies readonly StrategyName[];

/** How an attempt ended. `cancelled` is our own doing, with `reason` saying why. */
const ATTEMPT_OUTCOMES = ["complete", "failed", "stalled", "corrupt", "cancelled"] as const;

export const AttemptTraceSchema = v.object({
  /** 0, 1, ... within the segment. */
  id: CountSchema,
  nodeId: NodeIdSchema,
  /** Byte range [start, end) of the chunk; of a parity shard its columns. */
  start: CountSchema,
  end: CountSchema,
  /** The shard that was asked for; null: the chunk itself. */
  shard: v.optional(v.nullable(CountSchema), null),
  /** Why this attempt was started, one word of the plan: `first`, `race`, `failover`, `corrupt-block`, ... */
  because: v.string(),
  startedMs: v.number(),
  /** When the answer's first body byte came; null when none did. */
  firstByteMs: v.nullable(v.number()),
  endedMs: v.nullable(v.number()),
  receivedBytes: CountSchema,
  /** Time spent hashing this attempt's blocks. */
  verifyMs: v.number(),
  blocksVerified: CountSchema,
  /** What the estimate said the attempt would take, at its start; null when nothing was known. */
  predictedMs: v.nullable(v.number()),
  outcome: v.nullable(v.picklist(ATTEMPT_OUTCOMES)),
  reason: v.nullable(v.string()),
});
export type AttemptTrace = v.InferOutput<typeof AttemptTraceSchema>;

const DecisionTraceSchema = v.object({
  atMs: v.number(),
  because: v.string(),
  chosen: v.array(NodeIdSchema),
  candidates: v.array(
    v.object({
      nodeId: NodeIdSchema,
      predictedMs: v.nullable(v.number()),
      /** `closed`, `open`, `half-open`: the breaker; `quarantined`: it lied. */
      health: v.string(),
    }),
  ),
  /**
   * Known when everything has ended (core/schedule/hindsight.ts): the attempts that it started, how long they took, which
   * candidate would have been best for the worst of them, what that one would have needed, and the difference, >= 0.
   */
  attempts: v.optional(v.array(CountSchema), () => []),
  tookMs: v.optional(v.nullable(v.number()), null),
  bestNodeId: v.optional(v.nullable(NodeIdSchema), null),
  bestMs: v.optional(v.nullable(v.number()), null),
  regretMs: v.optional(v.nullable(v.number()), null),
});
export type DecisionTrace = v.InferOutput<typeof DecisionTraceSchema>;

/** Bytes that no holder of them delivered, made from other shards. */
const DecodeTraceSchema = v.object({
  atMs: v.number(),
  /** The data shards that were made, and from which. */
  shards: v.array(CountSchema),
  from: v.array(CountSchema),
  /** Columns [start, end) of each. */
  start: CountSchema,
  end: CountSchema,
  /** Decoding alone; what it made is hashed beside. */
  tookMs: v.number(),
});
export type DecodeTrace = v.InferOutput<typeof DecodeTraceSchema>;

export const SegmentTraceSchema = v.object({
  schema: v.literal(TRACE_SCHEMA),
  id: v.string(),
  session: v.string(),
  strategy: v.picklist(STRATEGIES),
  /** `worker`, `gateway`, `page` or `cli`: where the driver ran. */
  driver: v.picklist(["worker", "gateway", "page", "cli"]),
  videoId: VideoIdSchema,
  rendition: RenditionIdSchema,
  slot: v.picklist(["init", "segment"]),
  seq: CountSchema,
  hash: v.nullable(ChunkHashSchema),
  sizeBytes: CountSchema,
  /** `nodes`: fetched now. `cache`: verified earlier. `gateway`: no node was reachable. */
  servedFrom: v.picklist(["nodes", "cache", "gateway"]),
  /** Unix milliseconds at the request. */
  startedAtMs: v.number(),
  /** When the first verified byte was released to the player. */
  firstReleaseMs: v.nullable(v.number()),
  endedMs: v.nullable(v.number()),
  deliveredBytes: CountSchema,
  /** Received and not delivered: losers of races, corrupt blocks, cancelled tails. */
  wastedBytes: CountSchema,
  outcome: v.picklist(["running", "delivered", "failed", "aborted"]),
  failure: v.nullable(v.string()),
  attempts: v.array(AttemptTraceSchema),
  decisions: v.array(DecisionTraceSchema),
  /** Empty when every byte came as it is. */
  decodes: v.optional(v.array(DecodeTraceSchema), () => []),
});
export type SegmentTrace = v.InferOutput<typeof SegmentTraceSchema>;

/** What is believed about a node, as the panel shows it. */
export const NodeEstimateViewSchema = v.object({
  nodeId: NodeIdSchema,
  url: v.string(),
  firstByteMsP50: v.nullable(v.number()),
  firstByteMsP95: v.nullable(v.number()),
  rateBytesPerSecond: v.nullable(v.number()),
  inFlightRequests: CountSchema,
  inFlightBytes: CountSchema,
  successes: v.number(),
  failures: v.number(),
  health: v.string(),
  sampleCount: CountSchema,
});
export type NodeEstimateView = v.InferOutput<typeof NodeEstimateViewSchema>;
