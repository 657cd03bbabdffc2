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
  uploads: UploadRow;
  chunk_intents: { position: string; video_id: string; hash: string; node_ids_json: string };
  releases: ReleaseRow;
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
  position: string;
  created_ms: number;
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
