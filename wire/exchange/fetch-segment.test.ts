import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { applyEvent, emptyBook, viewNode } from "#core/estimate/estimate-book.ts";
import type { EstimateBook } from "#core/estimate/estimate-book.ts";
import type { NodeId } from "#core/ids.ts";
import { parseNodeId, parseRenditionId, parseVideoId } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import { seededRandom } from "#core/random.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { makeBlockList } from "#wire/client/block-list.ts";
import { chunkHashOf } from "#wire/client/digest.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { SegmentTraceSchema } from "#wire/contract/segment-trace.ts";
import * as v from "valibot";
import { fetchSegment } from "./fetch-segment.ts";
import type { EstimateStore, SegmentFetch, SegmentFetchPorts, SegmentRequest } from "./segment-fetch.ts";
import type { VirtualClock, VirtualNetwork, VirtualNode } from "./virtual-network.ts";
import { createVirtualClock, createVirtualNetwork } from "./virtual-network.ts";

const KIB = 1024;
const SIZE_BYTES = 1024 * KIB;
const NODES = ["a", "b", "c"] as const;

function known<T>(value: T | undefined): T {
  invariant(value !== undefined, "Cannot build the test world");
  return value;
}
const id = (text: string): NodeId => known(parseNodeId(text));

interface World {
  readonly clock: VirtualClock;
  readonly network: VirtualNetwork;
  readonly estimates: EstimateStore;
  readonly chunk: Uint8Array<ArrayBuffer>;
  readonly request: SegmentRequest;
  readonly ports: SegmentFetchPorts;
}

interface WorldOptions {
  readonly nodes?: Partial<Record<(typeof NODES)[number], VirtualNode>>;
  readonly strategy?: "smart" | "naive";
  /** Nodes whose speed is known before, fastest first in this order. */
  readonly knownNodes?: readonly string[];
  readonly sizeBytes?: number;
  readonly request?: Partial<SegmentRequest>;
}

async function createWorld(options: WorldOptions = {}): Promise<World> {
  const random = seededRandom(1);
  const chunk = Uint8Array.from({ length: options.sizeBytes ?? SIZE_BYTES }, () => Math.floor(random() * 256));
  const blockSizeBytes = 128 * KIB;
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
  for (const [place, name] of (options.knownNodes ?? []).entries()) teach(estimates, id(name), 100 * (place + 1));
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
    ports: { clock, random: seededRandom(2), fetch: network.fetch, digest, estimates },
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

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Lets virtual time pass until the promise settles. */
async function settled<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
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

async function readAll(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

interface Outcome {
  readonly bytes: Uint8Array | undefined;
  readonly error: unknown;
  readonly trace: SegmentTrace;
}

async function run(world: World): Promise<Outcome> {
  return await outcomeOf(world, fetchSegment(world.request, world.ports));
}

async function outcomeOf(world: World, fetching: SegmentFetch): Promise<Outcome> {
  const reading = readAll(fetching.body).then(
    (bytes) => ({ bytes, error: undefined }),
    (error: unknown) => ({ bytes: undefined, error }),
  );
  const [read, trace] = await settled(world.clock, Promise.all([reading, fetching.done]));
  expect(trace.deliveredBytes + trace.wastedBytes).toBe(sum(trace.attempts.map((attempt) => attempt.receivedBytes)));
  expect(v.safeParse(SegmentTraceSchema, trace).issues).toBeUndefined();
  for (const attempt of trace.attempts) expect(attempt.outcome).not.toBeNull();
  for (const name of NODES) {
    const view = viewNode(world.estimates.read(), id(name), world.clock.nowMs());
    expect([view.inFlightRequests, view.inFlightBytes]).toEqual([0, 0]);
  }
  return { ...read, trace };
}

/** toEqual() walks a megabyte element by element. */
const isSame = (bytes: Uint8Array | undefined, wanted: Uint8Array) =>
  bytes !== undefined && Buffer.compare(bytes, wanted) === 0;
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const endings = (trace: SegmentTrace) => trace.attempts.map(({ nodeId, outcome }) => `${nodeId} ${outcome}`);
const lasted = (trace: SegmentTrace) => trace.endedMs ?? Infinity;

describe("fetchSegment() with the smart strategy", () => {
  test("races two unknown nodes and cancels the loser at its rival's first block", async () => {
    const slow = { latencyMs: 20, rateBytesPerSecond: 1e6 };
    const world = await createWorld({ nodes: { a: slow, b: slow, c: slow } });
    const { bytes, trace } = await run(world);
    expect(isSame(bytes, world.chunk)).toBe(true);
    expect(trace.attempts.map((attempt) => attempt.because)).toEqual(["first", "race"]);
    expect(trace.attempts.map((attempt) => attempt.outcome).sort()).toEqual(["cancelled", "complete"]);
    expect(trace.wastedBytes).toBeLessThanOrEqual(128 * KIB);
    const loser = trace.attempts.find((attempt) => attempt.outcome === "cancelled");
    expect(world.network.requests.find((seen) => seen.host === loser?.nodeId)?.isAborted).toBe(true);
  });

  test("asks the known best node alone, for the whole chunk, without any header", async () => {
    const world = await createWorld({ knownNodes: ["b", "a", "c"] });
    const { bytes, trace } = await run(world);
    expect(isSame(bytes, world.chunk)).toBe(true);
    expect(trace.outcome).toBe("delivered");
    expect(world.network.requests).toHaveLength(1);
    const [seen] = world.network.requests;
    expect([...new Headers(seen?.init.headers)]).toEqual([]);
    expect(seen?.init.cache).toBe("no-store");
    expect(seen?.url).toContain("?session=s1");
    expect(trace.attempts[0]?.predictedMs).toBeGreaterThan(0);
    expect(trace.decisions[0]?.candidates).toHaveLength(3);
  });

  test("moves away from a known node that hangs within 800 ms", async () => {
    const world = await createWorld({ nodes: { a: { hangs: true } }, knownNodes: ["a", "b", "c"] });
    const { bytes, trace } = await run(world);
    expect(isSame(bytes, world.chunk)).toBe(true);
    expect(endings(trace)[0]).toBe("a stalled");
    expect(trace.attempts[1]?.startedMs).toBeLessThanOrEqual(450);
    expect(trace.firstReleaseMs).toBeLessThanOrEqual(800);
  });

  test("moves away from two unknown nodes that hang within 800 ms", async () => {
    const world = await createWorld({ nodes: { a: { hangs: true }, b: { hangs: true } } });
    const { trace } = await run(world);
    expect(trace.outcome).toBe("delivered");
    expect(trace.firstReleaseMs).toBeLessThanOrEqual(800);
  });

  test("fetches only the missing tail after a node falls silent in the body", async () => {
    const world = await createWorld({
      nodes: { a: { hangsAfterBytes: 700 * KIB } },
      knownNodes: ["a", "b", "c"],
    });
    const { bytes, trace } = await run(world);
    expect(isSame(bytes, world.chunk)).toBe(true);
    const [first, second] = trace.attempts;
    expect(first?.outcome).toBe("stalled");
    expect(second?.start).toBeGreaterThan(500 * KIB);
    expect(world.network.requests[1]?.range).toBe(`bytes=${second?.start}-${SIZE_BYTES - 1}`);
    expect(trace.wastedBytes).toBeLessThanOrEqual(256 * KIB);
    expect(lasted(trace)).toBeLessThanOrEqual(900);
  });

  test("fails over from a refused connection in the same tick", async () => {
    const world = await createWorld({ nodes: { a: { refuses: true } }, knownNodes: ["a", "b", "c"] });
    const { bytes, trace } = await run(world);
    expect(isSame(bytes, world.chunk)).toBe(true);
    expect(trace.attempts[1]?.startedMs).toBe(trace.attempts[0]?.startedMs);
    expect(trace.attempts[0]?.reason).toContain("refused");
    expect(viewNode(world.estimates.read(), id("a"), world.clock.nowMs()).health).toBe("open");
  });

  test("leaves a node that crawls for one that is known to be quicker", async () => {
    const world = await createWorld({ nodes: { a: { rateBytesPerSecond: 100e3 } }, knownNodes: ["a", "b", "c"] });
    const { bytes, trace } = await run(world);
    expect(isSame(bytes, world.chunk)).toBe(true);
    expect(lasted(trace)).toBeLessThan(1_500);
    expect(trace.attempts[1]?.because).toBe("slow");
    expect(endings(trace)[0]).toBe("a cancelled");
    expect(viewNode(world.estimates.read(), id("a"), world.clock.nowMs()).failures).toBe(0);
  });

  test("quarantines a liar at its first bad block and fetches that block elsewhere", async () => {
    const world = await createWorld({ nodes: { a: { flipsByteAt: 400 * KIB } }, knownNodes: ["a", "b", "c"] });
    const { bytes, trace } = await run(world);
    expect(isSame(bytes, world.chunk)).toBe(true);
    expect(endings(trace)[0]).toBe("a corrupt");
    expect(trace.attempts[1]?.because).toBe("corrupt-block");
    expect(trace.attempts[1]?.start).toBeLessThanOrEqual(400 * KIB);
    expect(viewNode(world.estimates.read(), id("a"), world.clock.nowMs()).health).toBe("quarantined");
    const again = await run(world);
    expect(endings(again.trace).join()).not.toContain("a ");
  });

  test.each([
    ["a truncated body", { truncatesAfterBytes: 300 * KIB }, "truncated"],
    ["a broken connection", { breaksAfterBytes: 300 * KIB }, "broken"],
    ["a server error", { status: 503 }, "status 503"],
    ["a missing chunk", { status: 404 }, "missing"],
  ] satisfies [string, VirtualNode, string][])("goes on at the next node after %s", async (_name, node, reason) => {
    const world = await createWorld({ nodes: { a: node }, knownNodes: ["a", "b", "c"] });
    const { bytes, trace } = await run(world);
    expect(isSame(bytes, world.chunk)).toBe(true);
    expect(trace.attempts[0]?.outcome).toBe("failed");
    expect(trace.attempts[0]?.reason).toContain(reason);
  });

  test.each([
    ["the wrong Content-Range", { contentRange: "bytes 0-1/2" }, "Content-Range"],
    ["200 to a range", { ignoresRange: true }, "status 200 instead of 206"],
  ] satisfies [string, VirtualNode, string][])("rejects an answer with %s", async (_name, node, reason) => {
    // a delivers half; b then answers the range wrongly; c delivers the rest.
    const nodes = { a: { breaksAfterBytes: 600 * KIB }, b: node };
    const world = await createWorld({ nodes, knownNodes: ["a", "b", "c"] });
    const { bytes, trace } = await run(world);
    expect(isSame(bytes, world.chunk)).toBe(true);
    expect(trace.attempts[1]?.reason).toContain(reason);
  });

  test("stops at a body that goes on beyond its range, without a wrong byte", async () => {
    const world = await createWorld({ nodes: { a: { extraBytes: 1000 } }, knownNodes: ["a", "b", "c"] });
    const { bytes, trace } = await run(world);
    expect(isSame(bytes, world.chunk)).toBe(true);
    expect(trace.attempts[0]?.reason).toContain("oversized");
  });

  test("gives up as unreachable after one round when asked to", async () => {
    const dead = { refuses: true };
    const world = await createWorld({
      nodes: { a: dead, b: dead, c: dead },
      request: { giveUpWhenAllUnreachable: true },
    });
    const { error, trace } = await run(world);
    expect(errorCode(error)).toBe("unreachable");
    expect(trace.attempts).toHaveLength(3);
    expect(lasted(trace)).toBe(0);
    for (const name of NODES) expect(trace.failure).toContain(`${name} refused`);
  });

  test("tries on for 30 s when every node is dead, within the limit of attempts, then names each", async () => {
    const dead = { refuses: true };
    const world = await createWorld({ nodes: { a: dead, b: dead, c: dead } });
    const { error, trace } = await run(world);
    expect(errorCode(error)).toBe("unreachable");
    expect(lasted(trace)).toBeGreaterThanOrEqual(29_000);
    expect(trace.attempts.length).toBeGreaterThan(60);
    expect(trace.attempts.length).toBeLessThanOrEqual(100);
  });

  test("goes on when dead nodes come back between two rounds", async () => {
    const dead = { refuses: true };
    const world = await createWorld({ nodes: { a: dead, b: dead, c: dead } });
    const original = world.ports.fetch;
    const healed = createVirtualNetwork(world.clock, world.chunk, new Map(NODES.map((name) => [name as string, {}])));
    const began = world.clock.nowMs();
    const fetch: typeof original = (url, init) =>
      world.clock.nowMs() - began < 500 ? original(url, init) : healed.fetch(url, init);
    const { bytes, trace } = await run({ ...world, ports: { ...world.ports, fetch } });
    expect(isSame(bytes, world.chunk)).toBe(true);
    expect(lasted(trace)).toBeLessThan(1_500);
    expect(trace.attempts.at(-1)?.because).toBe("retry");
  });

  test("says not-found after one round when no holder has the chunk", async () => {
    const gone = { status: 404 };
    const world = await createWorld({ nodes: { a: gone, b: gone, c: gone } });
    const { error, trace } = await run(world);
    expect(errorCode(error)).toBe("not-found");
    expect(trace.attempts).toHaveLength(3);
  });

  test("says corrupt when every holder lies, and releases no byte of the bad block", async () => {
    const liar = { flipsByteAt: 5 };
    const world = await createWorld({ nodes: { a: liar, b: liar, c: liar } });
    const { error, trace } = await run(world);
    expect(errorCode(error)).toBe("corrupt");
    expect(trace.deliveredBytes).toBe(0);
  });

  test("refuses a block list that is not the record's without asking anybody", async () => {
    const world = await createWorld();
    const blocks = world.request.entry.blocks.replace(/^./, (first) => (first === "A" ? "B" : "A"));
    const request = { ...world.request, entry: { ...world.request.entry, blocks } };
    const { error } = await run({ ...world, request });
    expect(errorCode(error)).toBe("corrupt");
    expect(world.network.requests).toHaveLength(0);
  });

  test("delivers an empty chunk without a request", async () => {
    const world = await createWorld({ sizeBytes: 0 });
    const { bytes, trace } = await run(world);
    expect(bytes).toHaveLength(0);
    expect(trace.outcome).toBe("delivered");
    expect(world.network.requests).toHaveLength(0);
  });

  test("says unavailable when no holder has an address", async () => {
    const world = await createWorld({ request: { nodeUrls: new Map() } });
    expect(errorCode((await run(world)).error)).toBe("unavailable");
  });

  test("stops every request in the tick of cancel() and errors with aborted", async () => {
    const world = await createWorld({ nodes: { a: { rateBytesPerSecond: 1e5 }, b: { rateBytesPerSecond: 1e5 } } });
    const fetching = fetchSegment(world.request, world.ports);
    await untilRequests(world, 2);
    fetching.cancel("player-seeked");
    expect(world.network.requests.map((seen) => seen.isAborted)).toEqual([true, true]);
    const { error, trace } = await outcomeOf(world, fetching);
    expect(error).toBeInstanceOf(VStackError);
    expect(errorCode(error)).toBe("aborted");
    expect(trace.outcome).toBe("aborted");
    expect(trace.attempts.map((attempt) => attempt.reason)).toEqual(["player-seeked", "player-seeked"]);
  });

  test("stops every request when the reader cancels the body", async () => {
    const world = await createWorld({ nodes: { a: { rateBytesPerSecond: 1e5 }, b: { rateBytesPerSecond: 1e5 } } });
    const fetching = fetchSegment(world.request, world.ports);
    await untilRequests(world, 2);
    await fetching.body.cancel();
    expect(world.network.requests.map((seen) => seen.isAborted)).toEqual([true, true]);
    expect((await settled(world.clock, fetching.done)).outcome).toBe("aborted");
  });

  test("asks nobody when it is cancelled before it began", async () => {
    const world = await createWorld();
    const fetching = fetchSegment(world.request, world.ports);
    fetching.cancel("gone");
    expect(errorCode((await outcomeOf(world, fetching)).error)).toBe("aborted");
    expect(world.network.requests).toHaveLength(0);
  });

  test.each(["read", "apply"] as const)(
    "ends with internal, and leaves nothing open, when estimates.%s() breaks",
    async (what) => {
      const world = await createWorld({ nodes: { a: { rateBytesPerSecond: 1e5 }, b: { rateBytesPerSecond: 1e5 } } });
      let isBroken = false;
      const breakable = <T>(act: () => T): T => {
        if (isBroken) throw new Error("the book is gone");
        return act();
      };
      const estimates: EstimateStore = {
        read: () => (what === "read" ? breakable(() => world.estimates.read()) : world.estimates.read()),
        apply: (event) =>
          what === "apply" ? breakable(() => world.estimates.apply(event)) : world.estimates.apply(event),
      };
      const fetching = fetchSegment(world.request, { ...world.ports, estimates });
      await untilRequests(world, 2);
      isBroken = true;
      const error: unknown = await settled(
        world.clock,
        readAll(fetching.body).catch((cause: unknown) => cause),
      );
      const trace = await settled(world.clock, fetching.done);
      expect(errorCode(error)).toBe("internal");
      expect(trace.failure).toContain("the book is gone");
      expect(world.network.requests.map((seen) => seen.isAborted)).toEqual([true, true]);
    },
  );

  test("verifies on while nobody reads the body", async () => {
    const world = await createWorld({ knownNodes: ["a"] });
    const fetching = fetchSegment(world.request, world.ports);
    const trace = await settled(world.clock, fetching.done);
    expect(trace.outcome).toBe("delivered");
    expect(isSame(await readAll(fetching.body), world.chunk)).toBe(true);
  });
});

describe("fetchSegment() with the naive strategy", () => {
  test("takes turns by segment number and races nobody", async () => {
    const hosts: string[] = [];
    for (const seq of [0, 1, 2, 3]) {
      const world = await createWorld({ strategy: "naive" });
      const request = { ...world.request, entry: { ...world.request.entry, seq } };
      const { bytes } = await run({ ...world, request });
      expect(isSame(bytes, world.chunk)).toBe(true);
      hosts.push(...world.network.requests.map((seen) => seen.host));
    }
    expect(hosts).toEqual(["a", "b", "c", "a"]);
  });

  test("waits 8 s for a hung node before the next", async () => {
    const world = await createWorld({ strategy: "naive", nodes: { a: { hangs: true } } });
    const { bytes, trace } = await run(world);
    expect(isSame(bytes, world.chunk)).toBe(true);
    expect(trace.attempts[1]?.startedMs).toBe(8_000);
    expect(endings(trace)).toEqual(["a stalled", "b complete"]);
  });

  test("takes the next node after an error", async () => {
    const world = await createWorld({ strategy: "naive", nodes: { a: { refuses: true } } });
    expect(endings((await run(world)).trace)).toEqual(["a failed", "b complete"]);
  });
});

async function untilRequests(world: World, count: number): Promise<void> {
  for (let turn = 0; turn < 1_000 && world.network.requests.length < count; turn += 1) await nextTurn();
  expect(world.network.requests).toHaveLength(count);
}
