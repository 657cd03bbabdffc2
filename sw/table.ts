/**
 * What the worker remembers beyond its own death: a bounded table of rows, the newest kept. A port, because IndexedDB may
 * be blocked, full or absent (private windows); then the memory table does the same work until the worker dies.
 *
 * A table is a hint, never the truth: it does not reject. What cannot be read is absent, what cannot be written is
 * forgotten. Values come back as `unknown`, since another version of the worker may have written them.
 */

export interface Row {
  readonly key: string;
  /** Rows of the highest order are the newest; Unix milliseconds, as a rule. */
  readonly order: number;
  /** Anything that the structured clone algorithm copies. */
  readonly value: unknown;
}

export interface Table {
  /** The value under a key, or undefined. */
  get(key: string): Promise<unknown>;
  /** Writes rows over those of the same key, then drops the oldest beyond the table's limit. */
  put(rows: readonly Row[]): Promise<void>;
  /** At most `limit` rows, newest first. */
  newest(limit: number): Promise<Row[]>;
  remove(keys: readonly string[]): Promise<void>;
}

/**
 * Rows that each table keeps. Manifests: 256 pages of 120 kB are 30 MB, the largest share. Traces: the last half hour
 * of one player and more. Playlists: every rendition of five long videos. Estimates: one row, the book.
 */
export const TABLE_ROWS = { manifests: 256, playlists: 64, traces: 1_000, estimates: 1 } as const;
export type TableName = keyof typeof TABLE_ROWS;

/** One table for each purpose. */
export type Tables = Readonly<Record<TableName, Table>>;

/** @param maxRows rows kept, >= 1 */
export function memoryTable(maxRows: number): Table {
  const rows = new Map<string, Row>();
  const newestFirst = () => [...rows.values()].sort((a, b) => b.order - a.order);
  return {
    async get(key) {
      return structuredClone(rows.get(key)?.value);
    },
    async put(added) {
      for (const row of added) rows.set(row.key, structuredClone(row));
      for (const row of newestFirst().slice(maxRows)) rows.delete(row.key);
    },
    async newest(limit) {
      return structuredClone(newestFirst().slice(0, limit));
    },
    async remove(keys) {
      for (const key of keys) rows.delete(key);
    },
  };
}
