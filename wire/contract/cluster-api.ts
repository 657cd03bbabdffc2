/** Nodes as the metadata server knows them: heartbeats in, membership out. */
import * as v from "valibot";
import { ChunkHashSchema, CountSchema, NodeIdSchema } from "./schemas.ts";

/** A node sends one this often. */
export const HEARTBEAT_INTERVAL_MS = 1000;

/** Chunks of which one heartbeat tells what was served; the rest follows with the next ones. About 45 kB. */
export const MAX_SERVED_ENTRIES = 512;

/**
 * Bytes of chunks that the node has sent to readers, whole or as shards, since it told of them last. A heartbeat whose answer
 * was lost is told again: what is made of the numbers must bear that.
 */
const ServedSchema = v.object({
  /** The most served first; each chunk once. */
  chunks: v.pipe(
    v.array(v.object({ hash: ChunkHashSchema, bytes: CountSchema })),
    v.maxLength(MAX_SERVED_ENTRIES),
    v.readonly(),
  ),
  /** Of chunks that the node could not count one by one, as there were too many. */
  otherBytes: CountSchema,
});
export type Served = v.InferOutput<typeof ServedSchema>;

const UrlSchema = v.pipe(v.string(), v.url(), v.regex(/^https?:\/\//, "Expected an http or https address"));

/** What fails together: the name of a machine, a rack, a house. */
export const DomainSchema = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "Expected 1 to 64 letters, digits, dots, hyphens or underscores"),
);

export const HeartbeatSchema = v.object({
  nodeId: NodeIdSchema,
  /** Where other servers reach it. */
  internalUrl: UrlSchema,
  /** Where browsers reach it. The host `0.0.0.0` or `[::]` stands for the host name that the page was opened with. */
  publicUrl: UrlSchema,
  incarnation: v.pipe(v.string(), v.maxLength(64)),
  /** The node as an acceptor; core/consensus/put-back.ts says what the numbers tell. */
  acceptor: v.object({
    incarnation: v.pipe(v.string(), v.maxLength(64)),
    starts: CountSchema,
    writes: CountSchema,
    /** Older nodes say none. */
    program: v.optional(v.pipe(v.string(), v.maxLength(64)), ""),
  }),
  pid: CountSchema,
  chunkCount: CountSchema,
  usedBytes: CountSchema,
  freeBytes: CountSchema,
  fillRatio: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  /** Shards here; `usedBytes` are those of replicas and shards together. */
  shardCount: v.optional(CountSchema),
  /** Apparent size of what else is in the node's folder: journals, folders, files found wrong. */
  otherBytes: v.optional(CountSchema),
  served: v.optional(ServedSchema),
  /** Its failure domain; a node that names none is one of its own. */
  domain: v.optional(DomainSchema),
});
export type Heartbeat = v.InferOutput<typeof HeartbeatSchema>;

/**
 * What a heartbeat is answered. `rolled-back`: the acceptor's disk was put back (core/consensus/put-back.ts) and has forgotten
 * votes: its incarnation must not vote again, and the node makes its acceptor anew. A node that was started does not vote
 * before it was answered `ok` once.
 */
export const HeartbeatAnswerSchema = v.object({ acceptor: v.picklist(["ok", "rolled-back"]) });
export type HeartbeatAnswer = v.InferOutput<typeof HeartbeatAnswerSchema>;

/** `alive`: heard lately. `suspect`: missed a few. `dead`: long silent; nothing new is placed there. */
export const NODE_STATES = ["alive", "suspect", "dead"] as const;
export type NodeState = (typeof NODE_STATES)[number];

export const NodeSummarySchema = v.object({
  id: NodeIdSchema,
  /** Where the asker reaches it (the public address, with the asker's own host name where the node bound a wildcard). */
  url: v.string(),
  state: v.picklist(NODE_STATES),
  pid: CountSchema,
  fillRatio: v.number(),
  chunkCount: CountSchema,
  usedBytes: CountSchema,
  freeBytes: CountSchema,
  /** Since the last heartbeat, by the metadata server's own monotonic clock. */
  lastHeardMs: v.number(),
  /** The failure domain that it names. */
  domain: v.optional(DomainSchema),
});
export type NodeSummary = v.InferOutput<typeof NodeSummarySchema>;

export const NodesAnswerSchema = v.object({ nodes: v.array(NodeSummarySchema) });

/** `GET /api/cluster`: one look at everything; `vstack status --json` prints it. */
export const ClusterAnswerSchema = v.object({
  version: v.string(),
  lab: v.boolean(),
  metadata: v.object({ url: v.string(), pid: CountSchema }),
  nodes: v.array(NodeSummarySchema),
  videoCount: CountSchema,
});

/** `GET /api/health` of the metadata server. `degraded` when fewer nodes are alive than a new chunk needs. */
export const MetadataHealthSchema = v.object({
  status: v.picklist(["ok", "degraded"]),
  role: v.literal("metadata"),
  pid: CountSchema,
  version: v.string(),
  nodesAlive: CountSchema,
  uptimeSeconds: v.number(),
});
