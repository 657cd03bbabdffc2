/** The metadata server as a process. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { lockDataFolder } from "#wire/server/data-lock.ts";
import { createLog } from "#wire/server/log.ts";
import { runRole } from "#wire/server/run-role.ts";
import { stopOnSignals } from "#wire/server/shutdown.ts";
import type { MetadataConfig } from "./config.ts";
import { readConfig } from "./config.ts";
import { startMetadataServer } from "./metadata-server.ts";

/** Where the build puts the pages and the command line, seen from this built file. */
const BUILT_PAGES = "../pages";
const BUILT_PROGRAM = "cli.js";

async function start(config: MetadataConfig): Promise<object> {
  const log = createLog("metadata", "metadata", config.logLevel);
  const dataFolder = resolve(config.dataFolder);
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  process.once("exit", lockDataFolder(dataFolder, process.pid));
  const pagesFolder = config.pagesFolder ?? join(import.meta.dirname, BUILT_PAGES);
  const program = join(import.meta.dirname, BUILT_PROGRAM);
  const server = await startMetadataServer({ ...config, dataFolder, pagesFolder, program }, log);
  stopOnSignals(log, () => server.close());
  return { role: "metadata", url: server.url };
}

runRole(readConfig, start);
