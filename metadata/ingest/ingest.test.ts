import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as v from "valibot";
import { sha256, toHex } from "#wire/client/digest.ts";
import { ManifestPageSchema, MetaChunkSchema, VideoSchema } from "#wire/contract/catalog-api.ts";
import { ValueSchema } from "#wire/contract/consensus-api.ts";
import type { ChunkServers } from "../chunk-servers.contract.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import { present } from "../placement/placement-register.contract.ts";
import type { TestServer } from "../test-server.contract.ts";
import { DEMO_240P, DEMO_480P, removeFolder, startTestServer, TUS } from "../test-server.contract.ts";

/** Real packaging on a machine that others share. */
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const open: TestServer[] = [];

async function start(nodes: ChunkServers, folder?: string): Promise<TestServer> {
  const server = await startTestServer(nodes, folder === undefined ? {} : { folder });
  open.push(server);
  return server;
}

afterEach(async () => {
  for (const server of open.splice(0)) {
    await server.stop().catch(() => undefined);
    removeFolder(server.folder);
  }
});

const ended = ({ phase }: { phase: string }) => ["ready", "failed", "cancelled"].includes(phase);
/** Files go right after the last phase is told. */
const filesGone = (server: TestServer) =>
  vi.waitFor(() => {
    expect(readdirSync(join(server.folder, "uploads"))).toEqual([]);
  });

async function rowsLeft(server: TestServer) {
  const count = async (table: "chunks" | "chunk_intents" | "releases") =>
    (await server.db.selectFrom(table).selectAll().execute()).length;
  const values = await server.db.selectFrom("placements").select("value_json").execute();
  return {
    chunks: await count("chunks"),
    // Registers that were emptied stay so.
    placements: values.filter(({ value_json }) => v.parse(ValueSchema, JSON.parse(value_json)).body !== null).length,
    intents: await count("chunk_intents"),
    releases: await count("releases"),
  };
}
const NOTHING = { chunks: 0, placements: 0, intents: 0, releases: 0 };

describe("ingest", () => {
  it("makes a video of an uploaded file: three copies of every chunk, and nothing else left", async () => {
    const nodes = chunkServers(5);
    const server = await start(nodes);
    const uploadId = await server.uploadFile(DEMO_240P, { filename: "a day.mp4" });
    const status = await server.until(uploadId, ended);
    expect(status).toMatchObject({ phase: "ready", title: "a day", chunksAtRisk: 0, failure: null, notice: null });
    expect(status.storedSeconds).toBeCloseTo(48, 0);

    const video = v.parse(VideoSchema, await server.json(`/api/videos/${present(status.videoId)}`));
    expect(video).toMatchObject({ state: "ready", renditions: [{ id: "240p", height: 240 }] });
    expect(video.durationSeconds).toBeCloseTo(48, 0);
    expect(video.copies).toEqual({ present: status.chunksStored * 3, wanted: status.chunksStored * 3 });
    expect(nodes.references()).toHaveLength(status.chunksStored * 3);
    expect(await rowsLeft(server)).toEqual({
      ...{ chunks: status.chunksStored, placements: status.chunksStored },
      ...{ intents: 0, releases: 0 },
    });
    await filesGone(server);
  });

  it("writes a meta chunk from which the catalogue can be made again", async () => {
    const nodes = chunkServers(3);
    const server = await start(nodes);
    const { videoId } = await server.until(await server.uploadFile(DEMO_240P), ended);
    const row = await server.db
      .selectFrom("placements")
      .select("value_json")
      .where("position", "=", `${present(videoId)}/meta`)
      .executeTakeFirstOrThrow();
    const { body } = v.parse(ValueSchema, JSON.parse(row.value_json));
    const { hash } = present(body);
    const chunk = present([...present(nodes.servers[0]).chunks].find(([name]) => name === hash))[1];
    const meta = v.parse(MetaChunkSchema, JSON.parse(new TextDecoder().decode(chunk.bytes)));
    expect(meta).toMatchObject({ videoId, title: "film" });
    expect(meta.renditions[0]?.segmentDurationsSeconds).toHaveLength(meta.renditions[0]?.segmentCount ?? -1);
  });

  it("makes renditions of one video of files in a group, in any order", async () => {
    const server = await start(chunkServers(3));
    const group = { group: "group-0001", groupSize: "2", title: "Both" };
    const first = await server.uploadFile(DEMO_480P, { ...group, filename: "b.mp4" });
    expect(await server.status(first)).toMatchObject({ phase: "waiting" });
    const second = await server.uploadFile(DEMO_240P, { ...group, filename: "a.mp4" });
    const [a, b] = [await server.until(first, ended), await server.until(second, ended)];
    expect(a.videoId).toBe(b.videoId);
    expect(a).toMatchObject({ phase: "ready", title: "Both" });
    expect(a.durationSeconds).toBeCloseTo(48, 0);
    const video = v.parse(VideoSchema, await server.json(`/api/videos/${present(a.videoId)}`));
    expect(video.renditions.map(({ id }) => id).sort()).toEqual(["240p", "480p"]);
    await expect(server.upload(new Uint8Array(10), { ...group, groupSize: "1" })).resolves.toBeTypeOf("string");
  });

  it("refuses a third file of a group of two, and another size of the group", async () => {
    const server = await start(chunkServers(0));
    const group = { group: "group-0001", groupSize: "2" };
    await server.upload(new Uint8Array(10), group);
    await expect(server.upload(new Uint8Array(10), { ...group, groupSize: "3" })).rejects.toThrow(/409.*2 files/s);
    await server.upload(new Uint8Array(10), group);
    await expect(server.upload(new Uint8Array(10), group)).rejects.toThrow(/409.*are there/s);
  });

  it("refuses what is no video, says what would help, and leaves a failed row alone", async () => {
    const nodes = chunkServers(3);
    const server = await start(nodes);
    const uploadId = await server.upload(new TextEncoder().encode("just some words"), { filename: "notes.txt" });
    const status = await server.until(uploadId, ended);
    expect(status.phase).toBe("failed");
    expect(status.failure).toMatchObject({ code: "not-media" });
    expect(status.failure?.advice).toMatch(/MP4/);
    expect(await server.json(`/api/videos/${present(status.videoId)}`)).toMatchObject({ state: "failed" });
    expect(nodes.references()).toEqual([]);
    expect(await rowsLeft(server)).toEqual(NOTHING);
    await filesGone(server);
  });

  it("gives up every chunk of a file that turns out damaged in its middle", async () => {
    const nodes = chunkServers(4);
    const server = await start(nodes);
    const whole = await readFile(DEMO_240P);
    // The demo has its index in front: the first segments can be read, then the bytes end.
    const uploadId = await server.upload(whole.subarray(0, Math.round(whole.length * 0.6)));
    const status = await server.until(uploadId, ended);
    expect(status).toMatchObject({ phase: "failed", failure: { code: "damaged" } });
    expect(Math.max(...nodes.servers.map(({ asked }) => asked["PUT"] ?? 0))).toBeGreaterThan(0);
    expect(nodes.references()).toEqual([]);
    expect(await rowsLeft(server)).toEqual(NOTHING);
    await filesGone(server);
  });

  it("cancels in the middle of storing and leaves nothing behind", async () => {
    const nodes = chunkServers(4);
    const server = await start(nodes);
    const puts = holdPutsAfter(nodes, 4);
    const uploadId = await server.uploadFile(DEMO_240P);
    const { videoId } = await server.until(uploadId, () => puts.held() > 0);
    const answer = await server.app.request(`/api/uploads/${uploadId}`, { method: "DELETE", headers: TUS });
    expect(answer.status).toBe(204);
    expect(await server.status(uploadId)).toMatchObject({ phase: "cancelled", videoId: null });
    expect((await server.app.request(`/api/videos/${present(videoId)}`)).status).toBe(404);
    expect(nodes.references()).toEqual([]);
    expect(await rowsLeft(server)).toEqual(NOTHING);
    await filesGone(server);
    puts.release();
  });

  it("waits for nodes, says so, and goes on when there are two", async () => {
    const nodes = chunkServers(2);
    for (const node of nodes.servers) node.away = true;
    const server = await start(nodes);
    const uploadId = await server.uploadFile(DEMO_240P);
    const waiting = await server.until(uploadId, ({ phase }) => phase === "waiting");
    expect(waiting.notice).toMatch(/at least 2/);
    for (const node of nodes.servers) node.away = false;
    const status = await server.until(uploadId, ended);
    expect(status).toMatchObject({ phase: "ready", notice: null });
    expect(status.chunksAtRisk).toBe(status.chunksStored);
  });

  it("begins an interrupted job again after a restart, with no chunk that no record names", async () => {
    const nodes = chunkServers(5);
    const first = await start(nodes);
    const puts = holdPutsAfter(nodes, 8);
    const uploadId = await first.uploadFile(DEMO_240P);
    await first.until(uploadId, () => puts.held() > 0);
    await first.stop();
    puts.release();
    const second = await start(nodes, first.folder);
    const status = await second.until(uploadId, ended);
    expect(status.phase).toBe("ready");
    await second.releaseLoop.drain(AbortSignal.timeout(5000));
    expect(nodes.references()).toHaveLength(status.chunksStored * 3);
    expect(await rowsLeft(second)).toMatchObject({ intents: 0, releases: 0 });
  });

  it("goes on with an upload that a stop cut", async () => {
    const nodes = chunkServers(3);
    const first = await start(nodes);
    const bytes = await readFile(DEMO_240P);
    const created = await first.app.request("/api/uploads", {
      method: "POST",
      headers: { ...TUS, "upload-length": String(bytes.length) },
    });
    const path = present(created.headers.get("location"));
    const patch = (server: TestServer, from: number, to: number) =>
      server.app.request(path, {
        method: "PATCH",
        headers: { ...TUS, "upload-offset": String(from), "content-type": "application/offset+octet-stream" },
        body: bytes.subarray(from, to),
      });
    await patch(first, 0, 1000);
    await first.stop();
    const second = await start(nodes, first.folder);
    const head = await second.app.request(path, { method: "HEAD", headers: TUS });
    expect(head.headers.get("upload-offset")).toBe("1000");
    expect((await patch(second, 1000, bytes.length)).status).toBe(204);
    expect(await second.until(path.replace("/api/uploads/", ""), ended)).toMatchObject({ phase: "ready" });
  });

  it("removes a video from nodes that are there now and from one that comes back later", async () => {
    const nodes = chunkServers(3);
    const server = await start(nodes);
    const { videoId, chunksStored } = await server.until(await server.uploadFile(DEMO_240P), ended);
    const away = present(nodes.servers[1]);
    away.away = true;
    const answer = await server.app.request(`/api/videos/${present(videoId)}`, { method: "DELETE" });
    expect(answer.status).toBe(204);
    expect(nodes.references()).toHaveLength(chunksStored);
    away.away = false;
    await server.releaseLoop.drain(AbortSignal.timeout(5000));
    expect(nodes.references()).toEqual([]);
    expect(await rowsLeft(server)).toEqual(NOTHING);
    expect((await server.app.request(`/api/videos/${present(videoId)}`, { method: "DELETE" })).status).toBe(404);
  });

  it("finishes a removal that a crash cut short", async () => {
    const nodes = chunkServers(3);
    const first = await start(nodes);
    const { videoId } = await first.until(await first.uploadFile(DEMO_240P), ended);
    await first.db.updateTable("videos").set({ state: "removing" }).execute();
    await first.stop();
    const second = await start(nodes, first.folder);
    expect(nodes.references()).toEqual([]);
    expect(await rowsLeft(second)).toEqual(NOTHING);
    expect((await second.app.request(`/api/videos/${present(videoId)}`)).status).toBe(404);
  });

  it("stores bytes that are the packaged segments: the manifest's hashes are those of what the nodes hold", async () => {
    const nodes = chunkServers(3);
    const server = await start(nodes);
    const { videoId } = await server.until(await server.uploadFile(DEMO_240P), ended);
    const manifest = v.parse(
      ManifestPageSchema,
      await server.json(`/api/videos/${present(videoId)}/manifest?rendition=240p&from=0`),
    );
    for (const { record } of [manifest.init, ...manifest.segments]) {
      const bytes = present(nodes.servers[0]?.chunks.get(record.hash)).bytes;
      expect(toHex(await sha256(bytes))).toBe(record.hash);
      expect(bytes.length).toBe(record.sizeBytes);
    }
  });

  it("tells a finished upload by one event and closes", async () => {
    const server = await start(chunkServers(3));
    const uploadId = await server.uploadFile(DEMO_240P);
    const answer = await server.app.request(`/api/uploads/${uploadId}/events`);
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    const events = (await answer.text()).split("\n\n").filter((event) => event.startsWith("event: status"));
    expect(events.at(-1)).toMatch(/"phase":"ready"/);
    expect((await server.app.request("/api/uploads/nobody/events")).status).toBe(404);
  });

  it("answers errors of the upload protocol as problem documents", async () => {
    const server = await start(chunkServers(0));
    const missing = await server.app.request("/api/uploads/abc", { method: "HEAD", headers: TUS });
    expect(missing.status).toBe(404);
    const wrong = await server.app.request("/api/uploads", { method: "POST" });
    expect(wrong.headers.get("content-type")).toMatch(/problem\+json/);
    expect(wrong.status).toBe(412);
    const empty = server.upload(new Uint8Array(0));
    await expect(empty).rejects.toThrow(/415/);
    const large = await server.app.request("/api/uploads", {
      method: "POST",
      headers: { ...TUS, "upload-length": String(65 * 1024 ** 3) },
    });
    expect(large.status).toBe(413);
  });
});

/** Lets a number of PUTs pass on all nodes together, then holds the rest. */
function holdPutsAfter(nodes: ChunkServers, free: number) {
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  let left = free;
  let held = 0;
  for (const node of nodes.servers) {
    Object.defineProperty(node, "gate", {
      get() {
        left -= 1;
        if (left >= 0) return undefined;
        held += 1;
        return gate;
      },
    });
  }
  return { held: () => held, release };
}
