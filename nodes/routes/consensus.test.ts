import { request } from "node:http";
import { Registry } from "prom-client";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { parseNodeId } from "#core/ids.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { carriedAccept } from "#wire/client/acceptor-client.ts";
import { NodeHealthSchema, PutChunkAnswerSchema } from "#wire/contract/chunk-api.ts";
import { type GrantedRequest, grantSubject, MAX_CONSENSUS_BYTES } from "#wire/contract/consensus-api.ts";
import { CARRIED_ACCEPT } from "#wire/contract/headers.ts";
import { listen } from "#wire/server/listen.ts";
import { silentLog } from "#wire/server/log.ts";
import type { AcceptorOpening } from "../consensus/node-acceptor.ts";
import {
  acceptOf,
  ballotOf,
  configOf,
  keyOf,
  openAcceptor,
  OWNER,
  requestOf,
  valueOf,
  VIDEO,
} from "../consensus/votes.contract.ts";
import { nodeMetrics } from "../metrics.ts";
import { createNodeApp } from "../node-app.ts";
import { ServedBook } from "../served-book.ts";
import { testChunk } from "../storage/chunk-store.contract.ts";
import type { ChunkStore } from "../storage/chunk-store.ts";
import { createMemoryStore } from "../storage/memory-store.ts";
import { SimulatedDisk, systemError } from "../storage/simulated-disk.ts";

const NOW_MS = 1_700_000_000_000;
const { hash, bytes } = testChunk("one");
const body = new Uint8Array(bytes);
const clusterKey = await importClusterKey(btoa("a key of thirty-two bytes for us"));

interface TestNode {
  readonly disk?: SimulatedDisk;
  readonly opening?: Partial<AcceptorOpening>;
  readonly put?: ChunkStore["put"];
}

async function makeNode({ disk = new SimulatedDisk(), opening = {}, put }: TestNode = {}) {
  const nodeId = parseNodeId("node-1");
  if (nodeId === undefined) throw new Error("node-1 is a node id");
  const registry = new Registry();
  const memory = createMemoryStore(100 * 1024 * 1024);
  const store: ChunkStore = put === undefined ? memory : { ...memory, put };
  const acceptor = await openAcceptor(disk, opening);
  const app = createNodeApp({
    ...{ nodeId, store, acceptor, clusterKey, registry, lab: false, log: silentLog, pid: 42 },
    metrics: nodeMetrics(registry),
    served: new ServedBook(),
    clock: { nowMs: () => 0, wallMs: () => NOW_MS },
    uploadStallMs: 50,
  });
  const mint = (method: "PUT" | "VOTE" | "OWN", subject: string) =>
    mintCapability(clusterKey, { method, subject, nowMs: NOW_MS });
  const post = async (path: string, json: unknown, capability?: string) =>
    app.request(path, {
      method: "POST",
      headers: { authorization: `Bearer ${capability ?? (await mint("VOTE", "node-1"))}` },
      body: JSON.stringify(json),
    });
  const get = async (path: string) =>
    app.request(path, { headers: { authorization: `Bearer ${await mint("VOTE", "node-1")}` } });
  const grant = () => mint("OWN", grantSubject(VIDEO, 1, OWNER));
  /** The owner's Accept of the chunk at the key of `seq`. */
  const accept = async (seq: number, grants?: readonly string[]): Promise<GrantedRequest> => ({
    ...requestOf(acceptor, [acceptOf(seq, ballotOf(0), valueOf(`v${seq}`, hash))]),
    grants: grants ?? [await grant()],
  });
  const putChunk = async (seq: number, headers: Readonly<Record<string, string>>, sent = body) => {
    const query = `position=${keyOf(seq)}&capability=${await mint("PUT", hash)}`;
    return app.request(`/chunks/${hash}?${query}`, { method: "PUT", body: sent, headers });
  };
  return { app, acceptor, store, mint, post, get, accept, putChunk, grant };
}

const statusOf = async (response: Response | Promise<Response>) => (await response).status;
const jsonOf = async (response: Response | Promise<Response>): Promise<unknown> => (await response).json();

describe("POST /consensus/entries", () => {
  test("votes with a grant, and rejects round 0 without, or with one that says something else", async () => {
    const { post, accept, mint } = await makeNode();
    const wrong = [
      await mint("OWN", grantSubject(VIDEO, 2, OWNER)),
      await mint("OWN", grantSubject(VIDEO, 1, "somebody")),
      await mint("VOTE", grantSubject(VIDEO, 1, OWNER)),
      await mintCapability(clusterKey, {
        ...{ method: "OWN", subject: grantSubject(VIDEO, 1, OWNER), nowMs: NOW_MS - 3_600_000 },
      }),
      "no.grant",
    ];
    const rejected = { say: "rejected", because: "no-grant", promised: null };
    for (const grants of [[], wrong]) {
      const answer = await jsonOf(post("/consensus/entries", await accept(1, grants)));
      expect(answer).toEqual({ say: "answered", replies: [rejected] });
    }
    const answer = await jsonOf(post("/consensus/entries", await accept(1)));
    expect(answer).toEqual({ say: "answered", replies: [{ say: "accepted" }] });
  });

  test("wants a capability for the votes of this node", async () => {
    const { post, app, accept, mint } = await makeNode();
    const request = await accept(1);
    expect(await statusOf(app.request("/consensus/entries", { method: "POST", body: JSON.stringify(request) }))).toBe(
      401,
    );
    for (const capability of [await mint("VOTE", "node-2"), await mint("PUT", "node-1")]) {
      expect(await statusOf(post("/consensus/entries", request, capability))).toBe(403);
      expect(await statusOf(post("/consensus/seal", {}, capability))).toBe(403);
    }
    for (const path of ["/consensus/groups", "/consensus/states?group=1"]) {
      expect(await statusOf(app.request(path))).toBe(401);
    }
  });

  test("refuses keys of another group, what is no request, and more than it reads", async () => {
    const { post, accept } = await makeNode();
    const request = await accept(1);
    const stray = { ...request, config: { ...request.config, group: (request.config.group + 1) % 64 } };
    expect(await jsonOf(post("/consensus/entries", stray))).toMatchObject({
      status: 400,
      detail: expect.stringContaining("it belongs to group") as unknown,
    });
    expect(await statusOf(post("/consensus/entries", { ...request, entries: [{ ask: "guess" }] }))).toBe(400);
    expect(await statusOf(post("/consensus/entries", { long: "x".repeat(MAX_CONSENSUS_BYTES) }))).toBe(413);
  });

  test("answers 503 with Retry-After before the verdict, 507 when the disk is full, and no vote", async () => {
    const early = await makeNode({ opening: { waitsForVerdict: true } });
    const refused = await early.post("/consensus/entries", await early.accept(1));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    const disk = new SimulatedDisk();
    const full = await makeNode({ disk });
    disk.before = ({ do: what }) => {
      if (what === "write") throw systemError("ENOSPC");
    };
    expect(await statusOf(full.post("/consensus/entries", await full.accept(1)))).toBe(507);
  });
});

describe("POST /consensus/entries on a socket", () => {
  /** Begins a request whose body ends when told. */
  async function begin(headers: Record<string, string> = {}) {
    const { app, mint } = await makeNode();
    const listening = await listen(app, { host: "127.0.0.1", port: 0 });
    const authorization = `Bearer ${await mint("VOTE", "node-1")}`;
    const url = `http://127.0.0.1:${listening.port}`;
    const asked = request(`${url}/consensus/entries`, { method: "POST", headers: { authorization, ...headers } });
    const status = new Promise<number | undefined>((resolve) => {
      asked.on("response", (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on("error", () => {
        resolve(undefined);
      });
    });
    return { asked, status, url, close: () => listening.close() };
  }

  test("refuses a body without a length as soon as it is too long, and what is no JSON", async () => {
    const long = await begin();
    long.asked.write(Buffer.alloc(MAX_CONSENSUS_BYTES, 0x20));
    long.asked.write(" ");
    expect(await long.status).toBe(413);
    long.asked.destroy();
    await long.close();
    const short = await begin();
    short.asked.end("{");
    expect(await short.status).toBe(400);
    await short.close();
  });

  test("outlives an asker that goes away in the middle of its body", async () => {
    const { asked, status, url, close } = await begin({ "content-length": "100" });
    await new Promise((resolve) => asked.write("{", resolve));
    asked.destroy();
    expect(await status).toBeUndefined();
    expect((await fetch(`${url}/ping`)).status).toBe(200);
    await close();
  });
});

test("POST /consensus/seal, GET /consensus/groups and /consensus/states tell what was accepted", async () => {
  const { post, get, accept, acceptor } = await makeNode();
  await post("/consensus/entries", await accept(1));
  const { group } = configOf();
  const state = { key: keyOf(1), accepted: { ballot: ballotOf(0), value: valueOf("v1", hash) } };
  const seal = { group, toEpoch: 2, incarnation: acceptor.incarnation, after: "", limit: 10 };
  expect(await jsonOf(post("/consensus/seal", seal))).toEqual({ say: "page", states: [state], isLast: true });
  expect(await jsonOf(get(`/consensus/states?group=${group}&after=`))).toEqual({ states: [state], isLast: true });
  expect(await jsonOf(get("/consensus/groups"))).toEqual({
    ...{ nodeId: "node-1", incarnation: acceptor.incarnation },
    groups: [{ group, sealedEpoch: 2, active: configOf(), installed: null, keyCount: 1 }],
  });
  expect(await statusOf(get("/consensus/states?group=x"))).toBe(400);
});

test("GET /health tells the acceptor's incarnation and its keys", async () => {
  const { app, post, accept, acceptor } = await makeNode();
  await post("/consensus/entries", await accept(1));
  const health = v.parse(NodeHealthSchema, await jsonOf(app.request("/health")));
  expect(health.acceptor).toEqual({ incarnation: acceptor.incarnation, keyCount: 1 });
});

describe("PUT /chunks/:hash with an Accept", () => {
  const votes = async (response: Response | Promise<Response>) =>
    v.parse(PutChunkAnswerSchema, await jsonOf(response)).vote;

  test("stores and votes; a repetition says the same", async () => {
    const { putChunk, accept, acceptor } = await makeNode();
    const headers = carriedAccept(await accept(1));
    const accepted = { say: "answered", replies: [{ say: "accepted" }] };
    expect(await votes(putChunk(1, headers))).toEqual(accepted);
    expect(await votes(putChunk(1, headers))).toEqual(accepted);
    expect((await acceptor.states(configOf().group, "")).states).toMatchObject([{ key: keyOf(1) }]);
  });

  test("stores where the acceptor does not vote: holding and voting are two things", async () => {
    const { putChunk, accept, store } = await makeNode();
    const stranger = { ...(await accept(1)), incarnation: "gone" };
    expect(await votes(putChunk(1, carriedAccept(stranger)))).toMatchObject({ say: "stranger" });
    expect(store.sizeOf(hash)).toBe(body.length);
  });

  test("takes no Accept but the one of its own bytes and position in round 0", async () => {
    const { putChunk, accept, store } = await makeNode();
    const request = await accept(1);
    const entry = (over: object) => ({ ...request, entries: request.entries.map((one) => ({ ...one, ...over })) });
    const wrong = [
      await accept(2),
      { ...request, entries: [] },
      { ...request, entries: [...request.entries, ...request.entries] },
      entry({ ballot: ballotOf(1) }),
      entry({ ask: "install" }),
      entry({ value: valueOf("v1") }),
      entry({ value: { ...valueOf("v1"), body: null } }),
    ];
    for (const one of wrong) {
      const text = Buffer.from(JSON.stringify(one)).toString("base64url");
      expect(await statusOf(putChunk(1, { [CARRIED_ACCEPT]: text })), JSON.stringify(one)).toBe(400);
    }
    expect(await statusOf(putChunk(1, { [CARRIED_ACCEPT]: "%%%" }))).toBe(400);
    expect(await statusOf(putChunk(1, { [CARRIED_ACCEPT]: "A".repeat(9_000) }))).toBe(413);
    expect(store.sizeOf(hash)).toBeUndefined();
  });

  test("does not vote for other bytes, and answers the error of the vote though it has stored", async () => {
    const { putChunk, accept, acceptor } = await makeNode();
    expect(await statusOf(putChunk(1, carriedAccept(await accept(1)), new Uint8Array(3)))).toBe(422);
    expect(acceptor.keyCount).toBe(0);
    const disk = new SimulatedDisk();
    const failing = await makeNode({ disk });
    disk.before = ({ do: what }) => {
      if (what === "datasync") throw systemError("EIO");
    };
    expect(await statusOf(failing.putChunk(1, carriedAccept(await failing.accept(1))))).toBe(503);
    expect(failing.store.sizeOf(hash)).toBe(body.length);
  });

  test("does not keep the vote waiting for a slow flush of the bytes", async () => {
    let release = () => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { putChunk, accept, acceptor, post } = await makeNode({
      put: async (_piece, _bytes, _claim, beside) => {
        beside?.();
        await slow;
        return { existed: false, references: 1 };
      },
    });
    let answered = false;
    const putting = putChunk(1, carriedAccept(await accept(1))).finally(() => {
      answered = true;
    });
    const other = await jsonOf(post("/consensus/entries", await accept(2)));
    expect(other).toEqual({ say: "answered", replies: [{ say: "accepted" }] });
    expect([acceptor.keyCount, answered]).toEqual([2, false]);
    release();
    expect(await votes(putting)).toEqual({ say: "answered", replies: [{ say: "accepted" }] });
  });
});
