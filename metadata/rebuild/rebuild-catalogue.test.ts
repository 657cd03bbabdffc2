import { rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { groupOfVideo } from "#core/placement/groups.ts";
import { parseVideoId } from "#core/ids.ts";
import type { RebuildState } from "#wire/contract/consensus-view-api.ts";
import { ConsensusAnswerSchema, RebuildStateSchema } from "#wire/contract/consensus-view-api.ts";
import type { ChunkServers } from "../chunk-servers.contract.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import { present } from "../placement/placement-register.contract.ts";
import type { TestServer } from "../test-server.contract.ts";
import { DEMO_240P, removeFolder, startTestServer } from "../test-server.contract.ts";

/** Real packaging on a machine that others share. */
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const WITHOUT_VIEWS = { views: 0 };

async function catalogueOf(server: TestServer): Promise<unknown> {
  const list = v.parse(
    v.object({ videos: v.array(v.looseObject({ id: v.string() })) }),
    await server.json("/api/videos?sort=oldest"),
  );
  const videos = list.videos.map(async ({ id }) => {
    const video = v.parse(
      v.looseObject({ renditions: v.array(v.looseObject({ id: v.string() })) }),
      await server.json(`/api/videos/${id}`),
    );
    const pages = video.renditions.map(({ id: name }) => server.json(`/api/videos/${id}/manifest?rendition=${name}`));
    return { video: { ...video, ...WITHOUT_VIEWS }, pages: await Promise.all(pages) };
  });
  return await Promise.all(videos);
}

/** Begins it and waits for its end. */
async function rebuild(server: TestServer): Promise<RebuildState> {
  await server.app.request("/api/consensus/rebuild", { method: "POST" });
  await server.rebuild.ended();
  return v.parse(RebuildStateSchema, await server.json("/api/consensus/rebuild"));
}

describe("rebuildCatalogue()", () => {
  let nodes: ChunkServers;
  let server: TestServer;
  let catalogue: unknown;
  let videoIds: string[];
  const forgetful = async (): Promise<void> => {
    await server.stop();
    for (const end of ["", "-wal", "-shm"]) rmSync(join(server.folder, `catalogue.db${end}`), { force: true });
    server = await startTestServer(nodes, { folder: server.folder });
  };
  beforeEach(async () => {
    nodes = chunkServers(5);
    server = await startTestServer(nodes);
    videoIds = [];
    for (const title of ["One", "Two"]) {
      const uploadId = await server.uploadFile(DEMO_240P, { filename: "demo.mp4", title });
      videoIds.push(present((await server.until(uploadId, ({ phase }) => phase === "ready")).videoId));
    }
    await server.app.request(`/api/videos/${present(videoIds[0])}`, { method: "PATCH", body: '{"title":"Renamed"}' });
    // What is still to be given up is known to the lost database alone.
    await server.releaseLoop.drain(AbortSignal.timeout(5000));
    catalogue = await catalogueOf(server);
  });
  afterEach(async () => {
    await server.stop();
    removeFolder(server.folder);
  });

  it("brings the same catalogue back from the nodes, titles and manifests included, and may be repeated", async () => {
    await forgetful();
    expect(await catalogueOf(server)).toEqual([]);
    const state = await rebuild(server);
    expect(state).toMatchObject({ phase: "done", failure: null, problems: [], videosDone: 2, unfinished: 0 });
    expect(await catalogueOf(server)).toEqual(catalogue);
    expect(await rebuild(server)).toMatchObject({ phase: "done", chunksDone: 0 });
    expect(await catalogueOf(server)).toEqual(catalogue);
    // What was decided before can be changed on.
    const path = `/api/videos/${present(videoIds[0])}`;
    const renamed = await server.app.request(path, { method: "PATCH", body: '{"title":"Again"}' });
    expect(renamed.status).toBe(200);
    expect((await server.app.request(path, { method: "DELETE" })).status).toBe(204);
    await server.releaseLoop.drain(AbortSignal.timeout(5000));
    const left = nodes.references().filter((reference) => reference.includes(present(videoIds[0])));
    expect(left).toEqual([]);
  });

  it("brings coded videos back from any three of five shards, with the hashes of their parity, as what they are", async () => {
    const ids = videoIds.map((id) => present(parseVideoId(id)));
    for (const id of ids) await server.redundancy.override(id, "erasure");
    const isCoded = async () => {
      const videos = await server.redundancy.videoStorage(AbortSignal.timeout(5000));
      return videos.every(({ form, formShare }) => form.kind === "erasure" && formShare > 0.95);
    };
    // A slow machine takes longer than nodes may be silent: they are late then, and believed again after two heartbeats.
    for (let rounds = 0; rounds < 20 && !(await isCoded()); rounds += 1) {
      for (let beats = 0; beats < 2; beats += 1) await server.beat();
      server.redundancy.formLoop.wake();
      await server.redundancy.formLoop.round(AbortSignal.timeout(20_000));
    }
    for (let beats = 0; beats < 2; beats += 1) await server.beat();
    catalogue = await catalogueOf(server);
    expect(JSON.stringify(catalogue)).toContain('"kind":"erasure"');
    for (const index of [0, 1]) present(nodes.servers[index]).away = true;
    await forgetful();
    expect(await rebuild(server)).toMatchObject({ phase: "done", problems: [], videosDone: 2 });
    for (const index of [0, 1]) present(nodes.servers[index]).away = false;
    for (let beats = 0; beats < 2; beats += 1) await server.beat();
    expect(await catalogueOf(server)).toEqual(catalogue);
    for (const id of ids) expect((await server.redundancy.current(id))?.form.kind).toBe("erasure");
  });

  it("refuses to begin anew on nodes of an earlier catalogue, and says what to do", async () => {
    await forgetful();
    const view = async () => v.parse(ConsensusAnswerSchema, await server.json("/api/consensus"));
    const uploadId = await server.uploadFile(DEMO_240P, { filename: "demo.mp4" });
    const waiting = await server.until(uploadId, ({ notice }) => notice?.includes("rebuild-catalogue") === true);
    expect(waiting.phase).not.toBe("ready");
    expect(await view()).toMatchObject({ needsRebuild: true, groups: [] });
    expect((await view()).acceptors.map(({ standing }) => standing)).toEqual(Array(5).fill("foreign"));
    expect(await rebuild(server)).toMatchObject({ phase: "done", videosDone: 2 });
    await server.until(uploadId, ({ phase }) => phase === "ready");
    expect(await view()).toMatchObject({ needsRebuild: false });
  });

  it("does with two nodes away what a majority of every group allows, and refuses with three", async () => {
    for (const index of [0, 1, 2]) present(nodes.servers[index]).away = true;
    await forgetful();
    // A node that was never heard is known by what the others say of it.
    const refused = await rebuild(server);
    expect(refused.phase).toBe("failed");
    expect(refused.failure).toMatch(/needs 3 of 5 members of epoch 1.*node-1, node-2, node-3.*bring those nodes back/);
    present(nodes.servers[0]).away = false;
    await server.beat();
    expect(await rebuild(server)).toMatchObject({ phase: "done", videosDone: 2, problems: [] });
  });

  it("gives up what is left of a video that was being stored", async () => {
    const cut = present(parseVideoId(present(videoIds[1])));
    const meta = { slot: "meta", videoId: cut } as const;
    await server.consensus.register.remove([meta]);
    await forgetful();
    expect(await rebuild(server)).toMatchObject({ phase: "done", unfinished: 1 });
    await server.releaseLoop.drain(AbortSignal.timeout(5000));
    const left = nodes.references().filter((one) => one.includes(cut) && !one.endsWith("/meta"));
    expect(left).toEqual([]);
    expect(await server.consensus.register.listByVideo(cut, "", 10)).toEqual([]);
  });

  it("does not trust votes under epochs that were used: the groups vote in newer ones", async () => {
    await forgetful();
    await rebuild(server);
    const group = groupOfVideo(present(parseVideoId(present(videoIds[0]))));
    const state = present(await server.consensus.master.state(group));
    expect(present(state.active).epoch).toBeGreaterThan(1);
    for (const { acceptor } of nodes.servers) {
      const memory = acceptor.groups.get(group);
      if (memory !== undefined) expect(memory.sealedEpoch).toBe(present(state.active).epoch);
    }
  });
});
