/**
 * The worker's database: IndexedDB `vstack`, one object store per table, kept by `idb`.
 *
 * Its failure never becomes the player's: while it is blocked, full or forbidden the tables read as empty and forget what
 * is written, and the caches above them go on in memory.
 */
import type { DBSchema, IDBPDatabase } from "idb";
import { openDB } from "idb";
import type { Clock } from "#wire/client/live-clock.ts";
import { within } from "./waiting.ts";
import type { Row, Table, TableName, Tables } from "./table.ts";
import { TABLE_ROWS } from "./table.ts";

const DATABASE = "vstack";
/** Raise it with a new branch in {@link upgrade}; a browser may come from any earlier version. */
const DATABASE_VERSION = 1;
/** A database that opens slower than this is as good as blocked: what it would tell comes too late for the first frame. */
const OPEN_DEADLINE_MS = 2_000;
/** After a failure the database is left alone this long, so that a blocked one does not delay every request. */
const REOPEN_AFTER_MS = 30_000;

interface TableSchema {
  readonly key: string;
  readonly value: Row;
  readonly indexes: { readonly order: number };
}
type Schema = DBSchema & Record<TableName, TableSchema>;
type Database = IDBPDatabase<Schema>;

function upgrade(database: Database, oldVersion: number): void {
  if (oldVersion < 1) {
    for (const name of ["manifests", "playlists", "traces", "estimates"] as const) {
      database.createObjectStore(name, { keyPath: "key" }).createIndex("order", "order");
    }
  }
}

/**
 * Tables in IndexedDB. The database opens with the first use and again after the browser closed it.
 *
 * @param warn told in words when the database cannot be used
 */
export function durableTables(clock: Clock, warn: (message: string, cause: unknown) => void): Tables {
  let opening: Promise<Database | undefined> | undefined;
  let closedUntilMs = Number.NEGATIVE_INFINITY;

  async function open(): Promise<Database | undefined> {
    try {
      const opened = openDB<Schema>(DATABASE, DATABASE_VERSION, {
        upgrade,
        // A newer worker wants to change the schema: this one goes on in memory rather than keep it waiting.
        blocking: (_current, _blocked, event) => {
          closedUntilMs = Number.POSITIVE_INFINITY;
          if (event.target instanceof IDBDatabase) event.target.close();
        },
        terminated: () => {
          opening = undefined;
        },
      });
      const database = await within(opened, OPEN_DEADLINE_MS, clock);
      if (database !== undefined) return database;
      opened.then((late) => late.close()).catch(() => undefined);
      throw new Error(`The database did not open within ${OPEN_DEADLINE_MS} ms`);
    } catch (cause) {
      opening = undefined;
      pause("Cannot open the worker's database, so it remembers in memory only", cause);
      return undefined;
    }
  }

  function pause(message: string, cause: unknown): void {
    warn(message, cause);
    closedUntilMs = Math.max(closedUntilMs, clock.nowMs() + REOPEN_AFTER_MS);
  }

  /** Runs work on the database, or gives `otherwise` when there is none or the work fails. */
  async function use<T>(work: (database: Database) => Promise<T>, otherwise: T): Promise<T> {
    if (clock.nowMs() < closedUntilMs) return otherwise;
    opening ??= open();
    const database = await opening;
    if (database === undefined) return otherwise;
    try {
      return await work(database);
    } catch (cause) {
      pause("Cannot use the worker's database, so it remembers in memory only", cause);
      return otherwise;
    }
  }

  const table = (name: TableName): Table => ({
    get: (key) => use<unknown>(async (database) => (await database.get(name, key))?.value, undefined),
    put: (rows) => use((database) => putRows(database, name, rows), undefined),
    newest: (limit) => use((database) => newestRows(database, name, limit), []),
    remove: (keys) => use((database) => removeRows(database, name, keys), undefined),
  });
  return {
    manifests: table("manifests"),
    playlists: table("playlists"),
    traces: table("traces"),
    estimates: table("estimates"),
  };
}

async function putRows(database: Database, name: TableName, rows: readonly Row[]): Promise<void> {
  const transaction = database.transaction(name, "readwrite", { durability: "relaxed" });
  const written = Promise.all([...rows.map((row) => transaction.store.put(row)), transaction.done]);
  // When the disk is full the lines below fail first; this one must not then count as a rejection that nobody handles.
  written.catch(() => undefined);
  let excess = (await transaction.store.count()) - TABLE_ROWS[name];
  for (
    let cursor = excess > 0 ? await transaction.store.index("order").openCursor() : null;
    cursor !== null && excess > 0;
    cursor = await cursor.continue()
  ) {
    await cursor.delete();
    excess -= 1;
  }
  await written;
}

async function newestRows(database: Database, name: TableName, limit: number): Promise<Row[]> {
  const rows: Row[] = [];
  const index = database.transaction(name).store.index("order");
  for (
    let cursor = await index.openCursor(null, "prev");
    cursor !== null && rows.length < limit;
    cursor = await cursor.continue()
  ) {
    rows.push(cursor.value);
  }
  return rows;
}

async function removeRows(database: Database, name: TableName, keys: readonly string[]): Promise<void> {
  const transaction = database.transaction(name, "readwrite");
  await Promise.all([...keys.map((key) => transaction.store.delete(key)), transaction.done]);
}
