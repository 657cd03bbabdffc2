/**
 * `GET /api/consensus/events`: what the metadata server's proposer says and hears, as server-sent events, for people who
 * watch. Whole proposals are followed or left out, so that whoever checks them sees each to its end.
 */
import * as v from "valibot";
import { BallotSchema } from "./consensus-api.ts";
import { CountSchema } from "./schemas.ts";

/** Of the event `proposer`: one message, or one thing that the proposer was told. */
export const LiveEventSchema = v.object({
  /** Of the server's monotonic clock: only differences mean anything. */
  atMs: v.number(),
  /** Which proposal, counted from the server's start. */
  proposal: CountSchema,
  kind: v.picklist(["send", "reply", "refusal", "lost", "wake", "config", "stop", "finish"]),
  /** A position as text. */
  key: v.string(),
  group: CountSchema,
  epoch: CountSchema,
  /** Counts what the proposal sent to all members. */
  turn: CountSchema,
  /** The acceptor; null when it is none. */
  nodeId: v.nullable(v.string()),
  /** What was asked, said, or came out of it. */
  what: v.nullable(v.string()),
  /** The proposer's own. */
  ballot: v.nullable(BallotSchema),
  /** What was offered, told of, or stands in the end. */
  valueId: v.nullable(v.string()),
  version: v.nullable(CountSchema),
  /** Acceptors that decide. */
  quorum: CountSchema,
});
export type LiveEvent = v.InferOutput<typeof LiveEventSchema>;

/** Of the event `skipped`: proposals that were not followed, since the connection began. */
export const LiveSkippedSchema = v.object({
  proposals: CountSchema,
  /** The reader was too slow: what was under way is not followed to its end. */
  isCut: v.boolean(),
});
export type LiveSkipped = v.InferOutput<typeof LiveSkippedSchema>;
