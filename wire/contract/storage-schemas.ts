/**
 * What nodes keep, as they say themselves: bytes against full replication, the map of a video's pieces, and (in a lab) a way
 * to damage one. Bytes; seconds since 1970. Null is "not known", never 0.
 */
import * as v from "valibot";
import { NODE_STATES } from "./cluster-api.ts";
import { MAX_NODES, MAX_PAGE_VIDEOS } from "./limits.ts";
import { DamageSchema } from "./piece-api.ts";
import { DemandSchema, FormSchema, OVERRIDES, PieceSchema } from "./redundancy-schemas.ts";
import { ChunkHashSchema, CountSchema, NodeIdSchema, RenditionIdSchema, VideoIdSchema } from "./schemas.ts";

const SecondsSchema = v.pipe(v.number(), v.finite(), v.minValue(0));

/** Pieces of one node by its inventory. */
const NodeCountSchema = v.object({
  nodeId: NodeIdSchema,
  /** Null when its inventory could not be read: then the sums are without it, and say so. */
  counted: v.nullable(
    v.object({
      replicas: CountSchema,
      shards: CountSchema,
      replicaBytes: CountSchema,
      shardBytes: CountSchema,
      /** Of pieces that no record names: being written, or waiting for their release. */
      unnamedBytes: CountSchema,
    }),
  ),
  /**
   * Apparent size of what else its folder holds, as its last heartbeat said: journals of references and votes, the folders
   * themselves, files put aside as wrong. With its pieces it is what `du --apparent-size` says. Null: it never said.
   */
  otherBytes: v.nullable(CountSchema),
});

/** `GET /api/storage/overhead`. */
export const OverheadSchema = v.object({
  /** When counting ended; null: nothing was counted yet, and all counts are null or empty. */
  countedAtSeconds: v.nullable(SecondsSchema),
  /** Whether every node gave its inventory. */
  isComplete: v.boolean(),
  /** Bytes of all chunks, each once, by the records. */
  contentBytes: CountSchema,
  /** Bytes of pieces on the nodes that gave their inventory; null when nothing was counted. */
  keptBytes: v.nullable(CountSchema),
  /** What else those nodes' folders hold; no part of `keptBytes`. Null when nothing was counted. */
  otherBytes: v.nullable(CountSchema),
  /** What three copies of everything would take. */
  replicationBytes: CountSchema,
  nodes: v.pipe(v.array(NodeCountSchema), v.maxLength(MAX_NODES)),
});
export type Overhead = v.InferOutput<typeof OverheadSchema>;

/** A video as it is kept. Bytes that two videos share count for both. */
export const VideoStorageSchema = v.object({
  videoId: VideoIdSchema,
  /** Of most of its bytes. */
  form: FormSchema,
  /** Share of its bytes, 0..1, that have that form: less than 1 while it is on its way. */
  formShare: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  override: v.picklist(OVERRIDES),
  contentBytes: CountSchema,
  /** Counted from the nodes; null when nothing was counted yet. */
  keptBytes: v.nullable(CountSchema),
  demand: DemandSchema,
  views: CountSchema,
  /** In words: why it has this form, or what it waits for. */
  reason: v.string(),
});
export type VideoStorage = v.InferOutput<typeof VideoStorageSchema>;

export const VIDEO_STORAGE_SORTS = ["largest", "hottest", "kept"] as const;
export type VideoStorageSort = (typeof VIDEO_STORAGE_SORTS)[number];

/** `GET /api/storage/videos?from=&limit=&sort=`. */
export const StorageVideosQuerySchema = v.object({
  from: v.optional(v.pipe(v.string(), v.regex(/^[0-9]{1,7}$/), v.transform(Number)), "0"),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^[1-9][0-9]{0,2}$/), v.transform(Number), v.maxValue(MAX_PAGE_VIDEOS)),
    "20",
  ),
  sort: v.optional(v.picklist(VIDEO_STORAGE_SORTS), "largest"),
});
export const StorageVideosSchema = v.object({
  from: CountSchema,
  total: CountSchema,
  videos: v.array(v.object({ ...VideoStorageSchema.entries, title: v.string() })),
});
export type StorageVideos = v.InferOutput<typeof StorageVideosSchema>;

/**
 * `intact`: there by the node's inventory. `missing`: named by the record, and not there. `corrupt`: a check found other
 * bytes. `moving`: being written, or not named any more and still there. `unknown`: its node gave no inventory.
 */
export const PIECE_STATES = ["intact", "missing", "corrupt", "moving", "unknown"] as const;
export type PieceState = (typeof PIECE_STATES)[number];

const PieceCellSchema = v.object({ ...PieceSchema.entries, state: v.picklist(PIECE_STATES), bytes: CountSchema });
export type PieceCell = v.InferOutput<typeof PieceCellSchema>;

/** A chunk of the map: a row. A node has a cell for each piece that it has or should have: none, one, or several. */
const MapRowSchema = v.object({
  /** Position as text; `slot` is its last part: `init`, `0`, `1`, ... */
  key: v.string(),
  slot: v.string(),
  hash: ChunkHashSchema,
  sizeBytes: CountSchema,
  version: CountSchema,
  form: FormSchema,
  /** Of its code: shards below this number are plain bytes, the others parity. Null without shards. */
  dataShards: v.nullable(CountSchema),
  /** Further losses that it survives by what is intact; -1 when it cannot be read. */
  lossesLeft: v.pipe(v.number(), v.integer(), v.minValue(-1)),
  pieces: v.pipe(v.array(PieceCellSchema), v.maxLength(MAX_NODES * 2)),
});
export type MapRow = v.InferOutput<typeof MapRowSchema>;

/** Rows of one page of the map: what a person sees at once. */
const MAX_MAP_ROWS = 64;

/** `GET /api/storage/videos/:videoId/map?rendition=&from=&limit=`; the init segment is row 0 of its rendition. */
export const ChunkMapQuerySchema = v.object({
  /** The first one when absent. */
  rendition: v.optional(RenditionIdSchema),
  from: v.optional(v.pipe(v.string(), v.regex(/^[0-9]{1,6}$/), v.transform(Number)), "0"),
  limit: v.optional(v.pipe(v.string(), v.regex(/^[1-9][0-9]?$/), v.transform(Number), v.maxValue(MAX_MAP_ROWS)), "32"),
});
export const ChunkMapSchema = v.object({
  videoId: VideoIdSchema,
  rendition: RenditionIdSchema,
  renditions: v.array(RenditionIdSchema),
  from: CountSchema,
  /** Rows of the rendition. */
  total: CountSchema,
  /** When the inventories were read that the states come from; null: never yet. */
  countedAtSeconds: v.nullable(SecondsSchema),
  /** Columns: every node that the cluster knows, and those that only a record names (`dead`). */
  nodes: v.pipe(v.array(v.object({ nodeId: NodeIdSchema, state: v.picklist(NODE_STATES) })), v.maxLength(MAX_NODES)),
  rows: v.pipe(v.array(MapRowSchema), v.maxLength(MAX_MAP_ROWS)),
});
export type ChunkMap = v.InferOutput<typeof ChunkMapSchema>;

/**
 * `POST /api/storage/reports`: a client read wrong bytes of a piece, or did not find it. It makes the node check that piece,
 * soon, and never more: a client may lie. `false` when no record names it there, the node is away, it was found intact a
 * moment ago, or too many wait.
 */
export const BadPieceSchema = v.object({ ...PieceSchema.entries, hash: ChunkHashSchema });
export type BadPiece = v.InferOutput<typeof BadPieceSchema>;
export const BadPieceAnswerSchema = v.object({ willCheck: v.boolean() });

/**
 * `POST /api/lab/pieces`, only under `--lab`: flips a byte of a piece on its disk, or removes it, behind the back of everybody
 * who keeps books. 404 when the piece is not there.
 */
export const LabPieceSchema = v.object({ ...DamageSchema.entries, nodeId: NodeIdSchema });
export type LabPiece = v.InferOutput<typeof LabPieceSchema>;
export const LabPieceAnswerSchema = v.object({ damaged: v.literal(true) });
