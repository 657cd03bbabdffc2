/**
 * What the worker's own work costs, in processor time per MiB that reaches the player: plans, estimates, requests, cutting
 * into blocks, SHA-256 of each, the trace. Measured in Node with the real driver (wire/exchange/fetch-segment.ts) over a
 * network in memory under a virtual clock; what reading the same bytes from one node costs there is taken off.
 *
 * Left out is what only a browser has: its network process, the hand-over of bytes between worker and page, IndexedDB. The
 * browser tier of the benchmark measures all of it in Chromium.
 */
import { parseNodeId, parseRenditionId, parseVideoId } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import { blockSizeFor } from "#core/placement/blocks.ts";
import { seededRandom } from "#core/random.ts";
import { makeBlockList } from "#wire/client/block-list.ts";
import { chunkHashOf, sha256 } from "#wire/client/digest.ts";
import { fetchSegment } from "#wire/exchange/fetch-segment.ts";
import { memoryEstimates } from "#wire/exchange/memory-estimates.ts";
import { OpenFetches } from "#wire/exchange/open-fetches.ts";
import type { SegmentFetchPorts, SegmentRequest } from "#wire/exchange/segment-fetch.ts";
import type { VirtualClock } from "#wire/exchange/virtual-network.ts";
import { createVirtualClock, createVirtualNetwork } from "#wire/exchange/virtual-network.ts";

const MIB = 2 ** 20;
/** Four seconds at 4 Mbit/s, over four nodes of 8 Mbit/s: more than a dozen requests for each segment. */
const SEGMENT_BYTES = 2 * MIB;
const NODE_NAMES = ["n1", "n2", "n3", "n4"];
const NODE = { latencyMs: 20, rateBytesPerSecond: 1e6 };
/** Segments that are not counted: the first ones run before the code was compiled. */
const WARM_UP = 24;
/** Measured in turn with as many plain reads, so that what else the machine does hits both. */
const ROUNDS = 9;
const SEGMENTS_PER_ROUND = 8;

export interface WorkerCost {
  /** Processor time, median of the rounds. */
  readonly msPerMiB: number;
  readonly worstMsPerMiB: number;
  readonly requestsPerMiB: number;
  readonly rounds: number;
}

export interface WorkerCostOptions {
  readonly seed: number;
  readonly rounds?: number;
  readonly warmUp?: number;
}

export async function measureWorkerCost(options: WorkerCostOptions, signal: AbortSignal): Promise<WorkerCost> {
  const { seed, rounds = ROUNDS, warmUp = WARM_UP } = options;
  const stage = await createStage(seed);
  for (let turn = 0; turn < warmUp; turn += 1) {
    await throughWorker(stage, signal);
    await straight(stage, signal);
  }
  const requestsBefore = stage.requestCount();
  const costs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const plainMs = await cpuMsOf(() => straight(stage, signal));
    const workerMs = await cpuMsOf(() => throughWorker(stage, signal));
    costs.push(((workerMs - plainMs) / SEGMENTS_PER_ROUND / SEGMENT_BYTES) * MIB);
  }
  costs.sort((a, b) => a - b);
  const segments = rounds * SEGMENTS_PER_ROUND;
  const requests = stage.requestCount() - requestsBefore - segments;
  return {
    msPerMiB: costs[Math.floor(costs.length / 2)] ?? Number.NaN,
    worstMsPerMiB: costs.at(-1) ?? Number.NaN,
    requestsPerMiB: ((requests / segments) * MIB) / SEGMENT_BYTES,
    rounds,
  };
}

async function cpuMsOf(act: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  for (let turn = 0; turn < SEGMENTS_PER_ROUND; turn += 1) await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

interface Stage {
  readonly clock: VirtualClock;
  readonly request: SegmentRequest;
  readonly ports: SegmentFetchPorts;
  readonly requestCount: () => number;
}

async function createStage(seed: number): Promise<Stage> {
  const random = seededRandom(seed);
  const chunk = Uint8Array.from({ length: SEGMENT_BYTES }, () => Math.floor(random() * 256));
  const blockSizeBytes = blockSizeFor(chunk.length);
  const { blocks, blocksDigest } = await makeBlockList(chunk, blockSizeBytes);
  const nodeIds = NODE_NAMES.map(parseNodeId).filter((nodeId) => nodeId !== undefined);
  const [videoId, rendition] = [parseVideoId("a".repeat(26)), parseRenditionId("720p")];
  invariant(videoId !== undefined && rendition !== undefined, "Cannot name the video of the measurement");
  const clock = createVirtualClock();
  const network = createVirtualNetwork(clock, chunk, new Map(NODE_NAMES.map((name) => [name, NODE])));
  const estimates = memoryEstimates();
  const record = {
    ...({ schema: 1, version: 1, scheme: { kind: "replication" } } as const),
    ...{ hash: await chunkHashOf(chunk), sizeBytes: chunk.length, blockSizeBytes, blocksDigest },
    holders: nodeIds.map((nodeId) => ({ nodeId, holds: "replica" }) as const),
  };
  return {
    clock,
    request: {
      ...{ traceId: "measurement", session: "measurement", strategy: "smart", driver: "worker", videoId, rendition },
      ...{ slot: "segment", slackSeconds: 4 },
      entry: { seq: 0, durationSeconds: 4, record, blocks },
      nodeUrls: new Map(nodeIds.map((nodeId) => [nodeId, `http://${nodeId}`])),
    },
    ports: { clock, random, fetch: network.fetch, digest: sha256, estimates, openFetches: new OpenFetches() },
    requestCount: () => network.requests.length,
  };
}

async function throughWorker({ clock, request, ports }: Stage, signal: AbortSignal): Promise<void> {
  const fetching = fetchSegment(request, ports);
  const ended = Promise.all([bytesIn(fetching.body), fetching.done]);
  const [bytes] = await whileTimePasses(clock, ended, signal);
  invariant(bytes === SEGMENT_BYTES, `Cannot measure a segment of which ${bytes} bytes came`);
}

/** The same bytes from one node, read and forgotten. */
async function straight({ clock, ports }: Stage, signal: AbortSignal): Promise<void> {
  // A signal of its own: the network listens to it for as long as it lives.
  const reading = ports
    .fetch(`http://${NODE_NAMES[0] ?? ""}/`, { signal: new AbortController().signal })
    .then(({ body }) => (body === null ? 0 : bytesIn(body)));
  await whileTimePasses(clock, reading, signal);
}

async function bytesIn(body: ReadableStream<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const part of body) bytes += part.length;
  return bytes;
}

/** Lets virtual time pass, one sleeper a turn, until the promise settles. */
async function whileTimePasses<T>(clock: VirtualClock, promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const state = { isSettled: false };
  const settle = () => {
    state.isSettled = true;
  };
  promise.then(settle, settle);
  while (!state.isSettled) {
    signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    clock.wakeNext();
  }
  return promise;
}
