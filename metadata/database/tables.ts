/**
 * The rows of the metadata server's one SQLite file, as Kysely sees them. Columns that hold JSON end in `_json`; they are
 * parsed by a schema when they are read. Times are Unix milliseconds.
 */
import type { Generated } from "kysely";

export interface Tables {
  videos: VideoRow;
  renditions: { video_id: string; rendition_id: string; ordinal: number; facts_json: string };
  chunks: ChunkRow;
  viewings: { number: Generated<number>; video_id: string; viewing: string };
  /** The newest decided value that this server has learned of each position; one without a body was deleted for good. */
  placements: { position: string; video_id: string; version: number; value_json: string };
  acceptor_groups: AcceptorGroupRow;
  acceptors: AcceptorRow;
  /** Which start of which proposer owns the positions of a video. */
  owners: { video_id: string; epoch: number; proposer: string };
  /** Nodes that shall vote and hold nothing new. */
  drained_nodes: { node_id: string };
  nodes: { node_id: string; heartbeat_json: string };
  /** Dead nodes, and how long this program has watched them be away. */
  nodes_away: { node_id: string; away_ms: number };
  uploads: UploadRow;
  chunk_intents: { position: string; video_id: string; hash: string; node_ids_json: string };
  releases: ReleaseRow;
  pieces: PieceRow;
  change_plans: ChangePlanRow;
  faulty_pieces: FaultyPieceRow;
  redundancy_settings: { name: string; value_json: string };
  video_forms: VideoFormRow;
  demand: { video_id: string; at_seconds: number; short_bytes: number; long_bytes: number };
  decisions: { number: Generated<number>; video_id: string; decision_json: string };
}

export interface VideoRow {
  id: string;
  title: string;
  /** The title as it is searched and sorted: NFKC, lower case. */
  title_search: string;
  /** One of VIDEO_STATES, or `removing`: hidden, its chunks are being given up. */
  state: string;
  failure: string | null;
  created_ms: number;
  duration_seconds: number;
  size_bytes: number;
  views: number;
  copies_present: number;
  copies_wanted: number;
  /** 1 when there is a chunk at position `poster`. */
  has_poster: number;
}

export interface ChunkRow {
  video_id: string;
  /** Empty for the chunks of the whole video. */
  rendition: string;
  /** Segment number; negative numbers are the other slots, see chunk-key.ts. */
  seq: number;
  duration_seconds: number;
  record_json: string;
  blocks: string;
  /** Holders that the record should have and has not. */
  copies_missing: number;
  size_bytes: Generated<number>;
  /** Of all pieces that the record names. */
  kept_bytes: Generated<number>;
  /** Kind of the record's scheme. */
  form: Generated<string>;
  replicas: Generated<number>;
}

export interface UploadRow {
  id: string;
  video_id: string;
  group_name: string | null;
  group_size: number;
  file_name: string;
  title: string;
  redundancy: string;
  size_bytes: number;
  phase: string;
  failure_json: string | null;
  progress_json: string | null;
  created_ms: number;
  updated_ms: number;
}

export interface ReleaseRow {
  number: Generated<number>;
  node_id: string;
  hash: string;
  /** {@link PieceRow.shard} */
  shard: number;
  position: string;
  /** Version of a record that does not name the piece; null: no record ever will again. */
  epoch: number | null;
  not_before_ms: number;
  created_ms: number;
}

/** A piece that a record names, once for each position. */
export interface PieceRow {
  node_id: string;
  hash: string;
  /** -1: the chunk whole. */
  shard: number;
  video_id: string;
  rendition: string;
  seq: number;
  /** As the node keeps it. */
  size_bytes: number;
  /** When its node last read it and found it intact; 0: never yet. */
  checked_ms: Generated<number>;
}

export interface ChangePlanRow {
  position: string;
  kind: string;
  plan_json: string;
  /** Block hashes of the record that it ends with, base64. */
  blocks: string;
  begun_ms: number;
}

/** A piece that a record names and that a check did not find, or not intact. */
export interface FaultyPieceRow {
  position: string;
  hash: string;
  node_id: string;
  shard: number;
  verdict: string;
  found_ms: number;
}

/** The form that a video has, or is on the way to. */
export interface VideoFormRow {
  video_id: string;
  form: string;
  replicas: number;
  since_ms: number;
  /** A person's choice; null: none. */
  person: string | null;
  /** 0: not every chunk of it has the form yet. */
  is_settled: number;
}

export interface AcceptorGroupRow {
  group_number: number;
  /** GroupConfig; null while the first members are not yet active. */
  active_json: string | null;
  /** Lowest epoch that was never given to anybody. */
  next_epoch: number;
  /** A reconfiguration that has begun. */
  pending_json: string | null;
}

export interface AcceptorRow {
  node_id: string;
  incarnation: string;
  /** What it said of itself last. */
  report_json: string;
  /** 1 when its disk was put back once: it never votes again. */
  rolled_back: Generated<number>;
}
