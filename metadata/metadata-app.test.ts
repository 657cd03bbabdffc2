import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { VideoId } from "#core/ids.ts";
import { parseRenditionId } from "#core/ids.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { readBlockList } from "#wire/client/block-list.ts";
import { ManifestPageSchema, VIDEO_SORTS, VideoListSchema } from "#wire/contract/catalog-api.ts";
import { ClusterAnswerSchema, MetadataHealthSchema, NodesAnswerSchema } from "#wire/contract/cluster-api.ts";
import { MANIFEST_PAGE_SEGMENTS } from "#wire/contract/limits.ts";
import { sampleRendition } from "./catalog/catalog-store.contract.ts";
import { sqliteCatalog } from "./catalog/sqlite-store.ts";
import type { ChunkServers } from "./chunk-servers.contract.ts";
import { chunkServers } from "./chunk-servers.contract.ts";
import { present, rendition720, sampleRecord, segmentOf, videoIdOf } from "./placement/placement-register.contract.ts";
import type { TestServer } from "./test-server.contract.ts";
import { CLUSTER_KEY_TEXT, DEMO_240P, removeFolder, startTestServer } from "./test-server.contract.ts";

/** Real packaging on a machine that others share. */
vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });

let nodes: ChunkServers;
let server: TestServer;
let videoId: VideoId;

beforeAll(async () => {
  nodes = chunkServers(4);
  server = await startTestServer(nodes);
  const uploadId = await server.uploadFile(DEMO_240P, { filename: "demo.mp4", title: "The demo" });
  const status = await server.until(uploadId, ({ phase }) => phase === "ready" || phase === "failed");
  videoId = present(status.videoId);
  const pages = join(server.folder, "pages");
  mkdirSync(join(pages, "assets"), { recursive: true });
  writeFileSync(join(pages, "index.html"), "<title>V-Stack</title>");
  writeFileSync(join(pages, "sw.js"), "// worker");
  writeFileSync(join(pages, "assets", "main-abc.js"), "// page");
  writeFileSync(join(server.folder, "secret.txt"), "secret");
});

afterAll(async () => {
  await server.stop();
  removeFolder(server.folder);
});

const get = (path: string, headers: Record<string, string> = {}) =>
  Promise.resolve(server.app.request(path, { headers }));

describe("videos", () => {
  it("lists, searches and pages", async () => {
    const list = v.parse(VideoListSchema, await server.json("/api/videos?search=DEMO&limit=5&sort=title"));
    expect(list).toMatchObject({ total: 1, next: null, videos: [{ id: videoId, title: "The demo" }] });
    for (const query of ["limit=0", "limit=101", "sort=size", "after=x"]) {
      const answer = await get(`/api/videos?${query}`);
      expect([query, answer.status]).toEqual([query, 400]);
      expect(answer.headers.get("content-type")).toMatch(/problem\+json/);
    }
  });

  it("pages a manifest, names every holder with its address for the asker, and proves its block lists", async () => {
    const page = v.parse(
      ManifestPageSchema,
      await (await get(`/api/videos/${videoId}/manifest?rendition=240p&from=3`)).json(),
    );
    expect(page.from).toBe(3);
    expect(page.segments.map(({ seq }) => seq)[0]).toBe(3);
    expect(page.segments).toHaveLength(page.total - 3);
    const named = new Set(
      [page.init, ...page.segments].flatMap(({ record }) => record.holders.map((one) => one.nodeId)),
    );
    expect(new Set(page.nodes.map(({ id }) => id))).toEqual(named);
    for (const { record, blocks } of page.segments) expect(await readBlockList(record, blocks)).toBeDefined();
  });

  it("ends a manifest page at its limit and answers an empty one behind the end", async () => {
    const catalog = sqliteCatalog(server.db);
    const long = videoIdOf("long");
    await catalog.createVideo({ id: long, title: "Long", createdAtMs: 0 });
    const chunk = { durationSeconds: 4, record: sampleRecord("1"), blocks: "" };
    await catalog.putChunk({ ...chunk, position: { slot: "init", videoId: long, rendition: rendition720 } });
    const count = MANIFEST_PAGE_SEGMENTS + 5;
    for (let seq = 0; seq < count; seq += 1) await catalog.putChunk({ ...chunk, position: segmentOf("long", seq) });
    const path = `/api/videos/${long}/manifest?rendition=720p`;
    expect((await get(path)).status).toBe(503);
    await catalog.finishVideo(long, {
      durationSeconds: count * 4,
      renditions: [{ ...sampleRendition, segmentCount: count }],
    });
    const sizes = [];
    for (const from of [0, MANIFEST_PAGE_SEGMENTS, count]) {
      const page = v.parse(ManifestPageSchema, await server.json(`${path}&from=${from}`));
      expect(page.total).toBe(count);
      sizes.push(page.segments.length);
    }
    expect(sizes).toEqual([MANIFEST_PAGE_SEGMENTS, 5, 0]);
    expect((await get(`/api/videos/${long}/manifest?rendition=1080p`)).status).toBe(404);
    await server.app.request(`/api/videos/${long}`, { method: "DELETE" });
  });

  it("renames, finds and sorts by the new title, and refuses none and too much", async () => {
    const rename = (title: unknown) =>
      server.json(`/api/videos/${videoId}`, { method: "PATCH", body: JSON.stringify({ title }) });
    const title = '<script>alert("1")</script> \u202E🎬';
    expect(await rename(`  ${title}\n`)).toMatchObject({ id: videoId, title });
    expect(await server.json("/api/videos?search=ALERT(&sort=title")).toMatchObject({ total: 1, videos: [{ title }] });
    for (const wrong of ["", " \t", "x".repeat(201), 5, null])
      expect(await rename(wrong)).toMatchObject({ status: 400 });
    const unknown = await server.app.request(`/api/videos/${videoIdOf("z")}`, {
      method: "PATCH",
      body: '{"title":"A"}',
    });
    expect(unknown.status).toBe(404);
    expect(await rename("The demo")).toMatchObject({ title: "The demo" });
  });

  it("lists by every sort", async () => {
    for (const sort of VIDEO_SORTS) {
      expect(v.parse(VideoListSchema, await server.json(`/api/videos?sort=${sort}`)).total).toBe(1);
    }
  });

  it("counts a viewing once", async () => {
    const report = (viewing: string) =>
      server.json(`/api/videos/${videoId}/views`, { method: "POST", body: JSON.stringify({ viewing }) });
    expect(await report("viewing-0001")).toEqual({ views: 1, counted: true });
    expect(await report("viewing-0001")).toEqual({ views: 1, counted: false });
    expect(await report("x")).toMatchObject({ status: 400 });
  });

  it("answers 404 for what is no video and 405 for what cannot be done", async () => {
    expect((await get(`/api/videos/${"b".repeat(26)}`)).status).toBe(404);
    expect((await get("/api/videos/..")).status).toBe(404);
    const put = await server.app.request(`/api/videos/${videoId}`, { method: "PUT" });
    expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, HEAD, PATCH, DELETE"]);
  });
});

describe("writes from pages of other origins", () => {
  it.each(["http://evil.test", "null", "http://page.test:81"])("are refused: %s", async (origin) => {
    const answer = await server.app.request(`/api/videos/${videoId}/views`, {
      method: "POST",
      headers: { origin, host: "page.test" },
      body: JSON.stringify({ viewing: "viewing-0002" }),
    });
    expect(answer.status).toBe(403);
    const upload = await server.app.request("/api/uploads", {
      method: "POST",
      headers: { origin, host: "page.test", "tus-resumable": "1.0.0", "upload-length": "5" },
    });
    expect(upload.status).toBe(403);
  });

  it("are taken from our own", async () => {
    const answer = await server.app.request(`/api/videos/${videoId}/views`, {
      method: "POST",
      headers: { origin: "http://page.test", host: "page.test" },
      body: JSON.stringify({ viewing: "viewing-0003" }),
    });
    expect(answer.status).toBe(200);
  });
});

describe("cluster", () => {
  it("tells nodes, health and the whole by their schemas", async () => {
    await server.beat();
    const cluster = v.parse(ClusterAnswerSchema, await server.json("/api/cluster"));
    expect(cluster).toMatchObject({ lab: false, videoCount: 1, metadata: { url: "http://page.test", pid: 1 } });
    expect(v.parse(NodesAnswerSchema, await server.json("/api/nodes")).nodes).toHaveLength(4);
    for (const path of ["/api/health", "/health"]) {
      expect(v.parse(MetadataHealthSchema, await server.json(path))).toMatchObject({ status: "ok", nodesAlive: 4 });
    }
    expect(await (await get("/metrics")).text()).toMatch(/vstack_nodes_count\{state="alive"\} 4/);
  });

  it("takes a heartbeat only with the node's own capability", async () => {
    const key = await importClusterKey(CLUSTER_KEY_TEXT);
    const heartbeat = nodes.heartbeat(present(nodes.servers[0]));
    const send = async (path: string, subject: string | undefined, body: unknown = heartbeat) => {
      const capability = await mintCapability(key, { method: "HEARTBEAT", subject: subject ?? "", nowMs: Date.now() });
      const authorization = subject === undefined ? "" : `Bearer ${capability}`;
      const init = { method: "POST", headers: { authorization }, body: JSON.stringify(body) };
      return (await server.app.request(path, init)).status;
    };
    expect(await send("/api/nodes/node-1/heartbeat", "node-1")).toBe(200);
    expect(await send("/api/nodes/node-1/heartbeat", undefined)).toBe(401);
    expect(await send("/api/nodes/node-1/heartbeat", "node-2")).toBe(403);
    expect(await send("/api/nodes/node-2/heartbeat", "node-2")).toBe(400);
    expect(await send("/api/nodes/node-1/heartbeat", "node-1", { nodeId: "node-1" })).toBe(400);
  });

  it("gives a node on every interface the host name that the page was opened with", async () => {
    const wide = nodes.heartbeat(present(nodes.servers[0]));
    await server.directory.hear({ ...wide, publicUrl: "http://0.0.0.0:8081" });
    const answer = v.parse(NodesAnswerSchema, await (await get("/api/nodes", { host: "box.local:8080" })).json());
    expect(answer.nodes[0]?.url).toBe("http://box.local:8081");
    await server.directory.hear(wide);
  });
});

describe("pages", () => {
  it.each(["/", "/upload", "/devtools", "/watch/aaaaaaaaaaaaaaaaaaaaaaaaaa"])(
    "serves the document at %s under a strict policy",
    async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain("V-Stack");
      const policy = present(answer.headers.get("content-security-policy"));
      expect(policy).toContain("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src");
      expect(policy).toContain(
        "connect-src 'self' http: https:; frame-ancestors 'self'; base-uri 'none'; object-src 'none'",
      );
      expect(answer.headers.get("cache-control")).toBe("no-cache");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    },
  );

  it("lets other sites frame the embedded player and nothing else", async () => {
    const policyOf = async (path: string) => (await get(path)).headers.get("content-security-policy");
    const embed = present(await policyOf("/embed/aaaaaaaaaaaaaaaaaaaaaaaaaa"));
    expect(embed).toContain("frame-ancestors *;");
    expect(embed).toContain("default-src 'self'; script-src 'self'");
    expect(await policyOf("/watch/aaaaaaaaaaaaaaaaaaaaaaaaaa")).toContain("frame-ancestors 'self';");
    expect((await get("/embed/no-video", { accept: "text/html" })).status).toBe(404);
    expect((await policyOf("/embed/no-video")) ?? "").not.toContain("frame-ancestors *");
  });

  it("gives the worker a policy of its own, and hashed files for ever", async () => {
    const worker = await get("/sw.js");
    expect(worker.headers.get("content-security-policy")).toMatch(/connect-src 'self' http: https:; script-src 'self'/);
    expect(worker.headers.get("cache-control")).toBe("no-cache");
    expect(worker.headers.get("content-type")).toMatch(/javascript/);
    expect((await get("/assets/main-abc.js")).headers.get("cache-control")).toMatch(/immutable/);
  });

  it("answers an unknown page by the document with 404, and an unknown file by a problem", async () => {
    const page = await get("/nowhere", { accept: "text/html" });
    expect([page.status, await page.text()]).toEqual([404, "<title>V-Stack</title>"]);
    const file = await get("/assets/none.js");
    expect([file.status, file.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
    expect((await get("/api/nothing", { accept: "text/html" })).headers.get("content-type")).toMatch(/problem/);
  });

  it.each([
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/assets/../../secret.txt",
    "/.env",
    "/assets/%00",
  ])("gives nothing beside its folder: %s", async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(await answer.text()).not.toContain("secret\n");
  });

  it("answers 304 to whoever has the file", async () => {
    const etag = present((await get("/")).headers.get("etag"));
    const again = await get("/", { "if-none-match": etag });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  });
});

describe("download", () => {
  const path = () => `/api/videos/${videoId}/download`;
  const whole = async () => new Uint8Array(await (await get(path())).arrayBuffer());

  it("sends the best rendition as one file of the announced length, chunk by chunk", async () => {
    const answer = await get(path());
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("video/mp4");
    expect(answer.headers.get("content-disposition")).toBe(
      "attachment; filename=\"The demo.mp4\"; filename*=UTF-8''The%20demo.mp4",
    );
    const bytes = new Uint8Array(await answer.arrayBuffer());
    expect(String(bytes.length)).toBe(answer.headers.get("content-length"));
    const page = v.parse(ManifestPageSchema, await server.json(`/api/videos/${videoId}/manifest?rendition=240p`));
    const parts = ["init.mp4", ...page.segments.map(({ seq }) => `${seq}.m4s`)].map(async (name) =>
      Buffer.from(await (await get(`/media/${videoId}/240p/${name}`)).arrayBuffer()),
    );
    expect(Buffer.concat(await Promise.all(parts)).equals(bytes)).toBe(true);
  });

  it("goes on where an interrupted one stopped, and fetches only what is asked for", async () => {
    const bytes = await whole();
    const asked = () => nodes.servers.reduce((sum, one) => sum + (one.asked["GET"] ?? 0), 0);
    const before = asked();
    const end = await get(path(), { range: `bytes=${bytes.length - 1000}-` });
    expect(end.status).toBe(206);
    expect(Buffer.compare(new Uint8Array(await end.arrayBuffer()), bytes.slice(-1000))).toBe(0);
    expect(asked() - before).toBeLessThan(20);
    const middle = await get(path(), { range: "bytes=100000-400000", "if-range": present(end.headers.get("etag")) });
    expect(Buffer.compare(new Uint8Array(await middle.arrayBuffer()), bytes.slice(100_000, 400_001))).toBe(0);
    const changed = await get(path(), { range: "bytes=0-1", "if-range": '"other"' });
    expect(changed.status).toBe(200);
    await changed.body?.cancel();
  });

  it("fetches nothing for HEAD and no more for a client that went", async () => {
    const head = await server.app.request(path(), { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const reader = present((await get(path())).body).getReader();
    await reader.read();
    await reader.cancel();
    expect(await (await get("/metrics")).text()).toMatch(/vstack_gateway_fetches_in_flight 0/);
  });

  it("says why there is nothing to download", async () => {
    expect((await get(`/api/videos/${videoIdOf("z")}/download`)).status).toBe(404);
    expect((await get("/api/videos/nonsense/download")).status).toBe(404);
  });
});

describe("gateway", () => {
  it("serves posters and subtitles with their types, and media by no other name", async () => {
    const catalog = sqliteCatalog(server.db);
    const first = present(
      await catalog.entry({ slot: "segment", videoId, rendition: present(parseRenditionId("240p")), seq: 0 }),
    );
    const subtitles = present(parseRenditionId("subtitles-en"));
    const { renditions, durationSeconds } = present(await catalog.video(videoId));
    const chunk = { durationSeconds: 48, record: first.record, blocks: first.blocks };
    await catalog.putChunk({ ...chunk, position: { slot: "poster", videoId } });
    await catalog.putChunk({ ...chunk, position: { slot: "segment", videoId, rendition: subtitles, seq: 0 } });
    const track = { ...sampleRendition, id: subtitles, kind: "subtitles", language: "en", label: "English" } as const;
    await catalog.finishVideo(videoId, { durationSeconds, renditions: [...renditions, track] });
    const typeAt = async (path: string) => {
      const answer = await get(path);
      await answer.body?.cancel();
      return [answer.status, answer.headers.get("content-type"), answer.headers.get("x-content-type-options")];
    };
    expect(await typeAt(`/media/${videoId}/poster.jpg`)).toEqual([200, "image/jpeg", "nosniff"]);
    expect(await typeAt(`/media/${videoId}/subtitles-en/0.vtt`)).toEqual([200, "text/vtt; charset=utf-8", "nosniff"]);
    for (const path of ["subtitles-en/0.m4s", "240p/0.vtt", "subtitles-en/init.mp4"]) {
      expect((await get(`/media/${videoId}/${path}`)).status).toBe(404);
    }
    const master = await (await get(`/media/${videoId}/master.m3u8`)).text();
    expect(master).toContain('TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="English"');
    expect(await (await get(`/media/${videoId}/subtitles-en/index.m3u8`)).text()).toContain("\n0.vtt\n");
    const page = await server.json(`/api/videos/${videoId}/manifest?rendition=subtitles-en`);
    expect(page).toMatchObject({ status: 404 });
    await catalog.finishVideo(videoId, { durationSeconds, renditions });
  });

  const segment = () => `/media/${videoId}/240p/0.m4s`;
  const stored = async () => {
    const page = v.parse(ManifestPageSchema, await server.json(`/api/videos/${videoId}/manifest?rendition=240p`));
    const { hash, holders } = present(page.segments[0]).record;
    const holder = present(nodes.servers.find(({ id }) => id === holders[0]?.nodeId));
    return { bytes: present(holder.chunks.get(hash)).bytes, holders };
  };
  /** toEqual() takes half a second for the bytes of a segment. */
  const expectBytes = async (answer: Response, bytes: Uint8Array) => {
    expect(Buffer.compare(new Uint8Array(await answer.arrayBuffer()), bytes)).toBe(0);
  };

  it("sends verified segments with what players want to know", async () => {
    const { bytes } = await stored();
    const answer = await get(segment());
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-vstack-served-by")).toBe("gateway");
    expect(answer.headers.get("content-type")).toBe("video/iso.segment");
    expect(answer.headers.get("content-length")).toBe(String(bytes.length));
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("content-security-policy")).toContain("sandbox");
    await expectBytes(answer, bytes);
    const init = await get(`/media/${videoId}/240p/init.mp4`);
    expect([init.status, init.headers.get("content-type")]).toEqual([200, "video/mp4"]);
    await init.body?.cancel();
  });

  it("sends a range, refuses one behind the end, and fetches nothing for HEAD", async () => {
    const { bytes } = await stored();
    const part = await get(segment(), { range: "bytes=1000-1999" });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes 1000-1999/${bytes.length}`);
    await expectBytes(part, bytes.slice(1000, 2000));
    const tail = await get(segment(), { range: "bytes=-7" });
    await expectBytes(tail, bytes.slice(-7));
    expect((await get(segment(), { range: `bytes=${bytes.length}-` })).status).toBe(416);
    const asked = () => nodes.servers.reduce((sum, one) => sum + (one.asked["GET"] ?? 0), 0);
    const before = asked();
    const head = await server.app.request(segment(), { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(bytes.length)]);
    expect(asked()).toBe(before);
  });

  it("sends right bytes though a holder lies", async () => {
    const { bytes, holders } = await stored();
    const liar = present(nodes.servers.find(({ id }) => id === holders[0]?.nodeId));
    liar.lies = true;
    for (let round = 0; round < 5; round += 1) await expectBytes(await get(segment()), bytes);
    liar.lies = false;
  });

  it("answers a problem when no holder can be reached", async () => {
    for (const one of nodes.servers) one.away = true;
    const answer = await get(segment());
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect([502, 503]).toContain(answer.status);
    for (const one of nodes.servers) one.away = false;
  });

  it("gives its slots back when clients go", async () => {
    for (let round = 0; round < 60; round += 1) {
      const answer = await get(segment());
      await answer.body?.cancel();
    }
    const metrics = await (await get("/metrics")).text();
    expect(metrics).toMatch(/vstack_gateway_fetches_in_flight 0/);
  });

  it("writes playlists whose every address answers", async () => {
    const master = await (await get(`/media/${videoId}/master.m3u8?session=one`)).text();
    expect(master).toContain("240p/index.m3u8?session=one");
    const playlist = await (await get(`/media/${videoId}/240p/index.m3u8?session=one`)).text();
    const addresses = playlist.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(addresses.length).toBeGreaterThan(5);
    for (const address of [...addresses, "init.mp4?session=one"]) {
      const head = await server.app.request(`/media/${videoId}/240p/${address}`, { method: "HEAD" });
      expect([address, head.status]).toEqual([address, 200]);
    }
  });

  it("has nothing at other addresses", async () => {
    for (const path of [
      `/media/${videoId}/240p/999.m4s`,
      `/media/${videoId}/720p/index.m3u8`,
      "/media/x",
      `/media/${videoId}`,
    ]) {
      expect([path, (await get(path)).status]).toEqual([path, 404]);
    }
    expect((await get(`${segment()}?strategy=luck`)).status).toBe(400);
  });
});
