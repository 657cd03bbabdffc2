/**
 * What `/api/storage/overhead` and the page count is what `du --apparent-size` says of the nodes' folders, within two per cent:
 * with both forms there, after a change of form, and after a video was deleted.
 */
import { execFile } from "node:child_process";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { CurrentForm, Queue } from "#wire/contract/redundancy-schemas.ts";
import type { Overhead } from "#wire/contract/storage-schemas.ts";
import type { Cluster } from "../../fixtures/cluster.ts";
import { DEMO_FILES, startCluster } from "../../fixtures/cluster.ts";
import { expect, test } from "../../fixtures/test.ts";

const MAX_DIFFERENCE = 0.02;
const CHANGED_MS = 60_000;
/** Nodes look at their journals every ten seconds, and tell of them with the next heartbeat. */
const COUNTED_MS = 30_000;
const SETTINGS = { newSeconds: 0, dwellHotSeconds: 0, dwellColdSeconds: 0, graceSeconds: 2 };

test.describe.configure({ mode: "serial" });

let cluster: Cluster;
const ids: string[] = [];
test.beforeAll(async () => {
  test.setTimeout(120_000);
  cluster = await startCluster("--no-demo");
  await cluster.api.put("/api/redundancy/config", SETTINGS);
  for (const file of DEMO_FILES) ids.push(await cluster.upload(file, "--redundancy", "replication"));
});
test.afterAll(async () => {
  await cluster.stop();
});

test("three videos in replicas", async () => {
  await expectAgreement();
});

test("one of them in shards, and what it had before deleted", async () => {
  await cluster.api.put(`/api/redundancy/videos/${ids[2] ?? ""}/override`, { form: "erasure" });
  await expect.poll(() => formOf(ids[2] ?? ""), { timeout: CHANGED_MS }).toBe("erasure");
  await untilReleased();
  const overhead = await expectAgreement();
  const shards = overhead.nodes.reduce((sum, { counted }) => sum + (counted?.shardBytes ?? 0), 0);
  const replicas = overhead.nodes.reduce((sum, { counted }) => sum + (counted?.replicaBytes ?? 0), 0);
  expect(Math.min(shards, replicas)).toBeGreaterThan(1_000_000);
});

test("one deleted, and one back in replicas", async () => {
  await cluster.api.remove(`/api/videos/${ids[0] ?? ""}`);
  await cluster.api.put(`/api/redundancy/videos/${ids[2] ?? ""}/override`, { form: "replication" });
  await expect.poll(() => formOf(ids[2] ?? ""), { timeout: CHANGED_MS }).toBe("replication");
  await untilReleased();
  await expectAgreement();
});

test("the page says what is counted", async ({ page }) => {
  await page.goto(`${cluster.url}/storage`);
  await expect(page.getByText(/what du --apparent-size says of them/)).toBeVisible();
});

async function expectAgreement(): Promise<Overhead> {
  let overhead: Overhead | undefined;
  let told = "";
  const difference = async () => {
    overhead = await cluster.api.get<Overhead>("/api/storage/overhead");
    const { keptBytes, otherBytes, isComplete } = overhead;
    const onDisk = await bytesOnDisk();
    if (!isComplete || keptBytes === null || otherBytes === null) return 1;
    told = `${keptBytes} kept and ${otherBytes} besides, ${onDisk} on the disk`;
    return Math.abs(keptBytes + otherBytes - onDisk) / onDisk;
  };
  await expect.poll(difference, { message: told, timeout: COUNTED_MS }).toBeLessThan(MAX_DIFFERENCE);
  if (overhead === undefined) throw new Error("Nothing was counted");
  console.log(told);
  return overhead;
}

/** Of all nodes' folders together. */
async function bytesOnDisk(): Promise<number> {
  const nodes = join(cluster.data, "nodes");
  const folders = (await readdir(nodes)).map((name) => join(nodes, name));
  try {
    const { stdout } = await promisify(execFile)("du", ["--apparent-size", "-s", "-B1", ...folders]);
    const sizes = stdout.trim().split("\n").map(Number.parseFloat);
    return sizes.reduce((sum, bytes) => sum + bytes, 0);
  } catch {
    // Not every system has du, and not every du counts apparent sizes.
    const sizes = await Promise.all(folders.map(apparentBytes));
    return sizes.reduce((sum, bytes) => sum + bytes, 0);
  }
}

async function apparentBytes(folder: string): Promise<number> {
  const paths = (await readdir(folder, { recursive: true })).map((name) => join(folder, name));
  let bytes = 0;
  for (const path of [folder, ...paths])
    bytes += await lstat(path).then(
      ({ size }) => size,
      () => 0,
    );
  return bytes;
}

async function formOf(videoId: string): Promise<string> {
  const { renditions } = await cluster.api.get<CurrentForm>(`/api/redundancy/videos/${videoId}`);
  const kinds = renditions
    .flatMap(({ forms }) => forms)
    .filter(({ contentBytes, chunks }) => contentBytes / chunks > 16_384)
    .map(({ form }) => form.kind);
  return new Set(kinds).size === 1 ? (kinds[0] ?? "none") : "on its way";
}

async function untilReleased(): Promise<void> {
  const waiting = async () => (await cluster.api.get<Queue>("/api/redundancy/queue")).releasesWaiting;
  await expect.poll(waiting, { timeout: CHANGED_MS }).toBe(0);
}
