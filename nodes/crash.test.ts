/**
 * Kills a real storage node (SIGKILL) again and again while clients store and delete chunks and shards, and asks after each
 * restart for everything that was acknowledged: nothing lost, nothing corrupt, and bytes gone only with their last reference.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { afterAll, expect, test } from "vitest";
import { type Random, seededRandom } from "#core/random.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";

const PUTS = 5_000;
const IN_FLIGHT = 64;
const KILLS = 4;
const CHUNK_BYTES = 4_096;
const SEED = 20_261_123;
const KEY_TEXT = btoa("a key of thirty-two bytes for us");
const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const FIRST = "aaaaaaaaaaaaaaaaaaaaaaaaaa/720p/1";
const SECOND = "bbbbbbbbbbbbbbbbbbbbbbbbbb/720p/1";

const folder = mkdtempSync(join(tmpdir(), "vstack-crash-"));
const clusterKey = await importClusterKey(KEY_TEXT);
let agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
let node: ChildProcess | undefined;
afterAll(() => {
  node?.kill("SIGKILL");
  agent.destroy();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const ReadySchema = v.object({
  ready: v.literal(true),
  role: v.literal("node"),
  id: v.string(),
  url: v.string(),
  pid: v.number(),
});

async function startNode(): Promise<{ readonly child: ChildProcess; readonly url: string; readonly startMs: number }> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, ["--import", "tsx", MAIN], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      VSTACK_NODE_ID: "node-1",
      VSTACK_PORT: "0",
      VSTACK_DATA: folder,
      VSTACK_CLUSTER_KEY: KEY_TEXT,
      VSTACK_LOG_LEVEL: "error",
      // Four threads, the default, are all asleep in flushes at 64 PUTs in flight.
      UV_THREADPOOL_SIZE: "16",
    },
  });
  node = child;
  const line = v.parse(v.tuple([v.string()]), await once(createInterface({ input: child.stdout }), "line"));
  const ready = v.parse(ReadySchema, JSON.parse(line[0]));
  return { child, url: ready.url, startMs: performance.now() - startedMs };
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** Undefined when the node died under the request. */
function ask(url: string, method: string, body?: Buffer): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const asked = request(
      url,
      { method, agent, ...(body && { headers: { "content-length": body.length } }) },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) });
        });
        response.on("error", () => {
          resolve(undefined);
        });
      },
    );
    asked.on("error", () => {
      resolve(undefined);
    });
    asked.end(body);
  });
}

/** What the client was told about one chunk. */
interface Expectation {
  readonly bytes: Buffer;
  /** Of the chunk, or of one of its shards. */
  readonly path: string;
  /** What a capability for it names. */
  readonly subject: string;
  readonly digest: string;
  /** Positions whose PUT was acknowledged and no DELETE of which was ever asked for. */
  readonly held: Set<string>;
  /** Positions asked for in vain: may or may not be there. */
  readonly unsure: Set<string>;
}

function makeChunk(random: Random): Expectation {
  const bytes = Buffer.alloc(CHUNK_BYTES);
  for (let at = 0; at < CHUNK_BYTES; at += 4) bytes.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const subject = random() < 0.5 ? digest : `${digest}/shards/${Math.floor(random() * 5)}`;
  return { bytes, path: `/chunks/${subject}`, subject, digest, held: new Set(), unsure: new Set() };
}

/** PUT by one position, for some chunks by a second, and for some DELETE of one or both. Stops when the node dies. */
async function useChunk(url: string, chunk: Expectation, fate: number): Promise<boolean> {
  const put = async (position: string) => {
    chunk.unsure.add(position);
    const { path, subject, digest } = chunk;
    const capability = await mintCapability(clusterKey, { method: "PUT", subject, nowMs: Date.now() });
    const query = `position=${position}&version=2&digest=${digest}&capability=${capability}`;
    const answer = await ask(`${url}${path}?${query}`, "PUT", chunk.bytes);
    if (answer === undefined) return false;
    expect([200, 201]).toContain(answer.status);
    chunk.unsure.delete(position);
    chunk.held.add(position);
    return true;
  };
  const remove = async (position: string) => {
    chunk.held.delete(position);
    chunk.unsure.add(position);
    const { path, subject } = chunk;
    const capability = await mintCapability(clusterKey, { method: "DELETE", subject, nowMs: Date.now() });
    const answer = await ask(`${url}${path}?position=${position}&version=2&capability=${capability}`, "DELETE");
    if (answer === undefined) return false;
    expect(answer.status).toBe(200);
    chunk.unsure.delete(position);
    return true;
  };
  if (!(await put(FIRST))) return false;
  if (fate < 0.2 && !(await put(SECOND))) return false;
  if (fate < 0.15 && !(await remove(FIRST))) return false;
  if (fate < 0.05 && !(await remove(SECOND))) return false;
  return true;
}

async function judge(url: string, chunks: readonly Expectation[]) {
  const verdict = { lost: 0, corrupt: 0, undead: 0, checked: 0 };
  await inParallel(chunks, async (chunk) => {
    const answer = await ask(`${url}${chunk.path}`, "GET");
    verdict.checked += 1;
    if (answer?.status === 200) {
      if (!answer.body.equals(chunk.bytes)) verdict.corrupt += 1;
      if (chunk.held.size + chunk.unsure.size === 0) verdict.undead += 1;
    } else if (answer?.status !== 404) verdict.corrupt += 1;
    else if (chunk.held.size > 0) verdict.lost += 1;
    return true;
  });
  return verdict;
}

/** At most {@link IN_FLIGHT} at once; stops giving out when one answers false. */
async function inParallel<Item>(items: Iterable<Item>, work: (item: Item) => Promise<boolean>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let going = true;
  const worker = async () => {
    for (let next = iterator.next(); going && next.done !== true; next = iterator.next()) {
      if (!(await work(next.value))) going = false;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

test("a node killed in the middle of 5000 concurrent PUTs loses nothing that it acknowledged", {
  timeout: 120_000,
}, async () => {
  const random = seededRandom(SEED);
  const chunks: Expectation[] = [];
  const startsMs: number[] = [];
  for (let life = 0; life <= KILLS; life += 1) {
    const { child, url, startMs } = await startNode();
    startsMs.push(Math.round(startMs));
    const exited = once(child, "exit");
    const until = Math.round((PUTS * (life + 1)) / (KILLS + 1));
    // Killed somewhere in the second half of its share, while the others are in flight.
    const deadAt = life === KILLS ? Number.POSITIVE_INFINITY : until - Math.floor((random() * PUTS) / (KILLS + 1) / 2);
    await inParallel(fresh(chunks, until, random), async (chunk) => {
      if (chunks.length >= deadAt && !child.killed) child.kill("SIGKILL");
      return await useChunk(url, chunk, random());
    });
    // A killed life leaves its share unfinished: the rest is the next life's.
    child.kill("SIGKILL");
    await exited;
    agent.destroy();
    agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  }
  const { child, url } = await startNode();
  const verdict = await judge(url, chunks);
  const acknowledged = chunks.filter(({ held }) => held.size > 0).length;
  const unsure = chunks.filter(({ unsure: asked }) => asked.size > 0).length;
  console.log(JSON.stringify({ puts: chunks.length, kills: KILLS + 1, acknowledged, unsure, ...verdict, startsMs }));
  expect({ ...verdict, checked: 0 }, `seed ${SEED}`).toEqual({ lost: 0, corrupt: 0, undead: 0, checked: 0 });
  expect(verdict.checked).toBeGreaterThanOrEqual(PUTS);
  expect(unsure).toBeGreaterThan(0);
  expect(readdirSync(join(folder, "tmp"))).toEqual([]);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

/** New chunks until there are `until` of them. */
function* fresh(chunks: Expectation[], until: number, random: Random): Generator<Expectation> {
  while (chunks.length < until) {
    const chunk = makeChunk(random);
    chunks.push(chunk);
    yield chunk;
  }
}
