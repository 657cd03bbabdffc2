/** Jobs that encode: cancelled, cut short, waiting for their turn or for nodes. Real ffmpeg, storage nodes in memory. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Clock } from "#wire/client/live-clock.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import type { UploadStatus } from "#wire/contract/upload-api.ts";
import type { ChunkServers } from "../chunk-servers.contract.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import { present } from "../placement/placement-register.contract.ts";
import type { TestServer } from "../test-server.contract.ts";
import { DEMO_240P, removeFolder, startTestServer, TUS } from "../test-server.contract.ts";
import { requireFfmpeg } from "./media-files.contract.ts";

/** Real encoding on a machine that others share. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Pauses between attempts, minutes in all, are over in a moment. */
const hastyClock: Clock = { ...liveClock, sleep: (_delayMs, signal) => liveClock.sleep(1, signal) };
const ffmpeg = await requireFfmpeg();
const media = mkdtempSync(join(tmpdir(), "vstack-encoding-"));
const open: TestServer[] = [];
const film = join(media, "film.avi");
/** Nine chunks of one quality. */
const FILM_SECONDS = 32;

beforeAll(async () => {
  // Noise, so that what comes out is more than the pipes hold: ffmpeg cannot be done before its reader is.
  const noise = `testsrc2=size=320x180:rate=25:duration=${FILM_SECONDS},noise=alls=60:allf=t`;
  const pictures = ["-f", "lavfi", "-i", noise, "-c:v", "mpeg4", "-q:v", "3"];
  await promisify(execFile)("ffmpeg", ["-v", "error", "-y", "-nostdin", ...pictures, film]);
});
afterEach(async () => {
  for (const server of open.splice(0)) {
    await server.stop().catch(() => undefined);
    removeFolder(server.folder);
  }
});
afterAll(() => {
  rmSync(media, { recursive: true, force: true });
});

async function start(nodes: ChunkServers, options: Parameters<typeof startTestServer>[1] = {}): Promise<TestServer> {
  const server = await startTestServer(nodes, { ffmpeg, ...options });
  open.push(server);
  return server;
}

/** Storage nodes whose PUTs for one video are held after so many. */
function holding(nodes: ChunkServers, free: number) {
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const state = { videoId: "", puts: 0, held: 0 };
  const fetch: ChunkServers["fetch"] = async (address, init) => {
    const isOfVideo = new URL(address).searchParams.get("position")?.startsWith(state.videoId) === true;
    if (init.method === "PUT" && isOfVideo) {
      state.puts += 1;
      if (state.puts > free) {
        state.held += 1;
        init.signal?.throwIfAborted();
        const givenUp = new Promise((resolve) => init.signal?.addEventListener("abort", resolve, { once: true }));
        await Promise.race([gate, givenUp]);
        init.signal?.throwIfAborted();
      }
    }
    return await nodes.fetch(address, init);
  };
  return { state, fetch, release };
}

/** Programs below this process, by their names. */
function childNames(): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [, name, parent] = /^\d+ \((.*)\) \w (\d+)/.exec(text) ?? [];
      return name !== undefined && Number(parent) === process.pid ? [name] : [];
    } catch {
      return [];
    }
  });
}
const noFfmpegLeft = () =>
  vi.waitFor(() => {
    expect(childNames().filter((name) => /ffmpeg|ffprobe|prlimit/.test(name))).toEqual([]);
  });

const upload = async (server: TestServer, path: string) =>
  server.upload(await readFile(path), { filename: "film.avi" });
const over = ({ phase }: UploadStatus) => phase === "ready" || phase === "failed";
const ended = (server: TestServer, uploadId: string) =>
  vi.waitUntil(
    async () => {
      await server.beat();
      const status = await server.status(uploadId);
      return over(status) ? status : undefined;
    },
    { timeout: 50_000, interval: 10 },
  );

describe("a job that encodes", () => {
  it("is cancelled in its middle: ffmpeg ends and nothing is left", async () => {
    const nodes = chunkServers(4);
    const puts = holding(nodes, 4);
    const server = await start(nodes, { fetch: puts.fetch });
    const uploadId = await upload(server, film);
    await server.until(uploadId, () => puts.state.held > 0);
    expect(childNames()).toContain("ffmpeg");
    const answer = await server.app.request(`/api/uploads/${uploadId}`, { method: "DELETE", headers: TUS });
    expect(answer.status).toBe(204);
    await noFfmpegLeft();
    expect(nodes.references()).toEqual([]);
    expect(readdirSync(join(server.folder, "uploads"))).toEqual([]);
  });

  it("is cut short by a stop and done again at the next start, with no chunk that no record names", async () => {
    const nodes = chunkServers(4);
    const puts = holding(nodes, 12);
    const first = await start(nodes, { fetch: puts.fetch });
    const uploadId = await upload(first, film);
    await first.until(uploadId, () => puts.state.held > 0);
    await first.stop();
    await noFfmpegLeft();
    puts.release();
    const second = await start(nodes, { folder: first.folder });
    const status = await ended(second, uploadId);
    expect(status).toMatchObject({ phase: "ready", chunksAtRisk: 0, failure: null });
    expect(status.durationSeconds).toBeCloseTo(FILM_SECONDS, 0);
    await second.releaseLoop.drain(AbortSignal.timeout(5000));
    expect(nodes.references()).toHaveLength(status.chunksStored * 3);
  });

  it("holds up neither what is only repackaged nor, for longer than its turn, what also encodes", async () => {
    const nodes = chunkServers(3);
    const puts = holding(nodes, 3);
    const server = await start(nodes, { fetch: puts.fetch });
    const slow = await upload(server, film);
    puts.state.videoId = present((await server.status(slow)).videoId);
    await server.until(slow, () => puts.state.held > 0);
    const second = await upload(server, film);
    const waiting = await server.until(second, ({ notice }) => notice !== null);
    expect(waiting.notice).toBe("Waiting for its turn: another video is being re-encoded");
    const quick = [await server.uploadFile(DEMO_240P), await server.uploadFile(DEMO_240P)];
    for (const uploadId of quick) expect(await ended(server, uploadId)).toMatchObject({ phase: "ready" });
    expect((await server.status(slow)).phase).toBe("packaging");
    puts.release();
    for (const uploadId of [slow, second]) {
      expect(await ended(server, uploadId)).toMatchObject({ phase: "ready", notice: null });
    }
  });
});

describe("a job that loses nodes", () => {
  it("goes on with two copies when one of three is lost, and says what is at risk", async () => {
    const nodes = chunkServers(3);
    const puts = holding(nodes, 6);
    const server = await start(nodes, { fetch: puts.fetch, clock: hastyClock });
    const uploadId = await upload(server, film);
    await server.until(uploadId, () => puts.state.held > 0);
    present(nodes.servers[1]).away = true;
    puts.release();
    const status = await ended(server, uploadId);
    expect(status).toMatchObject({ phase: "ready", failure: null });
    expect(status.chunksAtRisk).toBeGreaterThan(0);
  });

  it.each([2, 3])("waits, says why, and goes on when they return: %i of three lost", async (lost) => {
    const nodes = chunkServers(3);
    const puts = holding(nodes, 6);
    const server = await start(nodes, { fetch: puts.fetch, clock: hastyClock });
    const uploadId = await upload(server, film);
    await server.until(uploadId, () => puts.state.held > 0);
    for (const node of nodes.servers.slice(0, lost)) node.away = true;
    puts.release();
    const waiting = await server.until(uploadId, ({ notice }) => notice !== null);
    expect(waiting.phase).toBe("packaging");
    expect(waiting.notice).toMatch(/^Waiting for storage nodes/);
    const { chunksStored } = waiting;
    for (const node of nodes.servers) node.away = false;
    const status = await ended(server, uploadId);
    expect(status).toMatchObject({ phase: "ready", failure: null, notice: null });
    expect(status.chunksStored).toBeGreaterThan(chunksStored);
    await server.releaseLoop.drain(AbortSignal.timeout(5000));
    expect(new Set(nodes.references()).size).toBeGreaterThanOrEqual(status.chunksStored * 2);
  });

  it("waits when every disk is full, and goes on when there is room", async () => {
    const nodes = chunkServers(3);
    let isFull = true;
    const fetch: ChunkServers["fetch"] = (address, init) =>
      isFull && init.method === "PUT" ? Promise.resolve(fullAnswer()) : nodes.fetch(address, init);
    const server = await start(nodes, { fetch, clock: hastyClock });
    const uploadId = await server.uploadFile(DEMO_240P);
    const waiting = await server.until(uploadId, ({ notice }) => notice !== null);
    expect(waiting.failure).toBeNull();
    expect(waiting.notice).toMatch(/^Waiting for storage nodes/);
    expect(nodes.references()).toEqual([]);
    isFull = false;
    expect(await ended(server, uploadId)).toMatchObject({ phase: "ready", chunksAtRisk: 0 });
  });
});

function fullAnswer(): Response {
  const body = { type: "urn:vstack:problem:storage-full", title: "Full", status: 507 };
  return Response.json(body, { status: 507, headers: { "content-type": "application/problem+json" } });
}
