import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Clock } from "#wire/client/live-clock.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { ProblemSchema } from "#wire/contract/problem.ts";
import type { UploadList } from "#wire/contract/upload-api.ts";
import { UploadListSchema, UploadStatusSchema } from "#wire/contract/upload-api.ts";
import type { ChunkServers } from "../chunk-servers.contract.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import { WORKING_BYTES } from "../ingest/disk-space.ts";
import { present } from "../placement/placement-register.contract.ts";
import type { TestServer } from "../test-server.contract.ts";
import { DEMO_240P, removeFolder, startTestServer, TUS } from "../test-server.contract.ts";

/** Real packaging on a machine that others share. */
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const MIB = 1024 * 1024;
/** Pauses between attempts, a minute in all, are over in a moment. */
const hastyClock: Clock = { ...liveClock, sleep: (_delayMs, signal) => liveClock.sleep(1, signal) };
const encoded = (name: string, text: string) => `${name} ${Buffer.from(text).toString("base64")}`;

describe("uploads", () => {
  let nodes: ChunkServers;
  let server: TestServer;
  let free = 0;
  let breaks = false;
  beforeEach(async () => {
    nodes = chunkServers(3);
    free = 10 * WORKING_BYTES;
    breaks = false;
    // Nodes that take everything and then deny it: a job waits for nodes that take nothing.
    const fetch: typeof nodes.fetch = (url, init) =>
      breaks && init.method === "HEAD" ? Promise.resolve(new Response(null, { status: 404 })) : nodes.fetch(url, init);
    server = await startTestServer(nodes, { fetch, freeBytes: () => Promise.resolve(free), clock: hastyClock });
  });
  afterEach(async () => {
    await server.stop();
    removeFolder(server.folder);
  });
  const list = async (): Promise<UploadList["uploads"]> =>
    v.parse(UploadListSchema, await server.json("/api/uploads")).uploads;
  const create = (sizeBytes: number, metadata = encoded("filename", "film.mp4")) =>
    Promise.resolve(
      server.app.request("/api/uploads", {
        method: "POST",
        headers: { ...TUS, "upload-length": String(sizeBytes), "upload-metadata": metadata },
      }),
    );
  const retry = (id: string) => Promise.resolve(server.app.request(`/api/uploads/${id}/retry`, { method: "POST" }));

  it("are listed while they run, newest first", async () => {
    for (const name of ["one.mp4", "two.mp4", "three.mp4"]) {
      expect((await create(1000, encoded("filename", name))).status).toBe(201);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const [newest, ...rest] = await list();
    expect([newest, ...rest].map((one) => one?.filename)).toEqual(["three.mp4", "two.mp4", "one.mp4"]);
    expect(newest).toMatchObject({ phase: "receiving", receivedBytes: 0, sizeBytes: 1000, canRetry: false });
  });

  it("that failed for a passing cause are begun again from the file that was kept", async () => {
    breaks = true;
    const id = await server.uploadFile(DEMO_240P);
    const failed = await server.until(id, ({ phase }) => phase === "failed");
    expect(await list()).toMatchObject([{ id, phase: "failed", canRetry: true }]);
    expect(nodes.references()).toEqual([]);
    breaks = false;
    const answer = await retry(id);
    expect(answer.status).toBe(202);
    expect(v.parse(UploadStatusSchema, await answer.json()).phase).not.toBe("failed");
    const ready = await server.until(id, ({ phase }) => phase === "ready" || phase === "failed");
    expect(ready).toMatchObject({ phase: "ready", videoId: failed.videoId, failure: null, chunksAtRisk: 0 });
    expect(await list()).toEqual([]);
    expect((await retry(id)).status).toBe(409);
  });

  it("that were refused for their media cannot be begun again, and are gone from the list when dismissed", async () => {
    const id = await server.upload(new TextEncoder().encode("no film at all".repeat(100)));
    const { videoId } = await server.until(id, ({ phase }) => phase === "failed");
    expect(await list()).toMatchObject([{ id, phase: "failed", canRetry: false }]);
    const answer = await retry(id);
    expect([answer.status, await detailOf(answer)]).toEqual([409, expect.stringMatching(/would fail again: /)]);
    expect((await retry("nobody")).status).toBe(404);
    await server.app.request(`/api/videos/${present(videoId)}`, { method: "DELETE" });
    expect(await list()).toEqual([]);
  });

  it("are refused before their first byte when the disk cannot take them besides the others", async () => {
    free = WORKING_BYTES + 100 * MIB;
    expect((await create(60 * MIB)).status).toBe(201);
    const refused = await create(41 * MIB);
    expect(refused.status).toBe(507);
    const { type, detail = "" } = v.parse(ProblemSchema, await refused.json());
    expect(type).toBe("urn:vstack:problem:storage-full");
    expect(detail).toMatch(/^Cannot take a file of 41 MiB as .* 356 MiB free, 60 MiB of them promised/);
    expect((await create(40 * MIB)).status).toBe(201);
    expect((await create(1)).status).toBe(507);
  });

  it("are refused with the limit that they break", async () => {
    const refusals = [
      [await create(0), 415, /empty file/],
      [await create(65 * 1024 * 1024 * MIB), 413, /./],
      [await create(1, encoded("filename", "x".repeat(256))), 400, /"filename" is wrong/],
      [await create(1, encoded("title", "x".repeat(201))), 400, /"title" is wrong/],
      [await create(1, `${encoded("group", "group-one")},${encoded("groupSize", "13")}`), 400, /"groupSize" is wrong/],
    ] as const;
    for (const [answer, status, detail] of refusals) {
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect([answer.status, await detailOf(answer)]).toEqual([status, expect.stringMatching(detail)]);
    }
    expect(await list()).toEqual([]);
  });

  it("refuses more than may be open", async () => {
    for (let count = 0; count < 100; count += 1) expect((await create(1)).status).toBe(201);
    const answer = await create(1);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(await list()).toHaveLength(100);
  });

  it.each([
    ["../../../etc/passwd", "passwd"],
    ['<img src=x onerror="alert(1)">.mp4', '<img src=x onerror="alert(1)">'],
    ["a\r\nSet-Cookie: x=y\0.mp4", "a Set-Cookie: x=y"],
    ["\u202Egnp.mp4", "\u202Egnp"],
    ["🎬 映画.mp4", "🎬 映画"],
    ["'; DROP TABLE videos; --.mp4", "'; DROP TABLE videos; --"],
    ["%s%n${x}{{y}}.mp4", "%s%n${x}{{y}}"],
    [".mp4", ".mp4"],
    ["", "Untitled video"],
  ])("take %j as a name and do nothing else with it", async (filename, title) => {
    expect((await create(1, encoded("filename", filename))).status).toBe(201);
    const [listed] = await list();
    expect(listed?.title.endsWith(title)).toBe(true);
    const videos = await server.json(`/api/videos?search=${encodeURIComponent(title)}`);
    expect(videos).toMatchObject({ total: 1 });
  });
});

async function detailOf(answer: Response): Promise<string | undefined> {
  return v.parse(ProblemSchema, await answer.json()).detail;
}
