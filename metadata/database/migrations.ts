/**
 * The steps from an empty file to the newest tables. `PRAGMA user_version` counts the steps taken. A step that was
 * released is never changed: a new one follows it.
 */

const FIRST = `
CREATE TABLE videos (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  title_search TEXT NOT NULL,
  state TEXT NOT NULL,
  failure TEXT,
  created_ms INTEGER NOT NULL,
  duration_seconds REAL NOT NULL DEFAULT 0,
  size_bytes INTEGER NOT NULL DEFAULT 0,
  views INTEGER NOT NULL DEFAULT 0,
  copies_present INTEGER NOT NULL DEFAULT 0,
  copies_wanted INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID, STRICT;
CREATE INDEX videos_by_age ON videos (created_ms, id);
CREATE INDEX videos_by_title ON videos (title_search, id);
CREATE INDEX videos_by_views ON videos (views, id);
CREATE INDEX videos_removing ON videos (id) WHERE state = 'removing';

CREATE TABLE renditions (
  video_id TEXT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
  rendition_id TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  facts_json TEXT NOT NULL,
  PRIMARY KEY (video_id, rendition_id)
) WITHOUT ROWID, STRICT;

CREATE TABLE chunks (
  video_id TEXT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
  rendition TEXT NOT NULL,
  seq INTEGER NOT NULL,
  duration_seconds REAL NOT NULL,
  record_json TEXT NOT NULL,
  blocks TEXT NOT NULL,
  PRIMARY KEY (video_id, rendition, seq)
) WITHOUT ROWID, STRICT;

CREATE TABLE viewings (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  video_id TEXT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
  viewing TEXT NOT NULL,
  UNIQUE (video_id, viewing)
) STRICT;

CREATE TABLE placements (
  position TEXT PRIMARY KEY,
  video_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  record_json TEXT NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX placements_by_video ON placements (video_id, position);

CREATE TABLE nodes (node_id TEXT PRIMARY KEY, heartbeat_json TEXT NOT NULL) WITHOUT ROWID, STRICT;

CREATE TABLE uploads (
  id TEXT PRIMARY KEY,
  video_id TEXT NOT NULL,
  group_name TEXT,
  group_size INTEGER NOT NULL,
  file_name TEXT NOT NULL,
  title TEXT NOT NULL,
  redundancy TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  phase TEXT NOT NULL,
  failure_json TEXT,
  progress_json TEXT,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX uploads_by_video ON uploads (video_id);
CREATE INDEX uploads_by_group ON uploads (group_name);
CREATE INDEX uploads_by_phase ON uploads (phase, updated_ms);

CREATE TABLE chunk_intents (
  position TEXT NOT NULL,
  video_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  node_ids_json TEXT NOT NULL,
  PRIMARY KEY (position, hash)
) WITHOUT ROWID, STRICT;
CREATE INDEX chunk_intents_by_video ON chunk_intents (video_id);

CREATE TABLE releases (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  node_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  position TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  UNIQUE (node_id, hash, position)
) STRICT;
`;

const POSTERS_AND_SORTS = `
ALTER TABLE videos ADD COLUMN has_poster INTEGER NOT NULL DEFAULT 0;
CREATE INDEX videos_by_duration ON videos (duration_seconds, id);
CREATE INDEX videos_by_size ON videos (size_bytes, id);
`;

const CHUNKS_AT_RISK = `
ALTER TABLE chunks ADD COLUMN copies_missing INTEGER NOT NULL DEFAULT 0;
UPDATE chunks SET copies_missing = max(0, 3 - json_array_length(record_json, '$.holders'))
  WHERE json_extract(record_json, '$.scheme.kind') = 'replication';
CREATE INDEX chunks_at_risk ON chunks (video_id, rendition, seq) WHERE copies_missing > 0;
CREATE INDEX releases_by_position ON releases (position, hash);
`;

/** Id of values that nobody decided: an older build had them in this database alone. metadata/upkeep/earlier-records.ts */
export const EARLIER_VALUE_ID = "old.0";

const CHUNK_PAXOS = `
CREATE TABLE acceptor_groups (
  group_number INTEGER PRIMARY KEY,
  active_json TEXT,
  next_epoch INTEGER NOT NULL,
  pending_json TEXT
) STRICT;

CREATE TABLE acceptors (
  node_id TEXT NOT NULL,
  incarnation TEXT NOT NULL,
  report_json TEXT NOT NULL,
  rolled_back INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (node_id, incarnation)
) WITHOUT ROWID, STRICT;

CREATE TABLE owners (
  video_id TEXT PRIMARY KEY,
  epoch INTEGER NOT NULL,
  proposer TEXT NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE drained_nodes (node_id TEXT PRIMARY KEY) WITHOUT ROWID, STRICT;

CREATE TABLE decided (
  position TEXT PRIMARY KEY,
  video_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  value_json TEXT NOT NULL
) WITHOUT ROWID, STRICT;
INSERT INTO decided
  SELECT position, video_id, version,
    json_object('version', version, 'id', 'old.0', 'previousId', NULL, 'body', json(record_json))
  FROM placements;
DROP TABLE placements;
ALTER TABLE decided RENAME TO placements;
CREATE INDEX placements_by_video ON placements (video_id, position);
`;

/**
 * What records name is a table of its own, so that a node's pieces are found without reading every record. Releases say which
 * piece, from which version on, and not before when.
 */
const REDUNDANCY = `
CREATE TABLE pieces (
  node_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  shard INTEGER NOT NULL,
  video_id TEXT NOT NULL,
  rendition TEXT NOT NULL,
  seq INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  checked_ms INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (node_id, hash, shard, video_id, rendition, seq),
  FOREIGN KEY (video_id, rendition, seq) REFERENCES chunks (video_id, rendition, seq) ON DELETE CASCADE
) WITHOUT ROWID, STRICT;
INSERT OR IGNORE INTO pieces
  SELECT json_extract(holder.value, '$.nodeId'), json_extract(record_json, '$.hash'), -1, video_id, rendition, seq,
    json_extract(record_json, '$.sizeBytes'), 0
  FROM chunks, json_each(record_json, '$.holders') AS holder
  WHERE json_extract(record_json, '$.scheme.kind') = 'replication';
CREATE INDEX pieces_by_chunk ON pieces (video_id, rendition, seq, node_id);
CREATE INDEX pieces_by_check ON pieces (node_id, checked_ms, size_bytes);

ALTER TABLE chunks ADD COLUMN size_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chunks ADD COLUMN kept_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chunks ADD COLUMN form TEXT NOT NULL DEFAULT 'replication';
ALTER TABLE chunks ADD COLUMN replicas INTEGER NOT NULL DEFAULT 0;
UPDATE chunks SET size_bytes = json_extract(record_json, '$.sizeBytes'),
  replicas = json_array_length(record_json, '$.holders'),
  kept_bytes = json_extract(record_json, '$.sizeBytes') * json_array_length(record_json, '$.holders');
CREATE INDEX chunks_by_form ON chunks (video_id, rendition, form, replicas, size_bytes, kept_bytes);

CREATE TABLE piece_releases (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  node_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  shard INTEGER NOT NULL,
  position TEXT NOT NULL,
  epoch INTEGER,
  not_before_ms INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  UNIQUE (node_id, hash, shard, position)
) STRICT;
INSERT INTO piece_releases (node_id, hash, shard, position, epoch, not_before_ms, created_ms)
  SELECT node_id, hash, -1, position, NULL, 0, created_ms FROM releases ORDER BY number;
DROP TABLE releases;
ALTER TABLE piece_releases RENAME TO releases;
CREATE INDEX releases_by_position ON releases (position, hash);

CREATE TABLE change_plans (
  position TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  plan_json TEXT NOT NULL,
  blocks TEXT NOT NULL,
  begun_ms INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE faulty_pieces (
  position TEXT NOT NULL,
  hash TEXT NOT NULL,
  node_id TEXT NOT NULL,
  shard INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  found_ms INTEGER NOT NULL,
  PRIMARY KEY (position, hash, node_id, shard)
) WITHOUT ROWID, STRICT;

CREATE TABLE redundancy_settings (name TEXT PRIMARY KEY, value_json TEXT NOT NULL) WITHOUT ROWID, STRICT;

CREATE TABLE video_forms (
  video_id TEXT PRIMARY KEY REFERENCES videos (id) ON DELETE CASCADE,
  form TEXT NOT NULL,
  replicas INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  person TEXT,
  is_settled INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX video_forms_under_way ON video_forms (since_ms) WHERE is_settled = 0;

CREATE TABLE demand (
  video_id TEXT PRIMARY KEY REFERENCES videos (id) ON DELETE CASCADE,
  at_seconds REAL NOT NULL,
  short_bytes REAL NOT NULL,
  long_bytes REAL NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE decisions (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  video_id TEXT NOT NULL,
  decision_json TEXT NOT NULL
) STRICT;
CREATE INDEX decisions_by_video ON decisions (video_id, number);
`;

const NODES_AWAY = `
CREATE TABLE nodes_away (node_id TEXT PRIMARY KEY, away_ms INTEGER NOT NULL) WITHOUT ROWID, STRICT;
`;

export const MIGRATIONS: readonly string[] = [
  ...[FIRST, POSTERS_AND_SORTS, CHUNKS_AT_RISK, CHUNK_PAXOS, REDUNDANCY],
  NODES_AWAY,
];
