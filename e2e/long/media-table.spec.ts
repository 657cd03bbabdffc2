/**
 * The long form of metadata/ingest/media-table.json: every file goes to a real cluster, with ffmpeg and without, and then
 * plays in the browser to its end, or is refused in the words of the table.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { UploadStatus } from "#wire/contract/upload-api.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import { startCluster } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";
import { playback, pressPlay, setVideo } from "../fixtures/watching.ts";

/** 26 s of 100 Mbit/s are encoded to three qualities on two cores, meanwhile others work. */
const STORED_MS = 600_000;
const POLL_MS = 100;

interface Plays {
  readonly plays: true;
  readonly seconds: number | null;
  readonly width?: number;
}
interface Refused {
  readonly refused: string;
  readonly saying: string;
}
interface Row {
  readonly name: string;
  readonly withFfmpeg: Plays | Refused;
  readonly withoutFfmpeg: Plays | Refused;
}

const ingest = fileURLToPath(new URL("../../metadata/ingest/", import.meta.url));
const { rows } = JSON.parse(readFileSync(join(ingest, "media-table.json"), "utf8")) as { rows: Row[] };

/** Uploads by tus what make-media.mjs made, as one group. */
async function store(cluster: Cluster, row: Row): Promise<UploadStatus> {
  const folder = mkdtempSync(join(tmpdir(), "vstack-media-"));
  try {
    const words = [join(ingest, "make-media.mjs"), folder, row.name];
    const { stdout } = await promisify(execFile)(process.execPath, words);
    const paths = stdout.trim().split("\n");
    const group = { group: crypto.randomUUID(), groupSize: String(paths.length) };
    let uploadId = "";
    for (const path of paths) {
      const metadata = { filename: basename(path), title: row.name, ...(paths.length > 1 ? group : {}) };
      uploadId = await send(cluster.url, await readFile(path), metadata);
    }
    return await end(cluster.url, uploadId);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function send(url: string, bytes: Buffer, metadata: Record<string, string>): Promise<string> {
  const tus = { "tus-resumable": "1.0.0" };
  const encoded = Object.entries(metadata).map(([name, value]) => `${name} ${Buffer.from(value).toString("base64")}`);
  const created = await fetch(`${url}/api/uploads`, {
    method: "POST",
    headers: { ...tus, "upload-length": String(bytes.length), "upload-metadata": encoded.join(",") },
  });
  const location = new URL(created.headers.get("location") ?? "", `${url}/`);
  const sent = await fetch(location, {
    method: "PATCH",
    headers: { ...tus, "upload-offset": "0", "content-type": "application/offset+octet-stream" },
    body: new Uint8Array(bytes),
  });
  expect(sent.status).toBe(204);
  return basename(location.pathname);
}

async function end(url: string, uploadId: string): Promise<UploadStatus> {
  for (;;) {
    const status = (await (await fetch(`${url}/api/uploads/${uploadId}/status`)).json()) as UploadStatus;
    if (status.phase === "ready" || status.phase === "failed") return status;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

for (const how of ["with ffmpeg", "without ffmpeg"] as const) {
  test.describe(how, () => {
    let cluster: Cluster;
    test.beforeAll(async () => {
      cluster = await startCluster("--no-demo", ...(how === "with ffmpeg" ? [] : ["--ffmpeg", "off"]));
    });
    test.afterAll(async () => {
      await cluster.stop();
    });

    for (const row of rows) {
      test(row.name, async ({ page }) => {
        test.setTimeout(STORED_MS + 120_000);
        const status = await store(cluster, row);
        const wanted = how === "with ffmpeg" ? row.withFfmpeg : row.withoutFfmpeg;
        if ("refused" in wanted) {
          expect(status.failure?.message).toContain(wanted.saying);
          return;
        }
        expect(status.failure?.message ?? "").toBe("");
        await page.goto(`${cluster.url}/watch/${status.videoId ?? ""}`);
        await setVideo(page, { muted: true });
        await pressPlay(page);
        const message = "played to the end";
        await expect.poll(async () => (await playback(page)).ended, { timeout: 90_000, message }).toBe(true);
        const { currentTime, frames } = await playback(page);
        if (wanted.seconds !== null) expect(Math.abs(currentTime - wanted.seconds)).toBeLessThan(0.5);
        if (wanted.width !== undefined) expect(frames).toBeGreaterThan(0);
      });
    }
  });
}
