/**
 * The metadata server as a process: environment -> configuration -> serve. Prints one line of JSON on standard output when it
 * serves, and sends the same to a parent that started it with an IPC channel. Exit codes: 0 stopped when told, 1 cannot run,
 * 2 wrong configuration.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { VStackError } from "#wire/contract/errors.ts";
import { createLog } from "#wire/server/log.ts";
import { stopOnSignals } from "#wire/server/shutdown.ts";
import type { MetadataConfig } from "./config.ts";
import { readConfig } from "./config.ts";
import { startMetadataServer } from "./metadata-server.ts";

/** Where the build puts the pages, seen from this built file. */
const BUILT_PAGES = "../pages";
const EXIT_CANNOT_RUN = 1;
const EXIT_WRONG_CONFIGURATION = 2;

async function run(config: MetadataConfig): Promise<void> {
  const log = createLog("metadata", "metadata", config.logLevel);
  const pagesFolder = config.pagesFolder ?? join(import.meta.dirname, BUILT_PAGES);
  const server = await startMetadataServer({ ...config, pagesFolder }, log);
  stopOnSignals(log, () => server.close());
  const ready = { ready: true, role: "metadata", url: server.url, pid: process.pid };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  process.send?.(ready);
}

function fail(error: unknown, exitCode: number): void {
  const text =
    error instanceof VStackError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(exitCode);
}

function configuration(): MetadataConfig | undefined {
  try {
    return readConfig(process.env, (path) => readFileSync(path, "utf8"));
  } catch (error) {
    fail(error, EXIT_WRONG_CONFIGURATION);
    return undefined;
  }
}

const config = configuration();
if (config !== undefined) {
  run(config).catch((error: unknown) => {
    fail(
      error,
      error instanceof VStackError && error.code === "bad-request" ? EXIT_WRONG_CONFIGURATION : EXIT_CANNOT_RUN,
    );
  });
}
