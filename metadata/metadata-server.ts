/** Puts the metadata server together from its configuration: database, nodes, ingest, gateway, socket; and takes it apart. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { Registry } from "prom-client";
import { ACKNOWLEDGED_COPIES } from "#core/placement/record.ts";
import type { ClusterKey } from "#wire/client/capability.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { liveFetch } from "#wire/client/http.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import type { MintCapability } from "#wire/exchange/store-chunk.ts";
import { listen } from "#wire/server/listen.ts";
import type { Log } from "#wire/server/log.ts";
import { sqliteCatalog } from "./catalog/sqlite-store.ts";
import { openNodeDirectory } from "./cluster/node-directory.ts";
import { sqliteNodeMemory } from "./cluster/node-memory.ts";
import type { MetadataConfig } from "./config.ts";
import { publicUrlOf } from "./config.ts";
import { openDatabase } from "./database/open-database.ts";
import { createIngest } from "./ingest/ingest.ts";
import { uploadFiles } from "./ingest/upload-files.ts";
import { uploadServer } from "./ingest/upload-server.ts";
import { sqliteUploads } from "./ingest/upload-store.ts";
import { countChunksAtRisk } from "./ingest/verify-copies.ts";
import { createMetadataApp } from "./metadata-app.ts";
import { chunkPlacer, enoughNodes } from "./placement/place-chunk.ts";
import { releaseLoop } from "./placement/release-loop.ts";
import { sqliteReleases } from "./placement/releases.ts";
import { sqliteRegister } from "./placement/sqlite-register.ts";

/** Below the data folder. */
const DATABASE_FILE = "catalogue.db";
const UPLOADS_FOLDER = "uploads";

/** The configuration with nothing left to find out. */
export type ServerConfig = MetadataConfig & { readonly pagesFolder: string };

export interface MetadataServer {
  readonly url: string;
  /** Takes no more requests, stops jobs so that they can be begun again, closes the database. */
  close(): Promise<void>;
}

/** @throws VStackError when the configuration cannot be used or the port cannot be opened */
export async function startMetadataServer(config: ServerConfig, log: Log): Promise<MetadataServer> {
  const clusterKey = await importClusterKey(config.clusterKeyText);
  const folder = resolve(config.dataFolder);
  mkdirSync(join(folder, UPLOADS_FOLDER), { recursive: true, mode: 0o700 });
  const db = openDatabase(join(folder, DATABASE_FILE));
  const stopping = new AbortController();
  try {
    const parts = await assemble(config, { clusterKey, db, log, folder });
    const { ingest, directory, loop } = parts;
    const listening = await listen(parts.app, config);
    parts.bound.url = publicUrlOf(config, listening.port);
    await ingest.resume();
    const running = [directory, ingest, loop].map((part) => part.run(stopping.signal));
    return {
      url: parts.bound.url,
      async close() {
        stopping.abort();
        await listening.close();
        await ingest.close();
        await Promise.all(running);
        await db.destroy();
      },
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

interface Base {
  readonly clusterKey: ClusterKey;
  readonly db: ReturnType<typeof openDatabase>;
  readonly log: Log;
  readonly folder: string;
}

async function assemble(config: ServerConfig, { clusterKey, db, log, folder }: Base) {
  const clock = liveClock;
  const fetch = liveFetch;
  const mint: MintCapability = (grant) => mintCapability(clusterKey, { ...grant, nowMs: clock.wallMs() });
  const catalog = sqliteCatalog(db);
  const register = sqliteRegister(db);
  const releases = sqliteReleases(db);
  const directory = await openNodeDirectory({ clock, memory: sqliteNodeMemory(db), log });
  const writable = () => directory.writable();
  const loop = releaseLoop({ releases, aliveNodes: () => directory.alive(), mint, clock, fetch, log });
  const files = uploadFiles(join(folder, UPLOADS_FOLDER));
  const ingest = createIngest({
    ...{ catalog, register, releases, releaseLoop: loop, uploads: sqliteUploads(db), files, clock, log },
    placeChunk: chunkPlacer({ register, releases, writable, mint, clock, fetch }),
    countChunksAtRisk: (videoId, signal) =>
      countChunksAtRisk(videoId, { register, nodeUrls: () => directory.internalUrls() }, signal),
    enoughNodes: (signal) => enoughNodes({ writable, clock }, signal),
    canPlace: () => writable().length >= ACKNOWLEDGED_COPIES,
  });
  const bound = { url: config.publicUrl ?? "" };
  const app = createMetadataApp({
    ...{ catalog, directory, ingest, clusterKey, clock, fetch, log, lab: config.lab, pid: process.pid },
    answerTus: uploadServer({ ingest, files, log }),
    registry: new Registry(),
    publicUrl: () => bound.url,
    pagesFolder: config.pagesFolder,
  });
  return { app, ingest, directory, loop, bound };
}
