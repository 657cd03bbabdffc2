/** ChunkPaxos as people and tools see it on the metadata server: groups, single positions, draining, rebuilding. */
import * as v from "valibot";
import { BallotSchema, GroupConfigSchema } from "./consensus-api.ts";
import { ChunkRecordSchema, CountSchema, NodeIdSchema } from "./schemas.ts";

const VoterSchema = v.object({
  nodeId: v.string(),
  incarnation: v.string(),
  /** Whether it can be asked now: the node is there, and its acceptor is the one that was made a member. */
  reachable: v.boolean(),
});

const GroupViewSchema = v.object({
  group: CountSchema,
  /** Of the members that vote; null while the first ones are not active yet. */
  epoch: v.nullable(CountSchema),
  members: v.array(VoterSchema),
  /** Votes that decide. */
  quorum: CountSchema,
  /** Whether so many can be reached: otherwise its videos play, and cannot be changed. */
  canDecide: v.boolean(),
  /** A change of members that has begun. */
  pending: v.nullable(GroupConfigSchema),
});

/** What the metadata server thinks of a node as an acceptor; `new`: it was not asked yet what it remembers. */
const STANDINGS = ["new", "welcome", "foreign", "rolled-back"] as const;

const AcceptorViewSchema = v.object({
  nodeId: NodeIdSchema,
  incarnation: v.string(),
  standing: v.picklist(STANDINGS),
  /** Groups in which it votes. */
  groups: CountSchema,
  draining: v.boolean(),
});

/** `GET /api/consensus`. */
export const ConsensusAnswerSchema = v.object({
  /** This start of the metadata server, in ballots. */
  proposer: v.string(),
  /** Acceptors of a group when there are nodes enough. */
  acceptorsWanted: v.picklist([3, 5]),
  groups: v.array(GroupViewSchema),
  acceptors: v.array(AcceptorViewSchema),
  /** The nodes know groups of an earlier catalogue, and this one is empty: `vstack rebuild-catalogue` brings it back. */
  needsRebuild: v.boolean(),
});
export type ConsensusAnswer = v.InferOutput<typeof ConsensusAnswerSchema>;

const ValueViewSchema = v.object({
  version: CountSchema,
  id: v.string(),
  previousId: v.nullable(v.string()),
  /** Null: deleted for good. */
  record: v.nullable(ChunkRecordSchema),
});

/** `GET /api/consensus/positions/:position`: what stands, by a majority, and what each acceptor has accepted. */
export const PositionAnswerSchema = v.object({
  position: v.string(),
  group: CountSchema,
  epoch: CountSchema,
  /** Null: nothing was ever decided here. */
  value: v.nullable(ValueViewSchema),
  members: v.array(
    v.object({
      nodeId: v.string(),
      /** `accepted` with ballot and value's id; `empty`; `silent`: it did not answer; `refused`: it does not vote here now. */
      says: v.picklist(["accepted", "empty", "silent", "refused"]),
      ballot: v.nullable(BallotSchema),
      valueId: v.nullable(v.string()),
      version: v.nullable(CountSchema),
    }),
  ),
  /** Who holds bytes by the record, and whether they say that they do. */
  holders: v.array(v.object({ nodeId: NodeIdSchema, holds: v.picklist(["yes", "no", "silent"]) })),
});
export type PositionAnswer = v.InferOutput<typeof PositionAnswerSchema>;

/** `PUT` and `DELETE /api/nodes/:nodeId/drain`. */
export const DrainAnswerSchema = v.object({
  nodeId: NodeIdSchema,
  draining: v.boolean(),
  /** Groups that it still votes in. */
  groupsLeft: CountSchema,
  /** Chunks that it keeps, whole or a shard of. Nothing new is placed on it, and they move to other nodes while it drains. */
  chunks: CountSchema,
});
export type DrainAnswer = v.InferOutput<typeof DrainAnswerSchema>;

/** `GET /api/consensus/rebuild`; `POST` begins and answers the same. */
export const RebuildStateSchema = v.object({
  phase: v.picklist(["idle", "groups", "records", "videos", "done", "failed"]),
  groupsDone: CountSchema,
  groupsTotal: CountSchema,
  /** Decided positions found. */
  positions: CountSchema,
  videosDone: CountSchema,
  videosTotal: CountSchema,
  chunksDone: CountSchema,
  /** Videos that were being stored or had failed: what is left of them is given up. */
  unfinished: CountSchema,
  /** Videos whose chunks cannot be read now, with the reason. */
  problems: v.array(v.string()),
  /** Why it failed. */
  failure: v.nullable(v.string()),
});
export type RebuildState = v.InferOutput<typeof RebuildStateSchema>;
