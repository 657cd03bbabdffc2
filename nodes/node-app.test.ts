import { Registry } from "prom-client";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { parseNodeId } from "#core/ids.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { DeleteChunkAnswerSchema, NodeHealthSchema, PutChunkAnswerSchema } from "#wire/contract/chunk-api.ts";
import { CAPABILITY_LIFETIME_MS, CLOCK_TOLERANCE_MS, MAX_CHUNK_BYTES } from "#wire/contract/limits.ts";
import { silentLog } from "#wire/server/log.ts";
import { openAcceptor } from "./consensus/votes.contract.ts";
import { nodeMetrics } from "./metrics.ts";
import { createNodeApp } from "./node-app.ts";
import { ServedBook } from "./served-book.ts";
import { putChunk, testChunk } from "./storage/chunk-store.contract.ts";
import { createMemoryStore } from "./storage/memory-store.ts";

const NOW_MS = 1_700_000_000_000;
const KEY_TEXT = btoa("a key of thirty-two bytes for us");
const POSITION = "aaaaaaaaaaaaaaaaaaaaaaaaaa/720p/7";
const { hash, bytes } = testChunk("one");
const body = new Uint8Array(bytes);

async function makeNode(options: { lab?: boolean; capacityBytes?: number } = {}) {
  const nodeId = parseNodeId("node-1");
  if (nodeId === undefined) throw new Error("node-1 is a node id");
  const clusterKey = await importClusterKey(KEY_TEXT);
  const registry = new Registry();
  const store = createMemoryStore(options.capacityBytes ?? 100 * 1024 * 1024);
  const times = { wallMs: NOW_MS, nowMs: 0 };
  const acceptor = await openAcceptor();
  const app = createNodeApp({
    ...{ nodeId, store, acceptor, clusterKey, registry, lab: options.lab ?? false, log: silentLog, pid: 42 },
    metrics: nodeMetrics(registry),
    served: new ServedBook(),
    clock: { nowMs: () => times.nowMs, wallMs: () => times.wallMs },
    uploadStallMs: 50,
  });
  const allow = (method: "PUT" | "DELETE" | "HEARTBEAT", subject: string = hash) =>
    mintCapability(clusterKey, { method, subject, nowMs: NOW_MS });
  const put = async (query = "") => {
    const address = `/chunks/${hash}?capability=${await allow("PUT")}${query}`;
    return app.request(address, { method: "PUT", body });
  };
  const remove = async (query = "") =>
    app.request(`/chunks/${hash}?capability=${await allow("DELETE")}${query}`, { method: "DELETE" });
  return { app, store, times, allow, put, remove };
}

async function problemOf(response: Response | Promise<Response>) {
  const answer = await response;
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  const json: unknown = await answer.json();
  return v.parse(v.looseObject({ type: v.string(), status: v.literal(answer.status) }), json);
}

describe("PUT /chunks/:hash", () => {
  test("answers 201 for new bytes and 200 for known ones", async () => {
    const { put } = await makeNode();
    const first = await put();
    expect(first.status).toBe(201);
    const answer = { hash, sizeBytes: 1000, nodeId: "node-1", existed: false, references: 1, vote: null };
    expect(v.parse(PutChunkAnswerSchema, await first.json())).toEqual(answer);
    const second = await put(`&position=${POSITION}`);
    expect(second.status).toBe(200);
    expect(await second.json()).toEqual({ ...answer, existed: true, references: 2 });
  });

  test("takes the capability from the Authorization header as well", async () => {
    const { app, allow } = await makeNode();
    const authorization = `bearer ${await allow("PUT")}`;
    const response = await app.request(`/chunks/${hash}`, { method: "PUT", body, headers: { authorization } });
    expect(response.status).toBe(201);
  });

  test("refuses without capability, with a broken one, with one of another key: 401", async () => {
    const { app, store, allow } = await makeNode();
    const foreign = await importClusterKey(btoa("another key of thirty-two bytes."));
    const good = await allow("PUT");
    const wrong = [
      "",
      "x.y",
      good.slice(0, -4),
      `${good}.x`,
      await mintCapability(foreign, { method: "PUT", subject: hash, nowMs: NOW_MS }),
    ];
    for (const capability of wrong) {
      const response = await app.request(`/chunks/${hash}?capability=${capability}`, { method: "PUT", body });
      expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/);
      expect(await problemOf(response)).toMatchObject({ status: 401, type: "urn:vstack:problem:unauthorized" });
    }
    expect(store.sizeOf(hash)).toBeUndefined();
  });

  test("refuses a capability for another chunk or method: 403", async () => {
    const { app, allow } = await makeNode();
    for (const capability of [
      await allow("PUT", testChunk("two").hash),
      await allow("DELETE"),
      await allow("HEARTBEAT"),
    ]) {
      const response = app.request(`/chunks/${hash}?capability=${capability}`, { method: "PUT", body });
      expect(await problemOf(response)).toMatchObject({ status: 403 });
    }
  });

  test("tolerates a clock that is a minute off, no more", async () => {
    const { put, times } = await makeNode();
    times.wallMs = NOW_MS + CAPABILITY_LIFETIME_MS + CLOCK_TOLERANCE_MS;
    expect((await put()).status).toBe(201);
    times.wallMs += 1;
    expect(await problemOf(put())).toMatchObject({ status: 401 });
  });

  test("refuses before it reads the body", async () => {
    const { app } = await makeNode();
    let pulls = 0;
    const stream = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulls += 1;
          controller.enqueue(body);
        },
      },
      { highWaterMark: 0 },
    );
    const request = new Request(`http://node/chunks/${hash}`, {
      method: "PUT",
      body: stream,
      duplex: "half",
    } as RequestInit);
    expect((await app.request(request)).status).toBe(401);
    expect(pulls).toBe(0);
  });

  test("refuses bytes that hash to another name: 422, and stores nothing", async () => {
    const { app, store, allow } = await makeNode();
    const address = `/chunks/${hash}?capability=${await allow("PUT")}`;
    const problem = await problemOf(app.request(address, { method: "PUT", body: "something else" }));
    expect(problem).toMatchObject({ status: 422, expected: hash });
    expect(await problemOf(app.request(address, { method: "PUT" }))).toMatchObject({ status: 422 });
    expect(await store.stats()).toMatchObject({ chunkCount: 0 });
  });

  test("refuses more than a chunk may have: 413, declared or real", async () => {
    const { app, allow } = await makeNode();
    const address = `/chunks/${hash}?capability=${await allow("PUT")}`;
    const declared = app.request(address, {
      method: "PUT",
      body,
      headers: { "content-length": String(MAX_CHUNK_BYTES + 1) },
    });
    expect(await problemOf(declared)).toMatchObject({ status: 413 });
    const real = app.request(address, { method: "PUT", body: new Uint8Array(MAX_CHUNK_BYTES + 1) });
    expect(await problemOf(real)).toMatchObject({ status: 413 });
  });

  test("refuses a wrong length, a wrong position and a wrong name: 400", async () => {
    const { app, allow, put } = await makeNode();
    const address = `/chunks/${hash}?capability=${await allow("PUT")}`;
    const length = app.request(address, { method: "PUT", body, headers: { "content-length": "many" } });
    expect(await problemOf(length)).toMatchObject({ status: 400 });
    expect(await problemOf(put("&position=nowhere"))).toMatchObject({ status: 400 });
    expect(await problemOf(app.request("/chunks/ABC", { method: "PUT", body }))).toMatchObject({ status: 400 });
  });

  test("gives up an upload that stands still: 504", async () => {
    const { app, allow } = await makeNode();
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(body.subarray(0, 10));
      },
    });
    const init = { method: "PUT", body: stream, duplex: "half" } as RequestInit;
    const request = new Request(`http://node/chunks/${hash}?capability=${await allow("PUT")}`, init);
    expect(await problemOf(app.request(request))).toMatchObject({ status: 504 });
  });

  test("answers 507 when the node is full, and reads go on", async () => {
    const { app, put, allow } = await makeNode({ capacityBytes: 1200 });
    await put();
    const two = testChunk("two", 200);
    const address = `/chunks/${two.hash}?capability=${await allow("PUT", two.hash)}`;
    const response = app.request(address, { method: "PUT", body: new Uint8Array(two.bytes) });
    expect(await problemOf(response)).toMatchObject({ status: 507, type: "urn:vstack:problem:storage-full" });
    expect((await app.request(`/chunks/${hash}`)).status).toBe(200);
  });
});

describe("GET and HEAD /chunks/:hash", () => {
  test("answer the whole chunk with the headers that browsers need", async () => {
    const { app, put } = await makeNode();
    await put();
    const response = await app.request(`/chunks/${hash}`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-length": "1000",
      "content-type": "application/octet-stream",
      etag: `"${hash}"`,
      "accept-ranges": "bytes",
      "cache-control": "public, max-age=31536000, immutable",
      "access-control-allow-origin": "*",
      "timing-allow-origin": "*",
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'",
    });
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
    const head = await app.request(`/chunks/${hash}`, { method: "HEAD" });
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(response.headers));
    expect(await head.text()).toBe("");
  });

  test("answer no-store in lab mode", async () => {
    const { app, put } = await makeNode({ lab: true });
    await put();
    expect((await app.request(`/chunks/${hash}`)).headers.get("cache-control")).toBe("no-store");
  });

  test("answer 206 for one range, the whole chunk for several, 416 beyond the end", async () => {
    const { app, put } = await makeNode();
    await put();
    const part = await app.request(`/chunks/${hash}`, { headers: { range: "bytes=990-2000" } });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe("bytes 990-999/1000");
    expect(part.headers.get("content-length")).toBe("10");
    expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(990));
    expect((await app.request(`/chunks/${hash}`, { headers: { range: "bytes=0-1,4-5" } })).status).toBe(200);
    const beyond = await app.request(`/chunks/${hash}`, { headers: { range: "bytes=1000-" } });
    expect(beyond.headers.get("content-range")).toBe("bytes */1000");
    expect(await problemOf(beyond)).toMatchObject({ status: 416 });
  });

  test("honour a range only for the bytes that If-Range names", async () => {
    const { app, put } = await makeNode();
    await put();
    const ask = (tag: string) => app.request(`/chunks/${hash}`, { headers: { range: "bytes=0-1", "if-range": tag } });
    expect((await ask(`"${hash}"`)).status).toBe(206);
    expect((await ask('"other"')).status).toBe(200);
  });

  test("answer 304 to who has the bytes", async () => {
    const { app, put } = await makeNode();
    await put();
    for (const tag of [`"${hash}"`, `W/"${hash}"`, `"x", "${hash}"`, "*"]) {
      const response = await app.request(`/chunks/${hash}`, { headers: { "if-none-match": tag } });
      expect(response.status).toBe(304);
      expect(response.headers.get("etag")).toBe(`"${hash}"`);
    }
    expect((await app.request(`/chunks/${hash}`, { headers: { "if-none-match": '"other"' } })).status).toBe(200);
  });

  test("answer 404 with CORS headers, so that the worker can read why", async () => {
    const { app } = await makeNode();
    const response = await app.request(`/chunks/${hash}`);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(await problemOf(response)).toMatchObject({ status: 404 });
    expect((await app.request(`/chunks/${hash}`, { method: "HEAD" })).status).toBe(404);
  });
});

describe("DELETE /chunks/:hash", () => {
  test("names a position, and the bytes go with the last one", async () => {
    const { app, put, remove } = await makeNode();
    await put();
    await put(`&position=${POSITION}`);
    const first = await remove(`&position=${POSITION}`);
    expect(v.parse(DeleteChunkAnswerSchema, await first.json())).toEqual({ hash, references: 1, deleted: false });
    expect((await app.request(`/chunks/${hash}`)).status).toBe(200);
    expect(await (await remove()).json()).toEqual({ hash, references: 0, deleted: true });
    expect(await problemOf(remove())).toMatchObject({ status: 404 });
  });

  test("needs its own capability", async () => {
    const { app, put, allow } = await makeNode();
    await put();
    const response = app.request(`/chunks/${hash}?capability=${await allow("PUT")}`, { method: "DELETE" });
    expect(await problemOf(response)).toMatchObject({ status: 403 });
    expect(await problemOf(app.request(`/chunks/${hash}`, { method: "DELETE" }))).toMatchObject({ status: 401 });
  });
});

describe("createNodeApp()", () => {
  test("lets no other origin write", async () => {
    const { app, put } = await makeNode();
    const preflight = await app.request(`/chunks/${hash}`, {
      method: "OPTIONS",
      headers: { origin: "http://evil.example", "access-control-request-method": "PUT" },
    });
    expect(preflight.headers.get("access-control-allow-methods")).toBe("GET, HEAD");
    expect((await put()).headers.get("access-control-allow-origin")).toBeNull();
  });

  test("answers 405 with Allow, 404 elsewhere", async () => {
    const { app } = await makeNode();
    const response = await app.request(`/chunks/${hash}`, { method: "PATCH" });
    expect(response.headers.get("allow")).toBe("GET, HEAD, PUT, DELETE, OPTIONS");
    expect(await problemOf(response)).toMatchObject({ status: 405 });
    expect(await problemOf(app.request("/health", { method: "POST" }))).toMatchObject({ status: 405 });
    expect(await problemOf(app.request("/elsewhere"))).toMatchObject({ status: 404 });
  });

  test("answers /ping at once and never from a cache", async () => {
    const { app } = await makeNode();
    const response = await app.request("/ping");
    expect(await response.text()).toBe("ok");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("timing-allow-origin")).toBe("*");
  });

  test.each([
    [0, "ok"],
    [849, "ok"],
    [850, "filling"],
    [949, "filling"],
    [950, "full"],
  ])("answers /health of a node with %i of 1000 bytes as %s", async (sizeBytes, status) => {
    const { app, store, times } = await makeNode({ capacityBytes: 1000 });
    const chunk = testChunk("fill", sizeBytes);
    if (sizeBytes > 0) await putChunk(store, chunk, "a");
    times.nowMs = 2_500;
    for (const path of ["/health", "/api/health"]) {
      const health = v.parse(NodeHealthSchema, await (await app.request(path)).json());
      expect(health).toMatchObject({ status, nodeId: "node-1", pid: 42, usedBytes: sizeBytes, uptimeSeconds: 2.5 });
    }
  });

  test("counts requests and bytes", async () => {
    const { app, put } = await makeNode();
    await put();
    await (await app.request(`/chunks/${hash}`, { headers: { range: "bytes=0-9" } })).arrayBuffer();
    const text = await (await app.request("/metrics")).text();
    for (const line of [
      'vstack_requests_total{method="PUT",status="201"} 1',
      'vstack_requests_total{method="GET",status="206"} 1',
      "vstack_stored_bytes_total 1000",
      "vstack_served_bytes_total 10",
      "vstack_chunks_count 1",
    ]) {
      expect(text.split("\n")).toContain(line);
    }
  });
});
