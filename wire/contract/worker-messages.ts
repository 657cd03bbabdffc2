/**
 * Page <-> service worker. Every message has a `kind`; unknown kinds and other protocol versions are answered with
 * `outdated`, so that an old worker under a new page (or the reverse) says so instead of failing strangely.
 */
import * as v from "valibot";
import { EngineRecordingSchema } from "./engine-recording.ts";
import { NodeEstimateViewSchema, SegmentTraceSchema, STRATEGIES } from "./segment-trace.ts";

export const WORKER_PROTOCOL = 1;

/** Page to worker. */
export const PageMessageSchema = v.variant("kind", [
  /** Asked over a MessageChannel; answered by `hello`. Also keeps the worker alive while a video plays. */
  v.object({ kind: v.literal("hello"), protocol: v.number() }),
  /** Take control of this page (a hard reload leaves it without controller). */
  v.object({ kind: v.literal("claim") }),
  /** A new worker waits: take over. */
  v.object({ kind: v.literal("activate") }),
  /** The player gave up a request: stop its attempts in this tick. */
  v.object({ kind: v.literal("abort"), session: v.string(), request: v.string() }),
  /** Where playback stands, and in how far it can be foreseen: deadlines and what is begun ahead follow from it. */
  v.object({
    kind: v.literal("playhead"),
    session: v.string(),
    bufferedSeconds: v.number(),
    playbackRate: v.number(),
    paused: v.boolean(),
    /** The player will not switch: there is one quality, or the viewer chose one. A page of before does not say. */
    isQualityFixed: v.optional(v.boolean(), false),
  }),
  /** The player is gone: nothing more is fetched ahead for it. */
  v.object({ kind: v.literal("left"), session: v.string() }),
  /** Sends traces and estimates to the given port until it closes. */
  v.object({ kind: v.literal("subscribe"), session: v.nullable(v.string()) }),
  /** Lab mode: records from now on what the engine is told, for all players; answered by `recording`. */
  v.object({ kind: v.literal("record") }),
  /** Lab mode: asks for what was recorded since; answered by `recording`. */
  v.object({ kind: v.literal("recording") }),
  /** A panel that closes says so: ports have no close event in every browser. */
  v.object({ kind: v.literal("unsubscribe") }),
]);
export type PageMessage = v.InferOutput<typeof PageMessageSchema>;

/** Worker to page, on the port of the question or of the subscription. */
export const WorkerMessageSchema = v.variant("kind", [
  v.object({ kind: v.literal("hello"), protocol: v.number(), version: v.string(), startedAtMs: v.number() }),
  v.object({ kind: v.literal("outdated"), protocol: v.number() }),
  /** Everything known now; deltas with rising numbers follow, a gap means: subscribe again. */
  v.object({
    kind: v.literal("snapshot"),
    number: v.number(),
    traces: v.array(SegmentTraceSchema),
    estimates: v.array(NodeEstimateViewSchema),
  }),
  v.object({
    kind: v.literal("delta"),
    number: v.number(),
    /** New or changed traces; the id says which. */
    traces: v.array(SegmentTraceSchema),
    estimates: v.array(NodeEstimateViewSchema),
  }),
  /** Null when nothing is being recorded. */
  v.object({ kind: v.literal("recording"), recording: v.nullable(EngineRecordingSchema) }),
  /**
   * Broadcast to the client that asked, when a segment is complete: what the network can do now, so that the page's
   * loader can give hls.js honest statistics even when the bytes came from the cache.
   */
  v.object({
    kind: v.literal("delivered"),
    session: v.string(),
    request: v.string(),
    deliveredBytes: v.number(),
    servedFrom: v.picklist(["nodes", "cache", "gateway"]),
    firstByteMs: v.nullable(v.number()),
    networkMs: v.number(),
    rateBytesPerSecond: v.nullable(v.number()),
    /**
     * Part of it came before the request, other segments came beside it, or its front came late: only the rate says what
     * the network can do.
     */
    timesMislead: v.optional(v.boolean(), false),
    strategy: v.picklist(STRATEGIES),
  }),
]);
export type WorkerMessage = v.InferOutput<typeof WorkerMessageSchema>;
