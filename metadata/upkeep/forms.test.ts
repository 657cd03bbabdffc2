import { beforeEach, describe, expect, it } from "vitest";
import type { Position } from "#core/placement/position.ts";
import { present } from "../placement/placement-register.contract.ts";
import type { RedundancyWorld } from "./redundancy-world.contract.ts";
import { CHUNK_BYTES, never, redundancyWorld, videoId } from "./redundancy-world.contract.ts";

describe("Redundancy changes forms", () => {
  let world: RedundancyWorld;
  let positions: Position[];
  const change = async () => {
    await world.redundancy.policyLoop.round(never);
    await world.redundancy.formLoop.round(never);
  };
  beforeEach(async () => {
    world = await redundancyWorld(6);
    positions = [];
    for (let seq = 0; seq < 4; seq += 1) positions.push(await world.store(seq));
  });

  it("from replicas to shards and back, by a person's word, and nothing is left behind", async () => {
    const before = await world.record(present(positions[0]));
    await world.redundancy.override(videoId, "erasure");
    await change();
    for (const position of positions) {
      const now = await world.record(position);
      expect(now.scheme.kind).toBe("erasure");
      expect(new Set(now.holders.map(({ nodeId }) => nodeId)).size).toBe(5);
      expect(await world.isReadable(position)).toBe(true);
    }
    // A reader with the old record is safe until the grace period is over.
    await world.drain();
    expect(await world.isReadable(present(positions[0]), before)).toBe(true);
    world.clock.advance(1000);
    await world.drain();
    for (const position of positions) expect(await world.standing(position)).toMatch(/^erasure: (node-\d\/\d ?){5}$/);
    const current = present(await world.redundancy.current(videoId));
    expect(current).toMatchObject({ form: { kind: "erasure", replicas: 0 }, override: "erasure" });
    expect(current.keptBytes / current.contentBytes).toBeLessThan(1.7);

    await world.redundancy.override(videoId, "replication");
    await change();
    world.clock.advance(1000);
    await world.drain();
    for (const position of positions) {
      expect(await world.standing(position)).toMatch(/^replication: (node-\d\/replica ?){3}$/);
      expect(await world.isReadable(position)).toBe(true);
    }
    expect(await world.ports.releases.count()).toBe(0);
  });

  it("keeps the list of block hashes with the form, and comes back to the same list", async () => {
    const position = present(positions[0]);
    const replicated = present(await world.ports.catalog.entry(position));
    await world.redundancy.override(videoId, "erasure");
    await change();
    const coded = present(await world.ports.catalog.entry(position));
    expect(coded.blocks.length).toBeGreaterThan(replicated.blocks.length);
    await world.redundancy.override(videoId, "replication");
    await change();
    expect((await world.ports.catalog.entry(position))?.blocks).toBe(replicated.blocks);
  });

  it("by what nodes served: heat keeps replicas, the cold is coded, and the decisions say why", async () => {
    await world.redundancy.setConfig({
      ...{ newSeconds: 0, dwellHotSeconds: 5, dwellColdSeconds: 5, shortHalfLifeSeconds: 10, longHalfLifeSeconds: 20 },
    });
    const serve = async (times: number) => {
      const record = await world.record(present(positions[0]));
      const heartbeat = world.nodes.heartbeat(world.node(0));
      const nodeId = present(record.holders[0]).nodeId;
      const bytes = times * positions.length * CHUNK_BYTES;
      await world.redundancy.hear({
        ...heartbeat,
        nodeId,
        served: { chunks: [{ hash: record.hash, bytes }], otherBytes: 0 },
      });
    };
    await serve(20);
    world.clock.advance(6);
    await change();
    expect((await world.redundancy.recommendation(videoId))?.because).toBe("hot");
    expect((await world.redundancy.current(videoId))?.form.kind).toBe("replication");
    world.clock.advance(120);
    await change();
    expect((await world.redundancy.current(videoId))?.form.kind).toBe("erasure");
    world.clock.advance(6);
    await serve(20);
    await change();
    expect((await world.redundancy.current(videoId))?.form.kind).toBe("replication");
    const decisions = await world.redundancy.decisions(videoId, 10);
    expect(decisions.map(({ because }) => because)).toEqual(["hot", "cold"]);
    expect(decisions[0]?.reason).toMatch(/above 12/);
  });

  it("settings, a person's choice, demand and decisions survive a restart", async () => {
    await world.redundancy.setConfig({ graceSeconds: 42, policy: "hybrid" });
    await expect(world.redundancy.setConfig({ demoteBelow: 100 })).rejects.toMatchObject({ code: "bad-request" });
    await world.redundancy.override(videoId, "erasure");
    await change();
    await world.redundancy.demand.save();
    const again = await world.restarted();
    expect(again.config()).toMatchObject({ graceSeconds: 42, policy: "hybrid", demoteBelow: 6 });
    expect((await again.current(videoId))?.override).toBe("erasure");
    expect(await again.decisions(undefined, 5)).toHaveLength(1);
    expect((await again.override(videoId, "auto"))?.override).toBe("auto");
  });

  it("waits, and says for what, while there are too few nodes", async () => {
    for (const index of [3, 4, 5]) world.node(index).away = true;
    await world.redundancy.override(videoId, "erasure");
    await change();
    expect((await world.redundancy.current(videoId))?.form.kind).toBe("replication");
    const [video] = await world.redundancy.videoStorage(never);
    expect(video?.reason).toMatch(/cannot change|waits for|missing|survives|unreadable/i);
    for (const index of [3, 4, 5]) world.node(index).away = false;
    world.clock.advance(100);
    await change();
    expect((await world.redundancy.current(videoId))?.form.kind).toBe("erasure");
  });

  it("hybrid keeps the shards and puts replicas on top by heat", async () => {
    await world.redundancy.setConfig({ policy: "hybrid", newSeconds: 0, dwellHotSeconds: 0, dwellColdSeconds: 0 });
    await change();
    expect((await world.redundancy.current(videoId))?.form).toEqual({ kind: "erasure", replicas: 0 });
    const record = await world.record(present(positions[1]));
    const heartbeat = world.nodes.heartbeat(world.node(0));
    const served = { chunks: [{ hash: record.hash, bytes: 20 * 4 * CHUNK_BYTES }], otherBytes: 0 };
    await world.redundancy.hear({ ...heartbeat, nodeId: present(record.holders[0]).nodeId, served });
    await change();
    expect((await world.redundancy.current(videoId))?.form).toEqual({ kind: "erasure", replicas: 1 });
    for (const position of positions) {
      const now = await world.record(position);
      expect(now.holders).toHaveLength(6);
      expect(await world.isReadable(position)).toBe(true);
    }
  });

  it("counts from the nodes what everything takes", async () => {
    await world.redundancy.override(videoId, "erasure");
    await change();
    world.clock.advance(1000);
    await world.drain();
    await world.redundancy.inventories.refresh(never);
    const overhead = await world.redundancy.overhead(never);
    expect(overhead).toMatchObject({
      isComplete: true,
      contentBytes: 4 * CHUNK_BYTES,
      replicationBytes: 12 * CHUNK_BYTES,
    });
    expect(present(overhead.keptBytes) / overhead.contentBytes).toBeCloseTo(5 / 3, 1);
    expect(overhead.nodes.every(({ counted }) => counted?.unnamedBytes === 0)).toBe(true);
    expect(overhead.nodes.every(({ otherBytes }) => otherBytes === 700)).toBe(true);
    expect(overhead.otherBytes).toBe(700 * overhead.nodes.length);
    const map = await world.redundancy.chunkMap({ videoId, rendition: undefined, from: 0, limit: 10 }, never);
    expect(map?.rows).toHaveLength(4);
    expect(map?.rows[0]?.pieces.map(({ state }) => state)).toEqual(Array.from({ length: 5 }, () => "intact"));
  });
});
