/** What emulated networks do to fetches of a real browser. */
import { ROUTES } from "#wire/contract/paths.ts";
import type { Cluster } from "../fixtures/cluster.ts";
import { startCluster } from "../fixtures/cluster.ts";
import type { Page } from "../fixtures/test.ts";
import { demoIdOf, expect, test } from "../fixtures/test.ts";

/** Rates are 3 % right on a quiet machine; here the browser's own work comes on top. */
const MOST_LATE_RATIO = 1.12;
const MOST_LATE_MS = 250;

let lab: Cluster;
let chunks: readonly Chunk[];

interface Chunk {
  readonly hash: string;
  readonly sizeBytes: number;
  readonly nodeIds: readonly string[];
}

interface Timing {
  readonly firstByteMs: number;
  /** From the request to the last byte. A page that is late to see the first has seen the last no earlier for it. */
  readonly wholeMs: number;
  readonly bytes: number;
}

test.beforeAll(async () => {
  test.setTimeout(90_000);
  // Five nodes: every one is among those that hold the demo.
  lab = await startCluster("--lab", "--nodes", "5");
  chunks = await demoChunks(lab);
});
test.afterAll(async () => {
  await lab.stop();
});
test.beforeEach(async ({ page }) => {
  await lab.api.remove(ROUTES.labNetwork);
  await page.goto(`${lab.url}/chaos`);
});

/** Media segments of the best quality, the largest first. */
async function demoChunks(cluster: Cluster): Promise<Chunk[]> {
  const id = await demoIdOf(cluster);
  const answer = await fetch(`${cluster.url}/api/videos/${id}/manifest?rendition=720p`);
  const { segments } = (await answer.json()) as {
    segments: { record: { hash: string; sizeBytes: number; holders: { nodeId: string }[] } }[];
  };
  return segments
    .map(({ record }) => ({ ...record, nodeIds: record.holders.map(({ nodeId }) => nodeId) }))
    .sort((a, b) => b.sizeBytes - a.sizeBytes);
}

async function network(...words: string[]): Promise<string> {
  const { stdout, stderr, code } = await lab.vstack("network", ...words);
  expect(code, stderr).toBe(0);
  return stdout;
}

function chunkAt(nodeId: string): Chunk {
  const chunk = chunks.find(({ nodeIds }) => nodeIds.includes(nodeId));
  if (chunk === undefined) throw new Error(`No chunk of the demo is at ${nodeId}`);
  return chunk;
}

function addressOf(nodeId: string, session: string, hash = chunkAt(nodeId).hash): string {
  return `http://127.0.0.1:${lab.port + Number(nodeId.slice(1))}/chunks/${hash}?session=${session}`;
}

/** Fetches all at once, in the page; each once before, so that connections are known and only a round trip is waited for. */
async function timed(page: Page, addresses: readonly string[]): Promise<Timing[]> {
  return await page.evaluate(async (urls) => {
    const load = async (url: string, init: RequestInit = {}) => {
      const startedMs = performance.now();
      const response = await fetch(url, { cache: "no-store", ...init });
      const firstByteMs = performance.now() - startedMs;
      const { byteLength } = await response.arrayBuffer();
      return { firstByteMs, wholeMs: performance.now() - startedMs, bytes: byteLength };
    };
    await Promise.all(urls.map((url) => load(url, { headers: { range: "bytes=0-99" } })));
    return await Promise.all(urls.map((url) => load(url)));
  }, addresses);
}

/** The rate is kept: never faster by more than rounding, and late by what the machine does. */
function expectRate({ wholeMs, bytes }: Timing, megabits: number, roundTripMs = 0): void {
  const wantedMs = roundTripMs + (bytes * 8) / (megabits * 1000);
  const said = `${bytes} bytes at ${megabits} Mbit/s after ${roundTripMs} ms`;
  expect(wholeMs, said).toBeGreaterThan(wantedMs * 0.97);
  expect(wholeMs, said).toBeLessThan(wantedMs * MOST_LATE_RATIO + MOST_LATE_MS);
}

test("a rate and a round trip set by the command line are what a fetch of the browser gets", async ({ page }) => {
  const [free] = await timed(page, [addressOf("n1", "player-1")]);
  const said = await network("set", "--node", "n1", "--rate", "4", "--round-trip", "150", "--session", "player-1");
  expect(said).toMatch(/values for player-1/);
  expect(said).toMatch(/n1 +4\.00 Mbit\/s +150 ms +0 ms +0\.0 % +none +yes/);
  const [slow, other] = [
    await timed(page, [addressOf("n1", "player-1")]),
    await timed(page, [addressOf("n2", "player-1")]),
  ];
  expectRate(slow[0] ?? fail(), 4, 150);
  expect(slow[0]?.firstByteMs).toBeGreaterThan(145);
  expect(slow[0]?.firstByteMs).toBeLessThan(150 + MOST_LATE_MS);
  // The other nodes of that player, and the same node before, are as fast as the machine.
  for (const fast of [free, other[0]]) expect(fast?.wholeMs).toBeLessThan(400);
});

test("a profile holds for everybody, and two sessions do not disturb each other", async ({ page }) => {
  await network("profile", "low_bandwidth");
  await network("set", "--rate", "3", "--round-trip", "0", "--jitter", "0", "--session", "slow");
  await network("set", "--rate", "12", "--round-trip", "0", "--jitter", "0", "--session", "fast");
  const [slow, fast, everybody] = await timed(
    page,
    ["slow", "fast", "nobody-in-particular"].map((session) => addressOf("n3", session)),
  );
  expectRate(slow ?? fail(), 3);
  expectRate(fast ?? fail(), 12);
  // 10 Mbit/s that vary by a tenth, after slow start.
  const { wholeMs, bytes } = everybody ?? fail();
  expect((bytes * 8) / (wholeMs * 1000)).toBeLessThan(11);
  expect((bytes * 8) / (wholeMs * 1000)).toBeGreaterThan(4);
  await network("clear", "--session", "slow");
  const answer = JSON.parse(await network("show", "--json")) as { networks: { session: string | null }[] };
  expect(answer.networks.map(({ session }) => session)).toEqual([null, "fast"]);
});

test("four nodes behind an access link of 10 Mbit/s deliver 10 Mbit/s altogether", async ({ page }) => {
  await network("set", "--access", "10", "--session", "behind");
  const nodeIds = ["n1", "n2", "n3", "n4"];
  const { ms, bytes } = await page.evaluate(
    async (urls) => {
      const startedMs = performance.now();
      const sizes = await Promise.all(
        urls.map(async (url) => (await (await fetch(url, { cache: "no-store" })).arrayBuffer()).byteLength),
      );
      return { ms: performance.now() - startedMs, bytes: sizes.reduce((sum, size) => sum + size, 0) };
    },
    nodeIds.map((nodeId) => addressOf(nodeId, "behind")),
  );
  expectRate({ wholeMs: ms, bytes, firstByteMs: 0 }, 10);
});

test("a node that was restarted gets its network again", async ({ page }) => {
  await lab.api.put(ROUTES.labNetwork, {
    by: "values",
    session: "p",
    nodes: [{ nodeId: "n5", path: { roundTripMs: 300 } }],
  });
  await lab.signal("n5", "SIGKILL");
  await lab.restart("n5");
  await expect
    .poll(async () => (await timed(page, [addressOf("n5", "p")]))[0]?.firstByteMs, { timeout: 15_000 })
    .toBeGreaterThan(290);
});

function fail(): never {
  throw new Error("The fetch was not timed");
}
