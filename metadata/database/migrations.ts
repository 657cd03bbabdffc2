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

export const MIGRATIONS: readonly string[] = [FIRST, POSTERS_AND_SORTS, CHUNKS_AT_RISK, CHUNK_PAXOS];
