/** Uploads that meet full disks and lost nodes; encoding.test.ts has those whose job encodes meanwhile. */
import { readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Clock } from "#wire/client/live-clock.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { ProblemSchema } from "#wire/contract/problem.ts";
import type { UploadStatus } from "#wire/contract/upload-api.ts";
import type { ChunkServer, ChunkServers } from "../chunk-servers.contract.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import { present } from "../placement/placement-register.contract.ts";
import type { TestServer } from "../test-server.contract.ts";
import { DEMO_240P, removeFolder, startTestServer, TUS } from "../test-server.contract.ts";

/** Real packaging on a machine that others share. */
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** Pauses between attempts, a minute in all, are over in a moment. */
const hastyClock: Clock = { ...liveClock, sleep: (_delayMs, signal) => liveClock.sleep(1, signal) };
const open: TestServer[] = [];

async function start(nodes: ChunkServers): Promise<TestServer> {
  const server = await startTestServer(nodes, { clock: hastyClock });
  open.push(server);
  return server;
}

afterEach(async () => {
  for (const server of open.splice(0)) {
    await server.stop().catch(() => undefined);
    removeFolder(server.folder);
  }
});

const ended = ({ phase }: UploadStatus) => ["ready", "failed", "cancelled"].includes(phase);
const waits = ({ notice }: UploadStatus) => notice?.startsWith("Waiting for storage nodes") === true;

/** Nodes that are as full as they say in their heartbeats, and answer 507 when they are full without having said so. */
function fillable(count: number) {
  const nodes = chunkServers(count);
  const [told, untold] = [new Set<ChunkServer>(), new Set<ChunkServer>()];
  const filled: ChunkServers = {
    ...nodes,
    heartbeat: (server) => ({ ...nodes.heartbeat(server), fillRatio: told.has(server) ? 0.96 : 0 }),
    fetch: (address, init) => {
      const isFull = [...untold].some(({ url }) => url === new URL(address).origin);
      return isFull && init.method === "PUT" ? Promise.resolve(fullAnswer()) : nodes.fetch(address, init);
    },
  };
  return { nodes: filled, told, untold };
}

function fullAnswer(): Response {
  const body = { type: "urn:vstack:problem:storage-full", title: "Full", status: 507 };
  return Response.json(body, { status: 507, headers: { "content-type": "application/problem+json" } });
}

describe("an upload", () => {
  it("goes to other nodes when one is full, whether that one had said so or not", async () => {
    const { nodes, told, untold } = fillable(5);
    const [first, second] = [present(nodes.servers[0]), present(nodes.servers[1])];
    told.add(first);
    untold.add(second);
    const server = await start(nodes);
    const status = await server.until(await server.uploadFile(DEMO_240P), ended);
    expect(status).toMatchObject({ phase: "ready", chunksAtRisk: 0, failure: null });
    expect(first.asked["PUT"]).toBeUndefined();
    expect([first.chunks.size, second.chunks.size]).toEqual([0, 0]);
    expect(nodes.references()).toHaveLength(status.chunksStored * 3);
  });

  it("waits when all nodes say that they are full, and goes on when there is room", async () => {
    const { nodes, told } = fillable(3);
    for (const node of nodes.servers) told.add(node);
    const server = await start(nodes);
    const uploadId = await server.uploadFile(DEMO_240P);
    const waiting = await server.until(uploadId, waits);
    expect(waiting.notice).toMatch(/not full/);
    expect(waiting.failure).toBeNull();
    expect(nodes.servers.map(({ asked }) => asked["PUT"])).toEqual([undefined, undefined, undefined]);
    told.clear();
    expect(await server.until(uploadId, ended)).toMatchObject({ phase: "ready", chunksAtRisk: 0, notice: null });
  });

  it("answers 507 when the disk fills up while bytes come in", async () => {
    const server = await start(chunkServers(3));
    const created = await server.app.request("/api/uploads", {
      method: "POST",
      headers: { ...TUS, "upload-length": "2000" },
    });
    const path = present(created.headers.get("location"));
    const file = join(server.folder, "uploads", path.replace("/api/uploads/", ""));
    const patch = (offset: number) =>
      server.app.request(path, {
        method: "PATCH",
        headers: { ...TUS, "upload-offset": String(offset), "content-type": "application/offset+octet-stream" },
        body: new Uint8Array(1000),
      });
    expect((await patch(0)).status).toBe(204);
    // A device that is always full.
    rmSync(file);
    symlinkSync("/dev/full", file);
    const head = await server.app.request(path, { method: "HEAD", headers: TUS });
    const refused = await patch(Number(head.headers.get("upload-offset")));
    expect(refused.status).toBe(507);
    const { type, detail } = v.parse(ProblemSchema, await refused.json());
    expect(type).toBe("urn:vstack:problem:storage-full");
    expect(detail).toMatch(/disk is full/);
  });
});

/** All nodes go away after so many PUTs of the cluster. */
function lostAfter(nodes: ChunkServers, puts: number): ChunkServers {
  let left = puts;
  return {
    ...nodes,
    fetch: (address, init) => {
      if (init.method === "PUT") left -= 1;
      if (left === -1) for (const node of nodes.servers) node.away = true;
      return nodes.fetch(address, init);
    },
  };
}

describe("an upload whose nodes are all lost in its middle", () => {
  const stateOf = async (server: TestServer, videoId: string) =>
    v.parse(v.object({ state: v.string() }), await server.json(`/api/videos/${videoId}`)).state;

  it("is nothing that could be watched until they are back, and then goes on by itself", async () => {
    const nodes = chunkServers(3);
    const server = await start(lostAfter(nodes, 8));
    const uploadId = await server.uploadFile(DEMO_240P);
    const waiting = await server.until(uploadId, waits);
    const videoId = present(waiting.videoId);
    expect(waiting.failure).toBeNull();
    expect(await stateOf(server, videoId)).toBe("processing");
    for (const path of [`/media/${videoId}/master.m3u8`, `/api/videos/${videoId}/download`]) {
      expect((await server.app.request(path)).ok, path).toBe(false);
    }
    for (const node of nodes.servers) node.away = false;
    const status = await server.until(uploadId, ended);
    expect(status).toMatchObject({ phase: "ready", notice: null });
    // The chunk on its way when the last node went had two copies: at risk until it is mended.
    await server.releaseLoop.drain(AbortSignal.timeout(5000));
    await server.redundancy.repairLoop.round(AbortSignal.timeout(5000));
    expect((await server.status(uploadId)).chunksAtRisk).toBe(0);
    expect(nodes.references()).toHaveLength(status.chunksStored * 3);
  });

  it("is cancelled, and the nodes give up what they have when they are back", async () => {
    const nodes = chunkServers(3);
    const server = await start(lostAfter(nodes, 8));
    const uploadId = await server.uploadFile(DEMO_240P);
    const { videoId } = await server.until(uploadId, waits);
    expect(nodes.references()).not.toEqual([]);
    const answer = await server.app.request(`/api/uploads/${uploadId}`, { method: "DELETE", headers: TUS });
    expect(answer.status).toBe(204);
    expect((await server.app.request(`/api/videos/${present(videoId)}`)).status).toBe(404);
    expect(readdirSync(join(server.folder, "uploads"))).toEqual([]);
    for (const node of nodes.servers) node.away = false;
    await vi.waitFor(async () => {
      await server.beat();
      await server.releaseLoop.drain(AbortSignal.timeout(5000));
      expect(nodes.servers.map(({ chunks }) => chunks.size)).toEqual([0, 0, 0]);
    });
  });
});
