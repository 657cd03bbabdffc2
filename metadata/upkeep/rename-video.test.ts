import * as v from "valibot";
import { beforeEach, describe, expect, it } from "vitest";
import type { Position } from "#core/placement/position.ts";
import { MetaChunkSchema } from "#wire/contract/catalog-api.ts";
import { present, segmentOf, videoIdOf } from "../placement/placement-register.contract.ts";
import { finishInterrupted } from "./finish-interrupted.ts";
import { readChunk } from "../redundancy/read-chunk.ts";
import { renameVideo } from "./rename-video.ts";
import type { UpkeepWorld } from "./upkeep.contract.ts";
import { upkeepWorld } from "./upkeep.contract.ts";

const signal = new AbortController().signal;

describe("renameVideo()", () => {
  let world: UpkeepWorld;
  let meta: Position;
  const rename = (title: string) => renameVideo({ videoId: world.videoId, title }, world.ports, signal);
  const storedTitle = async () => {
    const bytes = await readChunk(
      { record: present(await world.ports.register.read(meta)), list: null },
      world.ports,
      signal,
    );
    return v.parse(MetaChunkSchema, JSON.parse(new TextDecoder().decode(bytes))).title;
  };
  beforeEach(async () => {
    world = await upkeepWorld(4);
    meta = { slot: "meta", videoId: world.videoId };
    await world.store(segmentOf("b", 0), "segment");
    await world.store(meta, "old meta chunk");
  });

  it("decides a new meta chunk, tells the catalogue, and gives the old one up", async () => {
    const before = present(await world.ports.register.read(meta));
    expect((await rename("New title")).title).toBe("New title");
    expect(await storedTitle()).toBe("New title");
    const record = present(await world.ports.register.read(meta));
    expect(record.version).toBe(before.version + 1);
    expect((await world.ports.catalog.entry(meta))?.record).toEqual(record);
    await world.drain();
    expect(world.nodes.servers.filter(({ chunks }) => chunks.has(before.hash))).toEqual([]);
    expect((await world.holdersOf(meta)).split(" ")).toHaveLength(3);
    expect(await world.ports.releases.unsettledVideos()).toEqual([]);
  });

  it("keeps the right copies when a title comes back", async () => {
    for (const title of ["A", "B", "A", "B", "A"]) await rename(title);
    expect(await storedTitle()).toBe("A");
    await world.drain();
    expect((await world.holdersOf(meta)).split(" ")).toHaveLength(3);
    expect(world.nodes.references().filter((one) => one.endsWith("/meta"))).toHaveLength(3);
  });

  it("ends concurrent renames with one title everywhere", async () => {
    await Promise.all(["A", "B", "C", "D"].map((title) => rename(title)));
    expect((await world.ports.catalog.video(world.videoId))?.title).toBe(await storedTitle());
    await world.drain();
    expect(world.nodes.references().filter((one) => one.endsWith("/meta"))).toHaveLength(3);
  });

  it("carries any title", async () => {
    for (const title of ['<img src=x onerror="alert(1)">', "\u202Egnp\u001b[31m\n", "🎬", "'; DROP TABLE videos; --"]) {
      await rename(title);
      expect(await storedTitle()).toBe(title);
      expect((await world.ports.catalog.video(world.videoId))?.title).toBe(title);
    }
  });

  it("refuses what is not there, being stored, or cannot be stored", async () => {
    const unknown = renameVideo({ videoId: videoIdOf("c"), title: "A" }, world.ports, signal);
    await expect(unknown).rejects.toMatchObject({ code: "not-found" });
    const busy = { ...world.ports, isBeingStored: () => Promise.resolve(true) };
    const early = renameVideo({ videoId: world.videoId, title: "A" }, busy, signal);
    await expect(early).rejects.toMatchObject({ code: "not-ready" });
    for (const server of world.nodes.servers.slice(1)) server.away = true;
    await expect(rename("A")).rejects.toMatchObject({ code: "unavailable" });
    expect((await world.ports.catalog.video(world.videoId))?.title).toBe("Old title");
  });

  it("renames a failed video, of which no chunk is left", async () => {
    await world.ports.catalog.failVideo(world.videoId, "Cannot read it");
    expect((await rename("Better luck")).title).toBe("Better luck");
  });

  it("is finished after a kill between deciding and telling the catalogue", async () => {
    const { ports } = world;
    const killed = () => Promise.reject(new Error("killed"));
    const dying = { ...ports, catalog: { ...ports.catalog, renameVideo: killed } };
    await expect(renameVideo({ videoId: world.videoId, title: "New" }, dying, signal)).rejects.toThrow("killed");
    await finishInterrupted(ports, signal);
    expect((await ports.catalog.video(world.videoId))?.title).toBe("New");
    await world.drain();
    expect(world.nodes.references().filter((one) => one.endsWith("/meta"))).toHaveLength(3);
    expect(await ports.releases.unsettledVideos()).toEqual([]);
  });
});
