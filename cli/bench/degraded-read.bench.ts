/**
 * What two dead nodes of five cost a reader, in real time: chunks of 2 MiB kept as 3+2 shards on five servers of this machine
 * that answer after 10 ms, read by the real driver, healthy and degraded in turn. Prints medians, their ratio, and what
 * decoding took of it. `npx tsx cli/bench/degraded-read.bench.ts`
 */
import type { Server } from "node:http";
import { createServer } from "node:http";
import { geometryOf, storedBytes } from "#core/erasure/geometry.ts";
import { DEFAULT_CODE } from "#core/erasure/reed-solomon.ts";
import { applyEvent, emptyBook } from "#core/estimate/estimate-book.ts";
import { parseNodeId, parseRenditionId, parseVideoId } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import { blockSizeFor } from "#core/placement/blocks.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { seededRandom } from "#core/random.ts";
import { makeBlockList } from "#wire/client/block-list.ts";
import { chunkHashOf, sha256 } from "#wire/client/digest.ts";
import { ErasureCodec } from "#wire/client/erasure-codec.ts";
import { liveFetch } from "#wire/client/http.ts";
import { liveClock, liveRandom } from "#wire/client/live-clock.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { fetchSegment } from "#wire/exchange/fetch-segment.ts";
import { OpenFetches } from "#wire/exchange/open-fetches.ts";
import type { SegmentFetchPorts, SegmentRequest } from "#wire/exchange/segment-fetch.ts";

const CHUNK_BYTES = 2 * 2 ** 20;
const ANSWER_AFTER_MS = 10;
const WARM_UP = 5;
const ROUNDS = 60;
const DEAD = [0, 1];

interface Reader {
  readonly request: SegmentRequest;
  readonly ports: SegmentFetchPorts;
}

const servers: Server[] = [];

async function serve(shard: Uint8Array): Promise<string> {
  const server = createServer((asked, answer) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(asked.headers.range ?? "") ?? [];
    const [start, end] = [Number(first ?? 0), Number(last ?? shard.length - 1) + 1];
    const headers = { "content-length": end - start, "content-range": `bytes ${start}-${end - 1}/${shard.length}` };
    setTimeout(() => {
      answer.writeHead(first === undefined ? 200 : 206, headers);
      answer.end(shard.subarray(start, end));
    }, ANSWER_AFTER_MS);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  servers.push(server);
  const address = server.address();
  invariant(typeof address === "object" && address !== null, "Cannot listen");
  return `http://127.0.0.1:${address.port}`;
}

/** A port that was free a moment ago: connections are refused. */
async function deadAddress(): Promise<string> {
  const url = await serve(new Uint8Array());
  const server = servers.pop();
  await new Promise((resolve) => server?.close(resolve));
  return url;
}

async function makeRequest(): Promise<{ request: SegmentRequest; urls: string[] }> {
  const random = seededRandom(1);
  const chunk = Uint8Array.from({ length: CHUNK_BYTES }, () => Math.floor(random() * 256));
  const geometry = geometryOf(DEFAULT_CODE, chunk.length);
  const data = Array.from({ length: DEFAULT_CODE.dataShards }, (_, shard) => {
    const start = shard * geometry.shardBytes;
    return chunk.slice(start, start + storedBytes(geometry, shard));
  });
  const parity = new ErasureCodec().encode(DEFAULT_CODE, chunk).map((bytes) => new Uint8Array(bytes));
  const urls = await Promise.all([...data, ...parity].map(serve));
  const blockSizeBytes = blockSizeFor(chunk.length);
  const { blocks, blocksDigest } = await makeBlockList(chunk, blockSizeBytes, { code: DEFAULT_CODE, parity });
  const nodeIds = urls.flatMap((_, shard) => parseNodeId(`s${shard}`) ?? []);
  const [videoId, rendition] = [parseVideoId("a".repeat(26)), parseRenditionId("720p")];
  invariant(videoId !== undefined && rendition !== undefined, "Cannot name the video of the measurement");
  const record: ChunkRecord = {
    ...{ schema: 1, version: 1, hash: await chunkHashOf(chunk), sizeBytes: chunk.length, blockSizeBytes, blocksDigest },
    scheme: { kind: "erasure", ...DEFAULT_CODE },
    holders: nodeIds.map((nodeId, shard) => ({ nodeId, holds: "shard", shard })),
  };
  const request: SegmentRequest = {
    ...{ traceId: "bench", session: "bench", strategy: "smart", driver: "cli", videoId, rendition, slot: "segment" },
    ...{ entry: { seq: 0, durationSeconds: 4, record, blocks }, slackSeconds: null, nodeUrls: new Map() },
  };
  return { request, urls };
}

function readerOf(request: SegmentRequest, urls: readonly string[]): Reader {
  let book = emptyBook();
  const estimates = {
    read: () => book,
    apply: (event: Parameters<typeof applyEvent>[1]) => {
      book = applyEvent(book, event);
    },
  };
  const nodeUrls = new Map(request.entry.record.holders.map(({ nodeId }, shard) => [nodeId, urls[shard] ?? ""]));
  const ports = { clock: liveClock, random: liveRandom, fetch: liveFetch, digest: sha256, estimates };
  return { request: { ...request, nodeUrls }, ports: { ...ports, openFetches: new OpenFetches() } };
}

async function read({ request, ports }: Reader): Promise<{ ms: number; trace: SegmentTrace }> {
  const startedMs = liveClock.nowMs();
  const fetching = fetchSegment(request, ports);
  let bytes = 0;
  for await (const part of fetching.body) bytes += part.length;
  const ms = liveClock.nowMs() - startedMs;
  invariant(bytes === CHUNK_BYTES, `Cannot measure a chunk of which ${bytes} bytes came`);
  return { ms, trace: await fetching.done };
}

const quantile = (sorted: readonly number[], share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
const rising = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);

const { request, urls } = await makeRequest();
const holes = await Promise.all(urls.map(async (url, shard) => (DEAD.includes(shard) ? await deadAddress() : url)));
const [healthy, degraded] = [readerOf(request, urls), readerOf(request, holes)];
const [healthyMs, degradedMs, decodeMs]: [number[], number[], number[]] = [[], [], []];
for (let round = -WARM_UP; round < ROUNDS; round += 1) {
  const [whole, half] = [await read(healthy), await read(degraded)];
  if (round < 0) continue;
  invariant(whole.trace.decodes.length === 0, "A healthy read decoded something");
  invariant(half.trace.decodes.length > 0, "A degraded read decoded nothing");
  healthyMs.push(whole.ms);
  degradedMs.push(half.ms);
  decodeMs.push(half.trace.decodes.reduce((sum, { tookMs }) => sum + tookMs, 0));
}
for (const server of servers) server.closeAllConnections();
for (const server of servers) server.close();
const [a, b, c] = [rising(healthyMs), rising(degradedMs), rising(decodeMs)];
const line = (name: string, sorted: readonly number[]) =>
  console.log(
    `${name.padEnd(34)} p50 ${quantile(sorted, 0.5).toFixed(1)} ms, p95 ${quantile(sorted, 0.95).toFixed(1)} ms`,
  );
line(`healthy, ${ROUNDS} reads of 2 MiB`, a);
line(`shards ${DEAD.join(" and ")} of five dead`, b);
line("of that decoding", c);
console.log(`ratio of the medians               ${(quantile(b, 0.5) / quantile(a, 0.5)).toFixed(2)} (must: 1.5)`);
