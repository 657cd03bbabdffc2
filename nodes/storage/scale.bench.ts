/**
 * Does a node stay as fast with 100,000 chunks as with 100, and does its store reopen within a second? Run it by
 *
 *     npx tsx nodes/storage/scale.bench.ts [--chunks 100000] [--rounds 400] [--data FOLDER]
 *
 * Two nodes on the same disk take turns, request by request over HTTP, so that whatever else the machine does hits both.
 * Prints one line of JSON; exit code 0 when every ratio is at most 1.2 and the fastest reopening below 1000 ms, else 1.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Registry } from "prom-client";
import { type ChunkHash, type NodeId, parseChunkHash, parseNodeId } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { listen } from "#wire/server/listen.ts";
import { silentLog } from "#wire/server/log.ts";
import { NodeAcceptor } from "../consensus/node-acceptor.ts";
import { nodeMetrics } from "../metrics.ts";
import { createNodeApp } from "../node-app.ts";
import { ServedBook } from "../served-book.ts";
import type { ChunkStore } from "./chunk-store.ts";
import { openDiskStore } from "./disk-store.ts";
import type { FileSystem } from "./file-system.ts";
import { liveFileSystem } from "./live-file-system.ts";

const FEW_CHUNKS = 100;
const FILLER_BYTES = 4_096;
const MEASURED_BYTES = 256 * 1024;
const FILLING_AT_ONCE = 32;
const MAX_RATIO = 1.2;
const MAX_RESTART_MS = 1_000;
/** The second start finds the folders in memory, as a node that was restarted does; the first may not. */
const RESTARTS = 5;

const { values } = parseArgs({
  options: {
    chunks: { type: "string", default: "100000" },
    rounds: { type: "string", default: "400" },
    data: { type: "string", default: tmpdir() },
  },
});
const clusterKey = await importClusterKey(randomBytes(32).toString("base64"));
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const manyChunks = Number(values.chunks);
const rounds = Number(values.rounds);

/** Only to fill the store in a minute: what is measured is measured with every flush. */
const unflushed: FileSystem = {
  ...liveFileSystem,
  create: async (path) => ({ ...(await withoutFlush(liveFileSystem.create(path))) }),
  append: async (path) => ({ ...(await withoutFlush(liveFileSystem.append(path))) }),
  syncFolder: async () => {},
};

async function withoutFlush(opening: ReturnType<FileSystem["create"]>) {
  const file = await opening;
  const write = (bytes: Uint8Array) => file.write(bytes);
  return { write, writeThrough: write, datasync: async () => {}, close: () => file.close() };
}

interface Subject {
  readonly folder: string;
  readonly url: string;
  readonly close: () => Promise<void>;
  readonly hashes: readonly ChunkHash[];
  readonly putMs: number[];
  readonly getMs: number[];
}

function openStore(folder: string, fileSystem: FileSystem): Promise<ChunkStore> {
  const nowMs = () => liveClock.nowMs();
  return openDiskStore({ fileSystem, folder, nodeId: nodeName(), nowMs, log: silentLog });
}

function nodeName(): NodeId {
  const nodeId = parseNodeId("bench");
  invariant(nodeId !== undefined, "Cannot name the node");
  return nodeId;
}

function randomChunk(sizeBytes: number): { bytes: Buffer; hash: ChunkHash } {
  const bytes = randomBytes(sizeBytes);
  const hash = parseChunkHash(createHash("sha256").update(bytes).digest("hex"));
  invariant(hash !== undefined, "Cannot name the chunk");
  return { bytes, hash };
}

async function makeSubject(folder: string, count: number): Promise<Subject> {
  mkdirSync(folder);
  const filling = await openStore(folder, unflushed);
  const hashes: ChunkHash[] = [];
  const fill = async () => {
    while (hashes.length < count) {
      const { bytes, hash } = randomChunk(FILLER_BYTES);
      hashes.push(hash);
      const reference = `aaaaaaaaaaaaaaaaaaaaaaaaaa/720p/${hashes.length}`;
      await filling.put(hash, bytes, { reference, version: 1, digest: hash });
    }
  };
  await Promise.all(Array.from({ length: FILLING_AT_ONCE }, fill));
  await filling.close();
  return { folder, ...(await serve(folder)), hashes, putMs: [], getMs: [] };
}

async function serve(folder: string): Promise<{ url: string; close: () => Promise<void> }> {
  const store = await openStore(folder, liveFileSystem);
  const opening = { fileSystem: liveFileSystem, folder, waitsForVerdict: false, log: silentLog };
  const acceptor = await NodeAcceptor.open(opening);
  const registry = new Registry();
  const app = createNodeApp({
    ...{ nodeId: nodeName(), store, acceptor, clusterKey, registry, lab: false, log: silentLog, pid: process.pid },
    metrics: nodeMetrics(registry),
    served: new ServedBook(),
    clock: liveClock,
  });
  const listening = await listen(app, { host: "127.0.0.1", port: 0 });
  const close = async () => {
    await listening.close();
    await Promise.all([store.close(), acceptor.close()]);
  };
  return { url: `http://127.0.0.1:${listening.port}`, close };
}

/** One PUT, undone afterwards so that the count stays. */
async function measurePut({ url, putMs }: Subject): Promise<void> {
  const { bytes, hash } = randomChunk(MEASURED_BYTES);
  const address = async (method: "PUT" | "DELETE") => {
    const grant = { method, subject: hash, nowMs: liveClock.wallMs() };
    return `${url}/chunks/${hash}?capability=${await mintCapability(clusterKey, grant)}`;
  };
  const put = await address("PUT");
  const remove = await address("DELETE");
  const startedMs = performance.now();
  await ask(put, "PUT", bytes);
  putMs.push(performance.now() - startedMs);
  await ask(remove, "DELETE");
}

async function measureGet({ url, hashes, getMs }: Subject): Promise<void> {
  const hash = hashes[Math.floor(Math.random() * hashes.length)];
  invariant(hash !== undefined, "Cannot read from an empty store");
  const startedMs = performance.now();
  await ask(`${url}/chunks/${hash}`, "GET");
  getMs.push(performance.now() - startedMs);
}

function ask(url: string, method: string, body?: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-length": body.length };
    const asked = request(url, { method, agent, headers }, (response) => {
      response.resume();
      response.on("end", () => {
        if (response.statusCode === 200 || response.statusCode === 201) resolve();
        else reject(new Error(`Cannot measure as ${method} was answered by ${response.statusCode ?? "nothing"}`));
      });
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function measureRestarts({ folder, close }: Subject): Promise<number[]> {
  await close();
  const restartsMs: number[] = [];
  for (let count = 0; count < RESTARTS; count += 1) {
    const startedMs = performance.now();
    const again = await openStore(folder, liveFileSystem);
    restartsMs.push(Math.round(performance.now() - startedMs));
    invariant((await again.stats()).chunkCount === manyChunks, "Chunks are missing after the restart");
    await again.close();
  }
  return restartsMs;
}

async function run(base: string): Promise<boolean> {
  const few = await makeSubject(join(base, "few"), FEW_CHUNKS);
  const many = await makeSubject(join(base, "many"), manyChunks);
  for (let round = 0; round < rounds; round += 1) {
    const turn = round % 2 === 0 ? [few, many] : [many, few];
    for (const subject of turn) await measurePut(subject);
    for (const subject of turn) for (let reads = 0; reads < 10; reads += 1) await measureGet(subject);
  }
  const restartsMs = await measureRestarts(many);
  await few.close();
  const putRatio = median(many.putMs) / median(few.putMs);
  const getRatio = median(many.getMs) / median(few.getMs);
  // The same work each time: whatever takes longer than the fastest is the rest of the machine.
  const restartMs = Math.min(...restartsMs);
  const good = putRatio <= MAX_RATIO && getRatio <= MAX_RATIO && restartMs < MAX_RESTART_MS;
  console.log(
    JSON.stringify({
      verdict: good ? "pass" : "fail",
      chunks: manyChunks,
      rounds,
      putBytes: MEASURED_BYTES,
      getBytes: FILLER_BYTES,
      putMsP50: { few: round3(median(few.putMs)), many: round3(median(many.putMs)), ratio: round3(putRatio) },
      getMsP50: { few: round3(median(few.getMs)), many: round3(median(many.getMs)), ratio: round3(getRatio) },
      restartsMs,
    }),
  );
  return good;
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}

const base = mkdtempSync(join(values.data, "vstack-scale-"));
try {
  process.exitCode = (await run(base)) ? 0 : 1;
} finally {
  agent.destroy();
  rmSync(base, { recursive: true, force: true });
}
