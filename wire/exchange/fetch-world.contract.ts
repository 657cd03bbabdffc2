/** A world for tests of the driver: one chunk on three nodes in memory, a virtual clock, and the whole outcome of a fetch. */
import { createHash } from "node:crypto";
import * as v from "valibot";
import { expect } from "vitest";
import type { EstimateBook } from "#core/estimate/estimate-book.ts";
import { applyEvent, emptyBook, viewNode } from "#core/estimate/estimate-book.ts";
import type { NodeId } from "#core/ids.ts";
import { parseNodeId, parseRenditionId, parseVideoId } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { seededRandom } from "#core/random.ts";
import { makeBlockList } from "#wire/client/block-list.ts";
import { chunkHashOf } from "#wire/client/digest.ts";
import type { SegmentTrace, StrategyName } from "#wire/contract/segment-trace.ts";
import { SegmentTraceSchema } from "#wire/contract/segment-trace.ts";
import { fetchSegment } from "./fetch-segment.ts";
import { OpenFetches } from "./open-fetches.ts";
import type { EstimateStore, SegmentFetch, SegmentFetchPorts, SegmentRequest } from "./segment-fetch.ts";
import type { VirtualClock, VirtualNetwork, VirtualNode } from "./virtual-network.ts";
import { createVirtualClock, createVirtualNetwork } from "./virtual-network.ts";

export const KIB = 1024;
export const SIZE_BYTES = 1024 * KIB;
export const NODES = ["a", "b", "c"] as const;

function known<T>(value: T | undefined): T {
  invariant(value !== undefined, "Cannot build the test world");
  return value;
}
export const id = (text: string): NodeId => known(parseNodeId(text));

export interface World {
  readonly clock: VirtualClock;
  readonly network: VirtualNetwork;
  readonly estimates: EstimateStore;
  readonly chunk: Uint8Array<ArrayBuffer>;
  readonly request: SegmentRequest;
  readonly ports: SegmentFetchPorts;
}

interface WorldOptions {
  readonly nodes?: Partial<Record<(typeof NODES)[number], VirtualNode>>;
  readonly strategy?: StrategyName;
  /** Bytes per second that earlier fetches brought, by node. */
  readonly known?: Partial<Record<(typeof NODES)[number], number>>;
  readonly blockSizeBytes?: number;
  readonly sizeBytes?: number;
  readonly request?: Partial<SegmentRequest>;
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const random = seededRandom(1);
  const chunk = Uint8Array.from({ length: options.sizeBytes ?? SIZE_BYTES }, () => Math.floor(random() * 256));
  const blockSizeBytes = options.blockSizeBytes ?? 32 * KIB;
  const { blocks, blocksDigest } = await makeBlockList(chunk, blockSizeBytes);
  const record: ChunkRecord = {
    ...{ schema: 1, version: 1, hash: await chunkHashOf(chunk), sizeBytes: chunk.length, blockSizeBytes, blocksDigest },
    scheme: { kind: "replication" },
    holders: NODES.map((name) => ({ nodeId: id(name), holds: "replica" })),
  };
  const clock = createVirtualClock();
  const nodes = new Map(NODES.map((name) => [name as string, { ...options.nodes?.[name] }]));
  const network = createVirtualNetwork(clock, chunk, nodes);
  let book: EstimateBook = emptyBook();
  const estimates: EstimateStore = {
    read: () => book,
    apply: (event) => {
      book = applyEvent(book, event);
    },
  };
  for (const [name, rate] of Object.entries(options.known ?? {})) teach(estimates, id(name), 1e9 / rate);
  const request: SegmentRequest = {
    ...{ traceId: "t1", session: "s1", strategy: options.strategy ?? "smart", driver: "worker" },
    videoId: known(parseVideoId("a".repeat(26))),
    rendition: known(parseRenditionId("720p")),
    slot: "segment",
    entry: { seq: 0, durationSeconds: 4, record, blocks },
    nodeUrls: new Map(NODES.map((name) => [id(name), `http://${name}`])),
    slackSeconds: null,
    ...options.request,
  };
  const digest = async (bytes: Uint8Array<ArrayBuffer>) => new Uint8Array(createHash("sha256").update(bytes).digest());
  return {
    ...{ clock, network, estimates, chunk, request },
    ports: { clock, random: seededRandom(2), fetch: network.fetch, digest, estimates, openFetches: new OpenFetches() },
  };
}

/** One fetch of 1 MB, its first byte after 10 ms and its last after `bodyMs` more. */
function teach(estimates: EstimateStore, nodeId: NodeId, bodyMs: number): void {
  const events = [
    { saw: "started", wantedBytes: 1e6, atMs: 0 },
    { saw: "first-byte", latencyMs: 10, atMs: 0 },
    { saw: "bytes", bytes: 1, atMs: 0 },
    { saw: "bytes", bytes: 1e6 - 1, atMs: bodyMs },
    {
      saw: "ended",
      how: "complete",
      wantedBytes: 1e6,
      receivedBytes: 1e6,
      answered: true,
      elapsedMs: bodyMs,
      atMs: bodyMs,
    },
  ] as const;
  for (const event of events) estimates.apply({ ...event, nodeId });
}

export const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Lets virtual time pass until the promise settles. */
export async function settled<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  const state = { isSettled: false };
  const mark = () => {
    state.isSettled = true;
  };
  promise.then(mark, mark);
  for (let turn = 0; turn < 50_000; turn += 1) {
    await nextTurn();
    if (state.isSettled) return promise;
    clock.wakeNext();
  }
  throw new Error("Nothing settled in 50,000 turns");
}

export async function readAll(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

export interface Outcome {
  readonly bytes: Uint8Array | undefined;
  readonly error: unknown;
  readonly trace: SegmentTrace;
}

export async function run(world: World): Promise<Outcome> {
  return await outcomeOf(world, fetchSegment(world.request, world.ports));
}

export async function outcomeOf(world: World, fetching: SegmentFetch): Promise<Outcome> {
  const reading = readAll(fetching.body).then(
    (bytes) => ({ bytes, error: undefined }),
    (error: unknown) => ({ bytes: undefined, error }),
  );
  const [read, trace] = await settled(world.clock, Promise.all([reading, fetching.done]));
  expect(trace.deliveredBytes + trace.wastedBytes).toBe(sum(trace.attempts.map((attempt) => attempt.receivedBytes)));
  expect(v.safeParse(SegmentTraceSchema, trace).issues).toBeUndefined();
  for (const attempt of trace.attempts) expect(attempt.outcome).not.toBeNull();
  if (trace.outcome === "delivered") {
    expect(trace.deliveredBytes).toBe(world.chunk.length);
    expect(isSame(read.bytes, world.chunk)).toBe(true);
  }
  for (const name of NODES) {
    const view = viewNode(world.estimates.read(), id(name), world.clock.nowMs());
    expect([view.inFlightRequests, view.inFlightBytes]).toEqual([0, 0]);
  }
  return { ...read, trace };
}

/** toEqual() walks a megabyte element by element. */
export const isSame = (bytes: Uint8Array | undefined, wanted: Uint8Array) =>
  bytes !== undefined && Buffer.compare(bytes, wanted) === 0;
export const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
export const endings = (trace: SegmentTrace) => trace.attempts.map(({ nodeId, outcome }) => `${nodeId} ${outcome}`);
export const lasted = (trace: SegmentTrace) => trace.endedMs ?? Infinity;

/** Lets the fetch run, without any time passing, until the network has seen so many requests. */
export async function untilRequests(world: World, count: number): Promise<void> {
  for (let turn = 0; turn < 1_000 && world.network.requests.length < count; turn += 1) await nextTurn();
  expect(world.network.requests).toHaveLength(count);
}
