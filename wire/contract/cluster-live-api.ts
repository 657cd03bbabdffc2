/**
 * `GET /api/events`: nodes and the queue of redundancy as they are now, as server-sent events, for pages that people watch.
 * One connection carries all that a page shows; asking for single answers is for programs.
 */
import * as v from "valibot";
import { HEARTBEAT_INTERVAL_MS, NodeSummarySchema } from "./cluster-api.ts";
import { QueueSchema } from "./redundancy-schemas.ts";
import { CountSchema } from "./schemas.ts";

/** A bar of the page: two heartbeats when all is well. */
export const BEAT_SLOT_MS = 2 * HEARTBEAT_INTERVAL_MS;
/** Two minutes: as many bars as fit beside each other on a phone. */
export const BEAT_SLOTS = 60;

const LiveNodeSchema = v.object({
  ...NodeSummarySchema.entries,
  /** It gets nothing new, and leaves its acceptor groups. */
  draining: v.boolean(),
  /**
   * Heartbeats heard in each slot that is over, the oldest first; null: nobody listened, or the node was not known yet.
   */
  beats: v.pipe(v.array(v.nullable(CountSchema)), v.maxLength(BEAT_SLOTS)),
});
export type LiveNode = v.InferOutput<typeof LiveNodeSchema>;

/** Of the event `cluster`. */
export const ClusterLiveSchema = v.object({
  nodes: v.array(LiveNodeSchema),
  /** Null: this server does not look after redundancy. */
  queue: v.nullable(QueueSchema),
});
export type ClusterLive = v.InferOutput<typeof ClusterLiveSchema>;
