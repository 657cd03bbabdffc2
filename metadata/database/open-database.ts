/**
 * Opens the metadata server's SQLite file through `libsql`, whose binary comes with the npm package. libsql is not quite
 * better-sqlite3 (`get()` adds a field, missing parameters become NULL, busy_timeout starts at 0), so nothing but Kysely
 * talks to it after this file.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { Kysely } from "kysely";
import Libsql from "libsql";
import * as v from "valibot";
import { VStackError } from "#wire/contract/errors.ts";
import { FairSqliteDialect } from "./fair-dialect.ts";
import { MIGRATIONS } from "./migrations.ts";
import type { Tables } from "./tables.ts";

export type Database = Kysely<Tables>;

/** Lives as long as the connection; nothing of it touches the disk. For tests. */
export const IN_MEMORY = ":memory:";
/** A backup or a second reader may hold the file this long before a write fails. */
const BUSY_TIMEOUT_MS = 5000;
/** `PRAGMA synchronous` of FULL: what was committed survives a power cut (sqlite.org/pragma.html#pragma_synchronous). */
const SYNCHRONOUS_FULL = 2;

/**
 * Opens or makes the file, brings its tables to the newest version, and proves that commits are durable.
 *
 * @param path file, or {@link IN_MEMORY}
 * @throws VStackError `internal` when the file is newer than this program or SQLite refuses the settings
 */
export function openDatabase(path: string): Database {
  if (path !== IN_MEMORY) mkdirSync(dirname(path), { recursive: true });
  const connection = new Libsql(path);
  try {
    connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    if (path !== IN_MEMORY) connection.exec("PRAGMA journal_mode = WAL");
    connection.exec("PRAGMA synchronous = FULL");
    connection.exec("PRAGMA foreign_keys = ON");
    assertSettings(connection, path);
    migrate(connection, path);
  } catch (error) {
    connection.close();
    throw error;
  }
  return new Kysely<Tables>({ dialect: new FairSqliteDialect({ database: connection }) });
}

function assertSettings(connection: Libsql.Database, path: string): void {
  const wanted: Record<string, unknown> = {
    busy_timeout: BUSY_TIMEOUT_MS,
    synchronous: SYNCHRONOUS_FULL,
    foreign_keys: 1,
    ...(path === IN_MEMORY ? {} : { journal_mode: "wal" }),
  };
  for (const [name, value] of Object.entries(wanted)) {
    const found = readPragma(connection, name);
    if (found === value) continue;
    throw new VStackError(
      "internal",
      `Cannot use "${path}" as ${name} is ${String(found)}: ${String(value)} is wanted`,
    );
  }
}

function migrate(connection: Libsql.Database, path: string): void {
  const version = v.parse(v.number(), readPragma(connection, "user_version"));
  if (version > MIGRATIONS.length) {
    throw new VStackError(
      "internal",
      `Cannot open "${path}" as its version is ${version}: this program knows ${MIGRATIONS.length}, use a newer one`,
    );
  }
  for (const [index, step] of MIGRATIONS.slice(version).entries()) {
    connection.exec(`BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${version + index + 1}; COMMIT;`);
  }
}

/** The first column of the answer: SQLite names it after the pragma, except `busy_timeout`, which it calls `timeout`. */
function readPragma(connection: Libsql.Database, name: string): unknown {
  const [row] = v.parse(v.array(v.record(v.string(), v.unknown())), connection.prepare(`PRAGMA ${name}`).all());
  return Object.values(row ?? {})[0];
}
