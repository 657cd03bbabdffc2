/** A whole metadata server for tests: real database, files and jobs; storage nodes in memory; no socket. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { importClusterKey } from "#wire/client/capability.ts";
import type { FetchPort } from "#wire/client/http.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import type { UploadStatus } from "#wire/contract/upload-api.ts";
import { UploadStatusSchema } from "#wire/contract/upload-api.ts";
import type { Log } from "#wire/server/log.ts";
import { silentLog } from "#wire/server/log.ts";
import type { MetadataParts } from "./assemble.ts";
import { assembleMetadata } from "./assemble.ts";
import type { ChunkServers } from "./chunk-servers.contract.ts";
import type { Database } from "./database/open-database.ts";
import { openDatabase } from "./database/open-database.ts";
import type { Ffmpeg } from "./ingest/transcode/ffmpeg.ts";
import type { LadderSetting } from "./ingest/transcode/ladder.ts";
import { present } from "./placement/placement-register.contract.ts";

/** 48 s of our own making; the two align. */
export const DEMO_240P = "metadata/demo/demo-240p.mp4";
export const DEMO_480P = "metadata/demo/demo-480p.mp4";
export const CLUSTER_KEY_TEXT = Buffer.alloc(32, 7).toString("base64");

export interface TestServer extends MetadataParts {
  readonly folder: string;
  readonly db: Database;
  /** Sends a file by tus, in one request after its creation; returns the upload's id. */
  upload(bytes: Uint8Array, metadata?: Record<string, string>): Promise<string>;
  uploadFile(path: string, metadata?: Record<string, string>): Promise<string>;
  status(uploadId: string): Promise<UploadStatus>;
  /** Waits until the upload's status is as wanted. */
  until(uploadId: string, wanted: (status: UploadStatus) => boolean): Promise<UploadStatus>;
  /** Lets every node that is not away send a heartbeat. */
  beat(): Promise<void>;
  json(path: string, init?: RequestInit): Promise<unknown>;
  /** As a clean stop does. */
  stop(): Promise<void>;
}

export async function startTestServer(
  nodes: ChunkServers,
  {
    folder = mkdtempSync(join(tmpdir(), "vstack-metadata-")),
    fetch = nodes.fetch,
    clock = liveClock,
    freeBytes,
    ffmpeg = null,
    ladder = "auto",
    log = silentLog,
    lab = false,
  }: {
    folder?: string;
    fetch?: FetchPort;
    clock?: Clock;
    freeBytes?: () => Promise<number>;
    ffmpeg?: Ffmpeg | null;
    ladder?: LadderSetting;
    log?: Log;
    lab?: boolean;
  } = {},
): Promise<TestServer> {
  mkdirSync(join(folder, "uploads"), { recursive: true });
  const db = openDatabase(join(folder, "catalogue.db"));
  const parts = await assembleMetadata({
    ...{ db, fetch, clock, log, lab, pid: 1, publicUrl: () => "http://page.test" },
    ...{ pagesFolder: join(folder, "pages"), uploadsFolder: join(folder, "uploads") },
    bench: { program: join(folder, "none.js"), folder: join(folder, "bench") },
    ...(freeBytes === undefined ? {} : { freeBytes }),
    ...{ ffmpeg, ladder },
    clusterKey: await importClusterKey(CLUSTER_KEY_TEXT),
  });
  const beat = async () => {
    for (const server of nodes.servers) if (!server.away) await parts.hear(nodes.heartbeat(server));
  };
  const request = (path: string, init: RequestInit) => Promise.resolve(parts.app.request(path, init));
  const upload = async (bytes: Uint8Array, metadata: Record<string, string> = { filename: "film.mp4" }) => {
    const created = await request("/api/uploads", {
      method: "POST",
      headers: { ...TUS, "upload-length": String(bytes.length), "upload-metadata": tusMetadata(metadata) },
    });
    if (created.status !== 201) throw new Error(`The upload was refused: ${created.status} ${await created.text()}`);
    const path = present(created.headers.get("location"));
    const patched = await request(path, {
      method: "PATCH",
      headers: { ...TUS, "upload-offset": "0", "content-type": "application/offset+octet-stream" },
      body: new Uint8Array(bytes),
    });
    if (patched.status !== 204) throw new Error(`The bytes were refused: ${patched.status} ${await patched.text()}`);
    return path.replace("/api/uploads/", "");
  };
  const status = async (uploadId: string) =>
    v.parse(UploadStatusSchema, await (await request(`/api/uploads/${uploadId}/status`, {})).json());
  await beat();
  await parts.ingest.resume();
  return {
    ...parts,
    ...{ folder, db, upload, status, beat },
    uploadFile: async (path, metadata = { filename: "film.mp4" }) => upload(await readFile(path), metadata),
    async until(uploadId, wanted) {
      for (let round = 0; round < 4000; round += 1) {
        const now = await status(uploadId);
        if (wanted(now)) return now;
        await beat();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      throw new Error(`The upload never came to the wanted state: ${JSON.stringify(await status(uploadId))}`);
    },
    async json(path, init = {}): Promise<unknown> {
      return await (await request(path, init)).json();
    },
    async stop() {
      parts.stopDeciding();
      await parts.ingest.close();
      await db.destroy();
    },
  };
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

export const TUS = { "tus-resumable": "1.0.0" };

function tusMetadata(metadata: Record<string, string>): string {
  return Object.entries(metadata)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString("base64")}`)
    .join(",");
}
