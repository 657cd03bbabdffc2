/** A real node process under --lab: real sockets, real faults. Rates and delays are measured by emulation.bench.ts. */
import { type ChildProcess, fork } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NetworkPlan, PathConditions } from "#core/network/conditions.ts";
import { FREE_PATH } from "#core/network/path-phases.ts";
import { constantRate } from "#core/network/rate-curve.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { ByteLogSchema } from "#wire/contract/byte-log-api.ts";
import {
  LAB_NETWORK_SUBJECT,
  NodeNetworkAnswerSchema,
  planToWords,
  type SessionNetwork,
} from "#wire/contract/emulation-api.ts";
import { CARRIED_ACCEPT } from "#wire/contract/headers.ts";
import { PATHS, ROUTES } from "#wire/contract/paths.ts";
import { ChunkHashSchema } from "#wire/contract/schemas.ts";

const KEY_TEXT = btoa("a key of thirty-two bytes for us");
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const START_LIMIT_MS = 60_000;
const content = randomBytes(300_000);
const hash = v.parse(ChunkHashSchema, createHash("sha256").update(content).digest("hex"));
const UNLIMITED = constantRate(1e12);

interface Running {
  readonly url: string;
  readonly child: ChildProcess;
  readonly folder: string;
}

async function start(variables: Record<string, string>): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), "vstack-emulated-"));
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("VSTACK_"));
  const settings = { VSTACK_NODE_ID: "n1", VSTACK_PORT: "0", VSTACK_DATA: folder, VSTACK_CLUSTER_KEY: KEY_TEXT };
  const env = { ...Object.fromEntries(own), ...settings, VSTACK_LOG_LEVEL: "silent", ...variables };
  const child = fork(MAIN, { execArgv: ["--import", "tsx"], stdio: ["ignore", "ignore", "inherit", "ipc"], env });
  const [ready] = v.parse(v.looseTuple([v.looseObject({ url: v.string() })]), await once(child, "message"));
  return { url: ready.url, child, folder };
}

async function allow(method: "PUT" | "DELETE" | "VOTE", subject: string): Promise<string> {
  return await mintCapability(await importClusterKey(KEY_TEXT), { method, subject, nowMs: Date.now() });
}

function network(path: Partial<PathConditions>, access: NetworkPlan["access"] = UNLIMITED): SessionNetwork {
  const nodes = [{ nodeId: "n1", path: { ...FREE_PATH, ...path } }];
  const plan = { id: "test", expect: "", kind: "independent", access, nodes, changes: [] } as const;
  return { ...planToWords(plan), session: "mine", seed: 1, startedAtMs: Date.now() };
}

async function put(node: Running, words: unknown, capability?: string): Promise<Response> {
  const token = capability ?? (await allow("PUT", LAB_NETWORK_SUBJECT));
  return await fetch(`${node.url}${ROUTES.nodeLabNetwork}`, {
    method: "PUT",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify(words),
  });
}

async function take(node: Running, session = "mine", init: RequestInit = {}): Promise<Response> {
  return await fetch(`${node.url}${PATHS.chunk(hash)}?session=${session}`, init);
}

async function store(node: Running): Promise<void> {
  const capability = await allow("PUT", hash);
  const answer = await fetch(`${node.url}${PATHS.chunk(hash)}?capability=${capability}`, {
    method: "PUT",
    body: content,
  });
  expect(answer.status).toBe(201);
}

function stop(node: Running | undefined): void {
  node?.child.kill("SIGKILL");
  if (node !== undefined) rmSync(node.folder, { recursive: true, force: true });
}

describe("a node under --lab", { timeout: START_LIMIT_MS }, () => {
  let node: Running;
  beforeAll(async () => {
    node = await start({ VSTACK_LAB: "1", VSTACK_ACCESS_LEDGER: "1" });
    await store(node);
  }, START_LIMIT_MS);
  afterAll(() => {
    stop(node);
  });

  test("delivers the same bytes late, and marks them not to be kept", async () => {
    const answered = await put(node, network({ rate: constantRate(2_000_000), roundTripMs: 60, slowStart: true }));
    expect(answered.status).toBe(200);
    const said = v.parse(NodeNetworkAnswerSchema, await answered.json());
    expect(said).toEqual({ nodeId: "n1", session: "mine", access: "unlimited" });
    const startedMs = performance.now();
    const answer = await take(node);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(Buffer.from(await answer.arrayBuffer()).equals(content)).toBe(true);
    // A round trip for the connection, one for the answer, 150 ms of bytes: never sooner, however busy the machine.
    expect(performance.now() - startedMs).toBeGreaterThan(200);
    const part = await take(node, "mine", { headers: { range: "bytes=70000-200000" } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer()).equals(content.subarray(70_000, 200_001))).toBe(true);
  });

  test("says what it sent to a session, and how well it kept time", async () => {
    await put(node, { ...network({ rate: constantRate(3_000_000) }), session: "counted" });
    await (await take(node, "counted", { headers: { range: "bytes=100-250099" } })).arrayBuffer();
    await (await take(node, "other")).arrayBuffer();
    const asked = await fetch(`${node.url}${PATHS.nodeBytes("counted")}`);
    const log = v.parse(ByteLogSchema, await asked.json());
    expect(log).toMatchObject({ nodeId: "n1", session: "counted", forgottenCount: 0 });
    expect(log.requests).toHaveLength(1);
    const [request] = log.requests;
    expect(request).toMatchObject({ hash, shard: null, start: 100, end: 250_100, sentBytes: 250_000 });
    expect((request?.endedAtMs ?? 0) - (request?.arrivedAtMs ?? 0)).toBeGreaterThan(80);
    expect(log.pace).toMatchObject({ passedBytes: 250_000, missedBytes: 0 });
    expect(log.pace?.lateMsP99).toBeGreaterThanOrEqual(0);
  });

  test("lets shards through as chunks, with the same faults, and counts what it sent of them", async () => {
    const path = PATHS.shard(hash, 4);
    const bytes = content.subarray(0, 100_000);
    const digest = createHash("sha256").update(bytes).digest("hex");
    const capability = await allow("PUT", `${hash}/shards/4`);
    const address = `${node.url}${path}?digest=${digest}&capability=${capability}`;
    expect((await fetch(address, { method: "PUT", body: bytes })).status).toBe(201);
    const session = "shards";
    const ask = (init: RequestInit = {}) => fetch(`${node.url}${path}?session=${session}`, init);
    await put(node, { ...network({ rate: constantRate(1_000_000) }), session });
    const part = await ask({ headers: { range: "bytes=20000-69999" } });
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(20_000, 70_000))).toBe(true);
    const asked = await fetch(`${node.url}${PATHS.nodeBytes(session)}`);
    const [request] = v.parse(ByteLogSchema, await asked.json()).requests;
    expect(request).toMatchObject({ hash, shard: 4, start: 20_000, end: 70_000, sentBytes: 50_000 });
    expect((request?.endedAtMs ?? 0) - (request?.arrivedAtMs ?? 0)).toBeGreaterThan(40);
    await put(node, { ...network({ fault: { kind: "corrupt" } }), session });
    expect(Buffer.from(await (await ask()).arrayBuffer()).equals(bytes)).toBe(false);
    await put(node, { ...network({ fault: { kind: "refuse" } }), session });
    await expect(ask()).rejects.toThrow();
  });

  test("shares one access link through its parent", async () => {
    await put(node, network({}, constantRate(1_000_000)));
    const WantSchema = v.looseObject({
      say: v.literal("access-want"),
      wants: v.array(v.tuple([v.number(), v.number()])),
    });
    let wantedBytes = 0;
    const grantAll = (message: unknown) => {
      const ask = v.safeParse(WantSchema, message);
      if (!ask.success) return;
      for (const [, bytes] of ask.output.wants) wantedBytes += bytes;
      node.child.send({ say: "access-grant", session: "mine", grants: ask.output.wants });
    };
    node.child.on("message", grantAll);
    expect(Buffer.from(await (await take(node)).arrayBuffer()).equals(content)).toBe(true);
    node.child.off("message", grantAll);
    expect(wantedBytes).toBe(content.length);
  });

  test("corrupts every block, and truncates in the middle", async () => {
    await put(node, network({ fault: { kind: "corrupt" } }));
    const wrong = Buffer.from(await (await take(node)).arrayBuffer());
    expect(wrong.length).toBe(content.length);
    for (let start = 0; start < content.length; start += 131_072) {
      expect(wrong.subarray(start, start + 131_072).equals(content.subarray(start, start + 131_072))).toBe(false);
    }
    await put(node, network({ fault: { kind: "truncate" } }));
    const cut = await take(node);
    expect(cut.headers.get("content-length")).toBe(String(content.length));
    const reader = cut.body?.getReader();
    let receivedBytes = 0;
    const readAll = async () => {
      for (;;) {
        const part = await reader?.read();
        if (part?.value === undefined) return;
        receivedBytes += Buffer.from(part.value).length;
      }
    };
    await expect(readAll()).rejects.toThrow();
    expect(receivedBytes).toBe(content.length / 2);
  });

  test("refuses, is unavailable, or says nothing, and only to the session that is meant", async () => {
    await put(node, network({ fault: { kind: "refuse" } }));
    await expect(take(node)).rejects.toThrow();
    expect((await take(node, "other")).status).toBe(200);
    await put(node, network({ fault: { kind: "unavailable" } }));
    expect((await take(node)).status).toBe(503);
    await put(node, network({ fault: { kind: "hang" } }));
    await expect(take(node, "mine", { signal: AbortSignal.timeout(300) })).rejects.toThrow();
    const hung = take(node);
    await put(node, network({}));
    expect((await hung).status).toBe(200);
  });

  test("votes as it is for everybody: dead, gone or hanging, and as ever when only a session has a network", async () => {
    const groups = async (signal: AbortSignal | null = null) => {
      const authorization = `Bearer ${await allow("VOTE", "n1")}`;
      return await fetch(`${node.url}${ROUTES.consensusGroups}`, { headers: { authorization }, signal });
    };
    const everybody = (path: Partial<PathConditions>) => ({ ...network(path), session: null });
    await put(node, network({ fault: { kind: "refuse" }, roundTripMs: 5_000 }));
    expect((await groups()).status).toBe(200);
    await put(node, everybody({ roundTripMs: 5_000 }));
    const startedMs = performance.now();
    expect((await groups()).status).toBe(200);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    await put(node, everybody({ fault: { kind: "refuse" } }));
    await expect(groups()).rejects.toThrow();
    await put(node, everybody({ fault: { kind: "unavailable" } }));
    expect((await groups()).status).toBe(503);
    await put(node, everybody({ fault: { kind: "hang" } }));
    await expect(groups(AbortSignal.timeout(300))).rejects.toThrow();
    const hung = groups();
    await put(node, everybody({}));
    expect((await hung).status).toBe(200);
  });

  test("stores no bytes and gives no vote by a PUT with an Accept while it refuses everybody", async () => {
    const bytes = randomBytes(1_000);
    const other = v.parse(ChunkHashSchema, createHash("sha256").update(bytes).digest("hex"));
    const putChunk = async (headers: Record<string, string>) => {
      const url = `${node.url}${PATHS.chunk(other)}?capability=${await allow("PUT", other)}`;
      return await fetch(url, { method: "PUT", body: bytes, headers });
    };
    await put(node, { ...network({ fault: { kind: "refuse" } }), session: null });
    await expect(putChunk({ [CARRIED_ACCEPT]: "any" })).rejects.toThrow();
    await put(node, { ...network({}), session: null });
    expect((await putChunk({ [CARRIED_ACCEPT]: "any" })).status).toBe(400);
    expect((await putChunk({})).status).toBe(201);
  });

  test("is done with a body when its reader goes away", async () => {
    await put(node, network({ rate: constantRate(1_000) }));
    const inFlight = async () => {
      const metrics = await (await fetch(`${node.url}${ROUTES.metrics}`)).text();
      return Number(/^vstack_requests_in_flight (\d+)$/m.exec(metrics)?.[1]);
    };
    const leaving = new AbortController();
    const answer = await take(node, "mine", { signal: leaving.signal });
    expect(answer.status).toBe(200);
    // The asking for metrics is one of them.
    expect(await inFlight()).toBe(2);
    leaving.abort();
    while ((await inFlight()) > 1) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  test("wants a capability for that, and a network that makes sense", async () => {
    expect((await put(node, network({}), "none")).status).toBe(401);
    expect((await put(node, network({}), await allow("PUT", hash))).status).toBe(403);
    expect((await put(node, { ...network({}), seed: -1 })).status).toBe(400);
    const remove = (token: string) =>
      fetch(`${node.url}${ROUTES.nodeLabNetwork}?session=mine`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${token}` },
      });
    expect((await remove("none")).status).toBe(401);
    await put(node, network({ fault: { kind: "unavailable" } }));
    expect((await remove(await allow("DELETE", LAB_NETWORK_SUBJECT))).status).toBe(204);
    expect((await take(node)).status).toBe(200);
  });
});

test("a node without --lab has no such address", { timeout: START_LIMIT_MS }, async () => {
  const node = await start({ VSTACK_ACCESS_LEDGER: "1" });
  try {
    expect((await put(node, network({ fault: { kind: "refuse" } }))).status).toBe(404);
    await store(node);
    expect((await take(node)).status).toBe(200);
  } finally {
    stop(node);
  }
});
