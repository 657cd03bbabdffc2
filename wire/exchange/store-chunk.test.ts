import { describe, expect, test } from "vitest";
import { parseNodeId, videoIdFromBytes } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import { rankByRendezvous } from "#core/placement/rendezvous.ts";
import { readBlockList } from "#wire/client/block-list.ts";
import { chunkHashOf } from "#wire/client/digest.ts";
import type { FetchPort } from "#wire/client/http.ts";
import type { ErrorCode } from "#wire/contract/errors.ts";
import { errorCode } from "#wire/contract/errors.ts";
import { PROBLEM_KINDS, problemType } from "#wire/contract/problem.ts";
import type { StorageTarget, StoreChunkRequest } from "./store-chunk.ts";
import { storeChunk } from "./store-chunk.ts";
import { createVirtualClock } from "./virtual-network.ts";

const POSITION: Position = { slot: "poster", videoId: videoIdFromBytes(new Uint8Array(16)) };
const BYTES = Uint8Array.from({ length: 5000 }, (_, index) => index % 251);

/** Nodes in memory, which keep references as storage nodes do. */
function createNodes(count: number) {
  const targets: StorageTarget[] = Array.from({ length: count }, (_, index) => {
    const nodeId = parseNodeId(`node-${index + 1}`);
    invariant(nodeId !== undefined, "Cannot name the test's nodes");
    return { nodeId, weight: 1, url: `http://node-${index + 1}` };
  });
  const kept = new Map<string, Set<string>>();
  const log: string[] = [];
  const versions = new Set<string>();
  const failures = new Map<string, ErrorCode[]>();
  const fetch: FetchPort = async (url, init) => {
    const { host, pathname, searchParams } = new URL(url);
    const method = init.method ?? "GET";
    log.push(`${method} ${host}`);
    init.signal?.throwIfAborted();
    const code = failures.get(`${method} ${host}`)?.shift();
    if (code === "unreachable") throw new TypeError("connection refused");
    if (code !== undefined) return problem(code);
    expect(searchParams.get("capability")).toBe(`${method}:${pathname.slice("/chunks/".length)}`);
    const hash = pathname.slice("/chunks/".length);
    const references = kept.get(host) ?? new Set<string>();
    kept.set(host, references);
    versions.add(searchParams.get("version") ?? "none");
    references.add(searchParams.get("position") ?? "");
    const sizeBytes = (await new Response(init.body).arrayBuffer()).byteLength;
    return Response.json({ hash, sizeBytes, nodeId: host, existed: false, references: 1, vote: null }, { status: 201 });
  };
  const holding = () => [...kept].filter(([, references]) => references.size > 0).map(([host]) => host);
  return { targets, fetch, log, versions, failures, holding };
}

function problem(code: ErrorCode): Response {
  const body = { type: problemType(code), ...PROBLEM_KINDS[code] };
  return Response.json(body, { status: body.status, headers: { "content-type": "application/problem+json" } });
}

type Nodes = ReturnType<typeof createNodes>;

function requestOf(nodes: Nodes, change: Partial<StoreChunkRequest> = {}): StoreChunkRequest {
  return {
    ...{ bytes: BYTES, position: POSITION, nodes: nodes.targets, blockSizeBytes: 1024 },
    mint: async ({ method, subject }) => `${method}:${subject}`,
    signal: new AbortController().signal,
    ...change,
  };
}

/** The virtual clock's sleepers wake at once: a pause between two tries takes no time here. */
function portsOf(nodes: Nodes) {
  const clock = { ...createVirtualClock(), sleep: async () => undefined };
  return { clock, fetch: nodes.fetch };
}

const ranked = (nodes: Nodes) => rankByRendezvous(positionText(POSITION), nodes.targets);
const puts = (nodes: Nodes) => nodes.log.filter((line) => line.startsWith("PUT")).map((line) => line.slice(4));

describe("storeChunk()", () => {
  test("puts to the first three of the ranking and makes the record of version 1", async () => {
    const nodes = createNodes(6);
    const { record, blocks, copies } = await storeChunk(requestOf(nodes), portsOf(nodes));
    const homes = ranked(nodes).slice(0, 3);
    expect(puts(nodes).sort()).toEqual([...homes].sort());
    expect(record.holders).toEqual(homes.map((nodeId) => ({ nodeId, holds: "replica" })));
    expect(record).toMatchObject({ version: 1, hash: await chunkHashOf(BYTES), sizeBytes: 5000, blockSizeBytes: 1024 });
    expect(copies).toBe(3);
    expect(await readBlockList(record, blocks)).toBeDefined();
  });

  test("lets the next in rank take the place of a node that refuses twice", async () => {
    const nodes = createNodes(6);
    const [first, second, third, fourth] = ranked(nodes);
    nodes.failures.set(`PUT ${second}`, ["unreachable", "unreachable"]);
    const { record } = await storeChunk(requestOf(nodes), portsOf(nodes));
    expect(record.holders.map((holder) => holder.nodeId)).toEqual([first, third, fourth]);
    expect(puts(nodes).filter((host) => host === second)).toHaveLength(2);
  });

  test("asks a full node once, and one with a passing fault twice", async () => {
    const nodes = createNodes(6);
    const [first = "", second = "", third, fourth] = ranked(nodes);
    nodes.failures.set(`PUT ${first}`, ["storage-full"]);
    nodes.failures.set(`PUT ${second}`, ["unavailable"]);
    const { record } = await storeChunk(requestOf(nodes), portsOf(nodes));
    expect(record.holders.map((holder) => holder.nodeId)).toEqual([second, third, fourth]);
    expect(puts(nodes).filter((host) => host === first)).toHaveLength(1);
  });

  test("is content with two copies", async () => {
    const nodes = createNodes(3);
    nodes.failures.set(`PUT ${ranked(nodes)[0]}`, ["unreachable", "unreachable"]);
    expect((await storeChunk(requestOf(nodes), portsOf(nodes))).copies).toBe(2);
  });

  test("throws unavailable below two copies, and names why", async () => {
    const nodes = createNodes(3);
    const [, second, third] = ranked(nodes);
    nodes.failures.set(`PUT ${second}`, ["storage-full"]);
    nodes.failures.set(`PUT ${third}`, ["forbidden"]);
    const error: unknown = await storeChunk(requestOf(nodes), portsOf(nodes)).catch((cause: unknown) => cause);
    expect(errorCode(error)).toBe("unavailable");
    expect(String(error)).toContain(`${second} storage-full`);
    expect(String(error)).toContain(`${third} forbidden`);
  });

  test("gives copies for the version that is to name them, and takes none back: a late DELETE could take another one", async () => {
    const nodes = createNodes(4);
    nodes.failures.set(`PUT ${ranked(nodes)[0]}`, ["unreachable", "unreachable"]);
    const { record } = await storeChunk(requestOf(nodes, { version: 7 }), portsOf(nodes));
    expect(record.version).toBe(7);
    expect([...nodes.versions]).toEqual(["7"]);
    expect(nodes.log.filter((line) => line.startsWith("DELETE"))).toEqual([]);
  });

  test("does not count a node that acknowledges another chunk", async () => {
    const nodes = createNodes(3);
    const [first] = ranked(nodes);
    const confused: FetchPort = async (url, init) => {
      const response = await nodes.fetch(url, init);
      if (init.method !== "PUT" || new URL(url).host !== first) return response;
      return Response.json({
        hash: "0".repeat(64),
        sizeBytes: 1,
        nodeId: first,
        existed: false,
        references: 1,
        vote: null,
      });
    };
    const { record } = await storeChunk(requestOf(nodes), { ...portsOf(nodes), fetch: confused });
    expect(record.holders.map((holder) => holder.nodeId)).not.toContain(first);
  });

  test("throws unavailable when no node is alive", async () => {
    const nodes = createNodes(0);
    const error: unknown = await storeChunk(requestOf(nodes), portsOf(nodes)).catch((cause: unknown) => cause);
    expect(errorCode(error)).toBe("unavailable");
    expect(String(error)).toContain("no more nodes are alive");
  });

  test("ends when it is aborted half-way", async () => {
    const nodes = createNodes(6);
    const stop = new AbortController();
    const stopping: FetchPort = async (url, init) => {
      const response = await nodes.fetch(url, init);
      if (nodes.holding().length >= 2) stop.abort();
      return response;
    };
    const request = requestOf(nodes, { signal: stop.signal });
    const error: unknown = await storeChunk(request, { ...portsOf(nodes), fetch: stopping }).catch(
      (cause: unknown) => cause,
    );
    expect(errorCode(error)).toBe("aborted");
  });
});
