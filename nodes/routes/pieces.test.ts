/** The pieces of a node, through the links by which programs reach them and through plain requests. */
import { Registry } from "prom-client";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { parseNodeId } from "#core/ids.ts";
import { pieceOf } from "#core/placement/piece.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { PATHS } from "#wire/contract/paths.ts";
import type { PieceEntry } from "#wire/contract/piece-api.ts";
import { InventoryPageSchema, MAX_INVENTORY_REFERENCES } from "#wire/contract/piece-api.ts";
import { silentLog } from "#wire/server/log.ts";
import { pieceLinks } from "#wire/exchange/piece-links.ts";
import { openAcceptor } from "../consensus/votes.contract.ts";
import { nodeMetrics } from "../metrics.ts";
import { createNodeApp } from "../node-app.ts";
import { ServedBook } from "../served-book.ts";
import type { TestPiece } from "../storage/chunk-store.contract.ts";
import { putChunk, testChunk, testShard } from "../storage/chunk-store.contract.ts";
import { createMemoryStore } from "../storage/memory-store.ts";

const NOW_MS = 1_700_000_000_000;
const KEY = `${"a".repeat(26)}/720p/7`;
const OTHER_KEY = `${"b".repeat(26)}/720p/7`;
const chunk = testChunk("one");
const shard = testShard("one", 3);
const path = PATHS.shard(shard.hash, 3);
const never = new AbortController().signal;

async function makeNode({ lab = false } = {}) {
  const nodeId = parseNodeId("node-1");
  if (nodeId === undefined) throw new Error("node-1 is a node id");
  const clusterKey = await importClusterKey(btoa("a key of thirty-two bytes for us"));
  const registry = new Registry();
  const store = createMemoryStore(100 * 1024 * 1024);
  const served = new ServedBook();
  const app = createNodeApp({
    ...{ nodeId, store, acceptor: await openAcceptor(), clusterKey, registry, lab, served, log: silentLog, pid: 1 },
    metrics: nodeMetrics(registry),
    clock: { nowMs: () => 0, wallMs: () => NOW_MS },
    uploadStallMs: 50,
  });
  const mint = (grant: { method: "PUT" | "DELETE" | "VOTE" | "OWN" | "PIECES"; subject: string }) =>
    mintCapability(clusterKey, { ...grant, nowMs: NOW_MS });
  const fetch: FetchPort = async (url, init) => app.request(url, init);
  const node = { nodeId, url: "http://node-1" };
  const links = pieceLinks({ mint, fetch });
  const put = (piece: TestPiece, version: number, key = KEY) =>
    links.put(node, { piece: pieceOf(piece.piece), bytes: new Uint8Array(piece.bytes), key, version }, never);
  return { app, store, served, mint, links, node, put };
}

async function allPages(pages: AsyncIterable<readonly PieceEntry[]>): Promise<(readonly PieceEntry[])[]> {
  const all: (readonly PieceEntry[])[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

const statusOf = async (response: Response | Promise<Response>) => (await response).status;

describe("/chunks/:hash/shards/:i", () => {
  test("keeps what was put and answers it as it answers chunks, under the digest of the shard", async () => {
    const { app, put } = await makeNode();
    expect(await put(shard, 2)).toEqual({ existed: false });
    expect(await put(shard, 2)).toEqual({ existed: true });
    const answer = await app.request(path);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-length": "400",
      etag: `"${shard.digest}"`,
      "accept-ranges": "bytes",
      "cache-control": "public, max-age=31536000, immutable",
      "access-control-allow-origin": "*",
      "content-security-policy": "sandbox; default-src 'none'",
    });
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(shard.bytes);
    const part = await app.request(path, { headers: { range: "bytes=390-" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 390-399/400"]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(shard.bytes.subarray(390));
    const head = await app.request(path, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "400"]);
    expect(await statusOf(app.request(path, { headers: { "if-none-match": `"${shard.digest}"` } }))).toBe(304);
    expect(await statusOf(app.request(path, { headers: { range: "bytes=400-" } }))).toBe(416);
    // A shard is no chunk, and no other shard.
    for (const other of [PATHS.chunk(shard.hash), PATHS.shard(shard.hash, 2)]) {
      expect(await statusOf(app.request(other))).toBe(404);
    }
  });

  test("answers no-store in the lab, 405 with what is allowed, and 400 for what is no shard", async () => {
    const { app, put } = await makeNode({ lab: true });
    await put(shard, 1);
    expect((await app.request(path)).headers.get("cache-control")).toBe("no-store");
    const wrong = await app.request(path, { method: "POST" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD, PUT, DELETE, OPTIONS"]);
    for (const name of ["64", "03", "-1", "x"]) {
      expect(await statusOf(app.request(`/chunks/${shard.hash}/shards/${name}`)), name).toBe(400);
    }
  });

  test("PUT needs a capability of this shard, and bytes of the digest that it names", async () => {
    const { app, store, mint } = await makeNode();
    const put = async (subject: string, query: string, body = shard.bytes) => {
      const capability = subject === "" ? "" : await mint({ method: "PUT", subject });
      const address = `${path}?capability=${capability}${query}`;
      return await statusOf(app.request(address, { method: "PUT", body: new Uint8Array(body) }));
    };
    const mine = `${shard.hash}/shards/3`;
    const digest = `&digest=${shard.digest}`;
    expect(await put("", digest)).toBe(401);
    expect(await put(shard.hash, digest)).toBe(403);
    expect(await put(`${shard.hash}/shards/2`, digest)).toBe(403);
    expect(await put(mine, "")).toBe(400);
    expect(await put(mine, `&digest=${shard.hash}`)).toBe(422);
    expect(await put(mine, digest, chunk.bytes)).toBe(422);
    for (const version of ["0", "1.5", "-1", "x", ""]) {
      expect(await put(mine, `${digest}&version=${version}`), version).toBe(400);
    }
    expect((await store.stats()).shardCount).toBe(0);
    expect(await put(mine, `${digest}&version=3`)).toBe(201);
  });

  test("a shard of other bytes is refused while the first ones are intact, and taken when they have rotted", async () => {
    const { store, links, node, put } = await makeNode();
    await put(shard, 1);
    const other = { ...testShard("another", 3), piece: shard.piece };
    await expect(put(other, 2)).rejects.toMatchObject({ code: "conflict" });
    expect(await links.verify(node, [pieceOf(shard.piece)], never)).toEqual(["intact"]);
    await store.damage(shard.piece, "corrupt");
    expect(await put(other, 2)).toEqual({ existed: false });
  });
});

describe("pieceLinks()", () => {
  test.each([chunk, shard])("reads %# whole and in part as it was put", async (piece) => {
    const { links, node, put } = await makeNode();
    await put(piece, 1);
    const sizeBytes = piece.bytes.length;
    const read = (range?: { start: number; end: number }) =>
      links.read(node, { piece: pieceOf(piece.piece), sizeBytes, ...(range && { range }) }, never);
    expect(Buffer.from(await read())).toEqual(piece.bytes);
    expect(Buffer.from(await read({ start: 7, end: 300 }))).toEqual(piece.bytes.subarray(7, 300));
    expect(await read({ start: 7, end: 7 })).toHaveLength(0);
    const wrongSize = links.read(node, { piece: pieceOf(piece.piece), sizeBytes: sizeBytes + 1 }, never);
    await expect(wrongSize).rejects.toMatchObject({ code: "bad-answer" });
  });

  test.each([chunk, shard])("releases %# by an epoch that is not before what it was given for", async (piece) => {
    const { links, node, put, store } = await makeNode();
    await put(piece, 1);
    await put(piece, 5);
    await put(piece, 2, OTHER_KEY);
    const release = (epoch: number, key = KEY) =>
      links.release(node, { piece: pieceOf(piece.piece), key, epoch }, never);
    expect(await release(4)).toBe("refused");
    expect(await release(5)).toBe("released");
    expect(await release(5)).toBe("released");
    expect(store.sizeOf(piece.piece)).toBe(piece.bytes.length);
    expect(await release(1, OTHER_KEY)).toBe("refused");
    expect(await release(3, OTHER_KEY)).toBe("released");
    expect(store.sizeOf(piece.piece)).toBeUndefined();
    expect(await release(9)).toBe("released");
  });

  test("a replica whose PUT names no version was given for the first one", async () => {
    const { app, links, node, mint } = await makeNode();
    const capability = await mint({ method: "PUT", subject: chunk.hash });
    const address = `${PATHS.chunk(chunk.hash)}?position=${KEY}&capability=${capability}`;
    expect(await statusOf(app.request(address, { method: "PUT", body: new Uint8Array(chunk.bytes) }))).toBe(201);
    const pages = await allPages(links.inventory(node, never));
    expect(pages.flat()).toEqual([
      {
        ...{ hash: chunk.hash, shard: null, sizeBytes: 1000, isHere: true },
        references: [{ reference: KEY, version: 1 }],
      },
    ]);
  });

  test("verify() tells what each piece is, in the order asked, however many there are", async () => {
    const { links, node, put, store, app } = await makeNode();
    const shards = Array.from({ length: 60 }, (_, at) => testShard("one", at, 10 + at));
    for (const piece of [chunk, ...shards]) await put(piece, 1);
    await store.damage(chunk.piece, "corrupt");
    await store.damage(shards[2]?.piece ?? shard.piece, "delete");
    const pieces = [testChunk("none"), ...shards, chunk, ...shards].map(({ piece }) => pieceOf(piece));
    const verdicts = await links.verify(node, pieces, never);
    const wanted = pieces.map(() => "intact");
    for (const at of [0, 3, 64]) wanted[at] = "absent";
    wanted[61] = "corrupt";
    expect(verdicts).toEqual(wanted);
    expect(await statusOf(app.request(PATHS.chunk(chunk.hash)))).toBe(404);
    expect(await put(chunk, 1)).toEqual({ existed: false });
    const lines = (await (await app.request("/metrics")).text()).split("\n");
    expect(lines).toContain('vstack_verified_pieces_total{verdict="corrupt"} 1');
    expect(lines).toContain("vstack_shards_count 59");
  });

  test("inventory() lists every piece once, with the references and versions that it has", async () => {
    const { links, node, store } = await makeNode();
    const kept = Array.from({ length: 1_203 }, (_, at) => testShard(`chunk ${at >> 1}`, at & 1, 8));
    for (const piece of kept) await putChunk(store, piece, KEY, 2);
    const many = testShard("many", 5, 8);
    for (let at = 0; at < MAX_INVENTORY_REFERENCES + 1; at += 1) await putChunk(store, many, `${KEY}${at}`, 1);
    const pages = await allPages(links.inventory(node, never));
    const found = pages.flat();
    const name = ({ hash, shard: at }: { hash: string; shard: number | null }) => `${hash}.${at}`;
    expect(found.map(name)).toEqual([...kept, many].map(({ piece }) => name(pieceOf(piece))).sort());
    expect(pages.length).toBeGreaterThan(2);
    expect(found.find(({ hash }) => hash === many.hash)?.references).toHaveLength(MAX_INVENTORY_REFERENCES + 1);
  });

  test("what it may not do is refused: other capabilities, no lab", async () => {
    const { app, links, node, mint, put } = await makeNode();
    await put(shard, 1);
    const wrong = { authorization: `Bearer ${await mint({ method: "VOTE", subject: "node-1" })}` };
    const foreign = { authorization: `Bearer ${await mint({ method: "PIECES", subject: "node-2" })}` };
    for (const headers of [wrong, foreign]) {
      expect(await statusOf(app.request("/pieces", { headers }))).toBe(403);
      expect(await statusOf(app.request("/pieces/verify", { method: "POST", headers, body: "{}" }))).toBe(403);
    }
    expect(await statusOf(app.request("/pieces"))).toBe(401);
    const damage = { ...pieceOf(shard.piece), damage: "corrupt" } as const;
    await expect(links.damage(node, damage, never)).rejects.toMatchObject({ code: "not-found" });
    expect(await links.verify(node, [pieceOf(shard.piece)], never)).toEqual(["intact"]);
  });

  test("damage() does in the lab what a disk does, and nothing to what is not here", async () => {
    const { links, node, put, store, app } = await makeNode({ lab: true });
    await put(shard, 1);
    await links.damage(node, { ...pieceOf(shard.piece), damage: "corrupt" }, never);
    // Nobody knows yet.
    expect(await statusOf(app.request(path))).toBe(200);
    expect(await links.verify(node, [pieceOf(shard.piece)], never)).toEqual(["corrupt"]);
    expect(store.sizeOf(shard.piece)).toBeUndefined();
    const gone = links.damage(node, { ...pieceOf(shard.piece), damage: "delete" }, never);
    await expect(gone).rejects.toMatchObject({ code: "not-found" });
    expect(await statusOf(app.request("/lab/pieces", { method: "POST", body: "{}" }))).toBe(401);
  });
});

test("bytes served to readers are counted by chunk, shards with it; upkeep is no demand", async () => {
  const { app, links, node, put, served } = await makeNode();
  await put(chunk, 1);
  await put(shard, 1);
  await links.read(node, { piece: pieceOf(shard.piece), sizeBytes: 400 }, never);
  expect(served.report()).toEqual({ chunks: [], otherBytes: 0 });
  await (await app.request(path, { headers: { range: "bytes=0-99" } })).arrayBuffer();
  await (await app.request(`${PATHS.chunk(chunk.hash)}?session=s`)).arrayBuffer();
  expect(served.report()).toEqual({ chunks: [{ hash: chunk.hash, bytes: 1100 }], otherBytes: 0 });
  expect((await (await app.request("/metrics")).text()).split("\n")).toContain("vstack_served_bytes_total 1500");
});

test("GET /pieces gives pages of the length asked for, and says which is the last", async () => {
  const { app, mint, put } = await makeNode();
  for (const at of [0, 1, 2]) await put(testShard("one", at), 1);
  const headers = { authorization: `Bearer ${await mint({ method: "PIECES", subject: "node-1" })}` };
  const page = async (query: string) =>
    v.parse(InventoryPageSchema, await (await app.request(`/pieces${query}`, { headers })).json());
  const first = await page("?limit=2");
  expect([first.pieces.map((one) => one.shard), first.isLast]).toEqual([[0, 1], false]);
  const second = await page(`?limit=2&after=${shard.hash}.1`);
  expect([second.pieces.map((one) => one.shard), second.isLast]).toEqual([[2], true]);
  expect(second.incarnation).toBe(first.incarnation);
  expect(await statusOf(app.request("/pieces?after=x", { headers }))).toBe(400);
});
