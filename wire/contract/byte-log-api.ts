/**
 * What a node under `--lab` sent to one session, request by request: the truth of the server's side, by which a benchmark
 * counts. `GET /lab/bytes?session=NAME` of a node; all others answer 404.
 */
import * as v from "valibot";
import { SessionNameSchema } from "./emulation-api.ts";
import { QUERY } from "./paths.ts";
import { ChunkHashSchema, CountSchema, NodeIdSchema } from "./schemas.ts";

/** Requests kept of one session; those of two hours of video in halves of segments. The oldest go first. */
export const MAX_LOGGED_REQUESTS = 4_096;

const WallMsSchema = v.pipe(v.number(), v.minValue(0));

/** Times are Unix milliseconds by the node's clock, with fractions. */
export const SentBytesSchema = v.object({
  hash: ChunkHashSchema,
  /** Null: the chunk whole. */
  shard: v.nullable(CountSchema),
  /** What was asked for: byte range [start, end) of the chunk or of the shard; all of it without a `Range`. */
  start: CountSchema,
  end: CountSchema,
  /** Given to the connection, from `start` on. What the reader gave up is not in here, but for what lay in buffers. */
  sentBytes: CountSchema,
  arrivedAtMs: WallMsSchema,
  /** Null while it is under way. */
  endedAtMs: v.nullable(WallMsSchema),
});
export type SentBytes = v.InferOutput<typeof SentBytesSchema>;

/** How well the emulation kept time for the session while bodies were under way. */
export const PaceSchema = v.object({
  /** Timers that were due each few milliseconds, and how late they came: a loop that is held up. Null without any. */
  lateMsP99: v.nullable(v.pipe(v.number(), v.minValue(0))),
  /** Let pass by the path. */
  passedBytes: v.pipe(v.number(), v.minValue(0)),
  /** The path would have carried this besides, in standstills that are not made up for. */
  missedBytes: v.pipe(v.number(), v.minValue(0)),
});
export type Pace = v.InferOutput<typeof PaceSchema>;

export const ByteLogQuerySchema = v.object({ [QUERY.session]: SessionNameSchema });

export const ByteLogSchema = v.object({
  nodeId: NodeIdSchema,
  session: SessionNameSchema,
  /** In the order in which they arrived. */
  requests: v.pipe(v.array(SentBytesSchema), v.maxLength(MAX_LOGGED_REQUESTS)),
  /** Requests before them that are not kept any more. */
  forgottenCount: CountSchema,
  /** Null when nothing was emulated for the session. */
  pace: v.nullable(PaceSchema),
});
export type ByteLog = v.InferOutput<typeof ByteLogSchema>;
