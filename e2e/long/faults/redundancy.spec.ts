/**
 * The upkeep of redundancy with settings in seconds, over real nodes: a video goes from replicas to shards and back while it
 * is read, a node that lost its disk is filled again, flipped bytes are found and made again, all unaided.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { NodeHealth } from "#wire/contract/chunk-api.ts";
import type { CurrentForm, Queue } from "#wire/contract/redundancy-schemas.ts";
import type { Overhead } from "#wire/contract/storage-schemas.ts";
import type { Cluster } from "../../fixtures/cluster.ts";
import { DEMO_FILES, startCluster } from "../../fixtures/cluster.ts";
import type { ReadVideo } from "../../fixtures/read-pieces.ts";
import { readVideo } from "../../fixtures/read-pieces.ts";
import { expect, test } from "../../fixtures/test.ts";

const CHANGED_MS = 30_000;
const HEALED_MS = 60_000;
/** A record may be used for this long after it was replaced. */
const GRACE_SECONDS = 4;

const SETTINGS = {
  ...{ newSeconds: 0, dwellHotSeconds: 1, dwellColdSeconds: 1, shortHalfLifeSeconds: 10, longHalfLifeSeconds: 20 },
  ...{ graceSeconds: GRACE_SECONDS, holdOffSeconds: 5, scrubCycleSeconds: 20 },
};

test.describe.configure({ mode: "serial" });

let cluster: Cluster;
let videoId: string;
test.beforeAll(async () => {
  cluster = await startCluster("--lab", "--no-demo", "--nodes", "6");
  videoId = await cluster.upload(DEMO_FILES[1] ?? "", "--title", "Kept");
});
test.afterAll(async () => {
  await cluster.stop();
});

test("a video goes from replicas to shards and back, and is read all the while", async () => {
  await choose("replication");
  await cluster.api.put("/api/redundancy/config", SETTINGS);
  const reading = keepReading();
  for (const form of ["erasure", "replication", "erasure"] as const) {
    await choose(form);
    await expect.poll(formNow, { timeout: CHANGED_MS }).toBe(form);
    await sleep(GRACE_SECONDS * 1000);
  }
  const seen = await reading.end();
  expect(seen.failed).toEqual([]);
  expect(seen.rounds).toBeGreaterThan(3);
  // The old form is deleted when nobody reads by an old record any more.
  await expect.poll(overhead, { timeout: CHANGED_MS }).toBeLessThan(1.7);
});

test("a node that lost its disk is filled again where it was", async () => {
  const before = await shardsOf("n2");
  expect(before).toBeGreaterThan(0);
  await cluster.signal("n2", "SIGKILL");
  await rm(join(cluster.data, "nodes", "n2"), { recursive: true });
  await cluster.restart("n2");
  expect(await shardsOf("n2")).toBeLessThan(before);
  await expect.poll(() => shardsOf("n2"), { timeout: HEALED_MS }).toBe(before);
  expect((await readVideo(cluster.url, videoId)).failed).toEqual([]);
});

test("flipped bytes are all found within a cycle of scrubbing, and made again", async () => {
  const { records } = await readVideo(cluster.url, videoId);
  // Of each record another one of its pieces: replicas, data and parity, on all nodes.
  const damaged = records.flatMap(({ hash, holders }, at) => {
    const holder = holders[at % holders.length];
    return holder === undefined
      ? []
      : [{ hash, nodeId: holder.nodeId, shard: holder.holds === "shard" ? holder.shard : null }];
  });
  expect(damaged.length).toBeGreaterThan(10);
  for (const piece of damaged) await cluster.api.post("/api/lab/pieces", { ...piece, damage: "corrupt" });
  const flippedMs = Date.now();
  expect((await readVideo(cluster.url, videoId)).failed).toEqual([]);
  const found = async () => (await cluster.api.get<Queue>("/api/redundancy/queue")).scrub.corrupt;
  await expect.poll(found, { timeout: HEALED_MS, intervals: [250] }).toBe(damaged.length);
  expect(Date.now() - flippedMs).toBeLessThan(SETTINGS.scrubCycleSeconds * 1000);
  const left = async () => {
    const { repair, runningCount, waitingCount } = await cluster.api.get<Queue>("/api/redundancy/queue");
    return [repair.isRunning, runningCount, waitingCount];
  };
  await expect.poll(left, { timeout: HEALED_MS }).toEqual([false, 0, 0]);
  // Another cycle finds nothing more.
  const cycle = await cluster.vstack("scrub", "--json");
  expect(JSON.parse(cycle.stdout)).toMatchObject({ scrub: { corrupt: 0, missing: 0 } });
  const read = await readVideo(cluster.url, videoId);
  expect(read.failed).toEqual([]);
});

test("a node that leaves is empty in the end, and one that stays dead is done without", async () => {
  await cluster.api.put("/api/nodes/n4/drain", {});
  await expect.poll(() => shardsOf("n4"), { timeout: HEALED_MS }).toBe(0);
  expect((await readVideo(cluster.url, videoId)).failed).toEqual([]);
  await cluster.signal("n3", "SIGKILL");
  const names = async (nodeId: string) =>
    (await readVideo(cluster.url, videoId)).records.filter(({ holders }) =>
      holders.some((one) => one.nodeId === nodeId),
    ).length;
  await expect.poll(() => names("n3"), { timeout: HEALED_MS }).toBe(0);
  expect((await readVideo(cluster.url, videoId)).failed).toEqual([]);
});

/** By its own count. */
async function shardsOf(nodeId: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${cluster.port + Number(nodeId.slice(1))}/health`);
  return ((await answer.json()) as NodeHealth).shardCount;
}

async function formNow(): Promise<string> {
  const { form, renditions } = await cluster.api.get<CurrentForm>(`/api/redundancy/videos/${videoId}`);
  const segments = renditions
    .flatMap(({ forms }) => forms)
    .filter(({ contentBytes, chunks }) => contentBytes / chunks > 16_384);
  return new Set(segments.map((count) => count.form.kind)).size === 1 ? form.kind : "on its way";
}

async function choose(form: "replication" | "erasure" | "auto"): Promise<void> {
  await cluster.api.put(`/api/redundancy/videos/${videoId}/override`, { form });
}

/** Bytes on the nodes for each byte of content. */
async function overhead(): Promise<number> {
  const { keptBytes, contentBytes } = await cluster.api.get<Overhead>("/api/storage/overhead");
  return (keptBytes ?? 0) / contentBytes;
}

/** Reads the whole video again and again, each time by a manifest that is asked for anew. */
function keepReading(): { end(): Promise<{ rounds: number; failed: string[] }> } {
  let isOver = false;
  const failed: string[] = [];
  const run = async () => {
    let rounds = 0;
    while (!isOver) {
      const read: ReadVideo = await readVideo(cluster.url, videoId);
      failed.push(...read.failed);
      rounds += 1;
    }
    return rounds;
  };
  const running = run();
  return {
    async end() {
      isOver = true;
      return { rounds: await running, failed };
    },
  };
}

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
