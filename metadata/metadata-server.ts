/** The metadata server in the real world: files, socket, clock; begun in order, ended in the reverse of it. */
import { setMaxListeners } from "node:events";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { importClusterKey } from "#wire/client/capability.ts";
import { liveFetch } from "#wire/client/http.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { listen } from "#wire/server/listen.ts";
import type { Log } from "#wire/server/log.ts";
import { pooledFetch } from "#wire/server/pooled-fetch.ts";
import { assembleMetadata } from "./assemble.ts";
import type { MetadataConfig } from "./config.ts";
import { publicUrlOf } from "./config.ts";
import type { Database } from "./database/open-database.ts";
import { openDatabase } from "./database/open-database.ts";
import { findFfmpeg } from "./ingest/transcode/ffmpeg.ts";

/** Loops and turns that wait for the end at the same time; more would be a leak. */
const MAX_WAITING = 128;
/** Below the data folder. */
const DATABASE_FILE = "catalogue.db";
const UPLOADS_FOLDER = "uploads";
const BENCH_FOLDER = "bench";

/** The configuration with nothing left to find out. */
export type ServerConfig = MetadataConfig & {
  readonly pagesFolder: string;
  /** The built `vstack`, which runs benchmarks. */
  readonly program: string;
};

export interface MetadataServer {
  readonly url: string;
  /** Takes no more requests, stops jobs so that they can be begun again, closes the database. */
  close(): Promise<void>;
}

/** @throws VStackError when the configuration cannot be used or the port cannot be opened */
export async function startMetadataServer(config: ServerConfig, log: Log): Promise<MetadataServer> {
  const folder = resolve(config.dataFolder);
  mkdirSync(join(folder, UPLOADS_FOLDER), { recursive: true, mode: 0o700 });
  const db = openDatabase(join(folder, DATABASE_FILE));
  try {
    return await serve({ config, db, uploadsFolder: join(folder, UPLOADS_FOLDER) }, log);
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

async function serve(
  { config, db, uploadsFolder }: { config: ServerConfig; db: Database; uploadsFolder: string },
  log: Log,
): Promise<MetadataServer> {
  let url = config.publicUrl ?? "";
  const found = await findFfmpeg(config.ffmpeg, { searchPath: process.env["PATH"] ?? "", folder: uploadsFolder });
  const { ffmpeg } = found;
  if (ffmpeg === null) log.info({ reason: found.reason }, "No ffmpeg: only what browsers play can be stored");
  else log.info({ path: ffmpeg.ffmpegPath, version: ffmpeg.version }, "Using ffmpeg");
  const { app, ingest, directory, rebuild, labNetworks, benchRuns, stopDeciding, ...loops } = await assembleMetadata({
    ...{ db, log, uploadsFolder, clock: liveClock, fetch: pooledFetch(liveFetch), pid: process.pid },
    ...{ ffmpeg, ladder: config.ladder },
    consensus: { acceptors: config.acceptors, replaceAfterMs: config.replaceAfterSeconds * 1000 },
    ...(config.labCopies === undefined ? {} : { labCopies: config.labCopies }),
    ...{ lab: config.lab, pagesFolder: config.pagesFolder, publicUrl: () => url },
    bench: { program: config.program, folder: resolve(config.dataFolder, BENCH_FOLDER) },
    clusterKey: await importClusterKey(config.clusterKeyText),
  });
  const listening = await listen(app, config);
  url = publicUrlOf(config, listening.port);
  await ingest.resume();
  const stopping = new AbortController();
  setMaxListeners(MAX_WAITING, stopping.signal);
  const parts = [
    directory,
    ingest,
    loops.releaseLoop,
    loops.redundancy,
    loops.earlierRecords,
    loops.groupLoop,
    ...(labNetworks === undefined ? [] : [labNetworks]),
  ];
  const running = parts.map((part) => part.run(stopping.signal));
  return {
    url,
    async close() {
      stopping.abort();
      stopDeciding();
      await Promise.all([listening.close(), ingest.close(), benchRuns?.cancel(), rebuild.ended(), ...running]);
      await db.destroy();
    },
  };
}
