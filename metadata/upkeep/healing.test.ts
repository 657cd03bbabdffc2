import { beforeEach, describe, expect, it } from "vitest";
import { parseNodeId } from "#core/ids.ts";
import { pieceOf } from "#core/placement/piece.ts";
import type { Position } from "#core/placement/position.ts";
import type { BadPiece } from "#wire/contract/storage-schemas.ts";
import { present } from "../placement/placement-register.contract.ts";
import type { ChunkServer } from "../chunk-servers.contract.ts";
import type { RedundancyWorld } from "./redundancy-world.contract.ts";
import { CHUNK_BYTES, damage, never, redundancyWorld, videoId } from "./redundancy-world.contract.ts";

const SEGMENTS = 6;

describe("Redundancy heals", () => {
  let world: RedundancyWorld;
  let positions: Position[];
  const repair = () => world.redundancy.repairLoop.round(never);
  /** Rounds of scrubbing, a second each. */
  const scrub = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      world.clock.advance(1);
      await world.redundancy.scrubLoop.round(never);
    }
  };
  const code = async () => {
    await world.redundancy.override(videoId, "erasure");
    await world.redundancy.formLoop.round(never);
    await cleanUp();
  };
  const cleanUp = async () => {
    world.clock.advance(1000);
    await world.drain();
  };
  const bearer = async (position: Position): Promise<ChunkServer> => {
    const { holders } = await world.record(position);
    return present(world.nodes.servers.find(({ id }) => id === holders[0]?.nodeId));
  };
  const expectWhole = async (form: RegExp) => {
    for (const position of positions) {
      expect(await world.standing(position)).toMatch(form);
      expect(await world.isReadable(position)).toBe(true);
    }
  };
  const REPLICATED = /^replication: (node-\d\/replica ?){3}$/;
  const CODED = /^erasure: (node-\d\/\d ?){5}$/;

  const fill = async () => {
    positions = [];
    for (let seq = 0; seq < SEGMENTS; seq += 1) positions.push(await world.store(seq));
  };
  beforeEach(async () => {
    world = await redundancyWorld(7);
    await fill();
  });

  it("chunks that were stored while too few nodes were there, from sources that do not lie", async () => {
    world = await redundancyWorld(3);
    world.node(2).away = true;
    await fill();
    expect(await repair()).toBe(0);
    world.node(2).away = false;
    world.node(0).lies = true;
    expect(await repair()).toBe(SEGMENTS);
    world.node(0).lies = false;
    await expectWhole(REPLICATED);
    expect(await repair()).toBe(0);
  });

  it.each([
    ["replicas", REPLICATED],
    ["shards", CODED],
  ])("%s of a dead node elsewhere, when the hold-off is over and not before", async (form, whole) => {
    if (form === "shards") await code();
    const lost = await bearer(present(positions[0]));
    lost.away = true;
    expect(await repair()).toBe(0);
    expect(world.redundancy.queue().waiting[0]?.untilSeconds).toBeGreaterThan(world.clock.wallMs() / 1000);
    world.clock.advance(901);
    expect(await repair()).toBeGreaterThan(0);
    await cleanUp();
    for (const pieces of [lost.chunks, lost.shards]) pieces.clear();
    await expectWhole(whole);
    expect(world.redundancy.queue().repair.chunksLeft).toBe(0);
  });

  it("what lies on a dead node after the rest of its hold-off when the server was restarted meanwhile", async () => {
    const lost = await bearer(present(positions[0]));
    lost.away = true;
    expect(await repair()).toBe(0);
    world.clock.advance(600);
    const [other] = world.nodes.servers.filter((server) => server !== lost);
    await world.redundancy.hear(world.nodes.heartbeat(present(other)));
    const again = await world.restarted();
    expect(await again.repairLoop.round(never)).toBe(0);
    world.clock.advance(290);
    expect(await again.repairLoop.round(never)).toBe(0);
    world.clock.advance(11);
    expect(await again.repairLoop.round(never)).toBeGreaterThan(0);
  });

  it("and waits for it from the beginning when it was back in between", async () => {
    const lost = await bearer(present(positions[0]));
    const hear = () =>
      world.redundancy.hear(world.nodes.heartbeat(present(world.nodes.servers.find((one) => !one.away))));
    lost.away = true;
    await repair();
    world.clock.advance(600);
    await hear();
    lost.away = false;
    await repair();
    world.clock.advance(6);
    await hear();
    const again = await world.restarted();
    lost.away = true;
    expect(await again.repairLoop.round(never)).toBe(0);
    world.clock.advance(890);
    expect(await again.repairLoop.round(never)).toBe(0);
  });

  it("two dead nodes at once without waiting, where one more loss would take the chunk", async () => {
    await code();
    const [first, second] = (await world.record(present(positions[0]))).holders;
    for (const server of world.nodes.servers) {
      if (server.id === first?.nodeId || server.id === second?.nodeId) server.away = true;
    }
    const urgent = await repair();
    expect(urgent).toBeGreaterThan(0);
    const { holders } = await world.record(present(positions[0]));
    const away = new Set(world.nodes.servers.filter((server) => server.away).map(({ id }) => id));
    expect(holders.filter(({ nodeId }) => !away.has(nodeId)).length).toBeGreaterThanOrEqual(4);
    expect(await world.isReadable(present(positions[0]))).toBe(true);
  });

  it.each([
    ["replicas", REPLICATED],
    ["shards", CODED],
  ])("%s of a wiped node in place, as soon as its empty disk is listed", async (form, whole) => {
    if (form === "shards") await code();
    const wiped = await bearer(present(positions[0]));
    for (const pieces of [wiped.chunks, wiped.shards]) pieces.clear();
    const versions = await Promise.all(positions.map(async (position) => (await world.record(position)).version));
    await world.redundancy.inventories.refresh(never);
    expect(await repair()).toBeGreaterThan(0);
    await expectWhole(whole);
    expect(await Promise.all(positions.map(async (one) => (await world.record(one)).version))).toEqual(versions);
    expect(world.redundancy.queue().scrub.missing).toBeGreaterThan(0);
  });

  it("flipped bytes, all of them within one cycle of scrubbing", async () => {
    await code();
    await world.redundancy.setConfig({ scrubCycleSeconds: 20 });
    for (const position of positions) damage(await bearer(position), (await world.record(position)).hash, "flip");
    await scrub(22);
    expect(world.redundancy.queue().scrub).toMatchObject({ corrupt: SEGMENTS, isTooSlow: false });
    expect(await repair()).toBe(SEGMENTS);
    await expectWhole(CODED);
    const map = present(await world.redundancy.chunkMap({ videoId, rendition: undefined, from: 0, limit: 9 }, never));
    expect(map.rows.flatMap(({ pieces }) => pieces).every(({ state }) => state === "intact")).toBe(true);
    await scrub(25);
    expect(world.redundancy.queue().scrub.completedAtSeconds).not.toBeNull();
  });

  it("a file that is gone, though the disk's books still list it, within one cycle", async () => {
    await world.redundancy.setConfig({ scrubCycleSeconds: 10 });
    const position = present(positions[2]);
    damage(await bearer(position), (await world.record(position)).hash, "lose");
    await scrub(12);
    expect(await repair()).toBe(1);
    await expectWhole(REPLICATED);
  });

  describe("what a client complains about", () => {
    /** Of one shard of a coded chunk, and of another one. */
    const twoShards = async () => {
      await code();
      const { hash, holders } = await world.record(present(positions[1]));
      const [one, other] = holders.flatMap((holder) =>
        holder.holds === "shard" ? [{ nodeId: holder.nodeId, hash, shard: holder.shard }] : [],
      );
      return [present(one), present(other)] as const;
    };
    const complain = (piece: BadPiece) => world.redundancy.report(piece);
    const serverOf = ({ nodeId }: BadPiece) => present(world.nodes.servers.find(({ id }) => id === nodeId));

    it("at once when it is true, and nothing when it is not", async () => {
      const [good, bad] = await twoShards();
      damage(serverOf(bad), bad.hash, "flip");
      expect([await complain(good), await complain(bad)]).toEqual([true, true]);
      await scrub(1);
      expect(await repair()).toBe(1);
      await expectWhole(CODED);
      expect(await complain(good)).toBe(false);
      damage(serverOf(bad), bad.hash, "flip");
      expect(await complain(bad)).toBe(true);
      await scrub(1);
      expect(await repair()).toBe(1);
      await expectWhole(CODED);
    });

    it("makes no check of what no record names there, or of a node that is away", async () => {
      const [one, other] = await twoShards();
      expect(await complain({ ...one, shard: other.shard })).toBe(false);
      expect(await complain({ ...one, nodeId: present(parseNodeId("node-9")) })).toBe(false);
      serverOf(one).away = true;
      expect(await complain(one)).toBe(false);
      expect(world.redundancy.queue().scrub.reportsWaiting).toBe(0);
    });

    it("makes nodes read no faster than a scrub may, however much is complained about, and deletes nothing", async () => {
      const server = await bearer(present(positions[0]));
      const nodeId = present(parseNodeId(server.id));
      const hashes = [...server.chunks.keys()].map((name) => pieceOf(name).hash);
      const scrubBytesPerSecond = CHUNK_BYTES / 2;
      await world.redundancy.setConfig({ scrubBytesPerSecond, scrubCycleSeconds: 30 * 86_400 });
      expect(hashes.length).toBeGreaterThan(1);
      const kept = world.nodes.references();
      for (const hash of hashes) expect(await complain({ nodeId, hash, shard: null })).toBe(true);
      const waiting = () => world.redundancy.queue().scrub.reportsWaiting;
      for (let second = 1; waiting() > 0; second += 1) {
        await scrub(1);
        // A piece larger than what is left of the budget is read all the same, and paid for later.
        const readBytes = (hashes.length - waiting()) * CHUNK_BYTES;
        expect(readBytes).toBeLessThanOrEqual(second * scrubBytesPerSecond + CHUNK_BYTES);
        expect(second).toBeLessThan(60);
      }
      expect(world.nodes.references()).toEqual(kept);
    });
  });

  it("makes a piece of proven bytes only: a rotten source is found out, and made again, too", async () => {
    await code();
    const position = present(positions[0]);
    const { hash, holders } = await world.record(position);
    const [one, other] = holders.map(({ nodeId }) => present(world.nodes.servers.find(({ id }) => id === nodeId)));
    damage(present(one), hash, "lose");
    damage(present(other), hash, "flip");
    await world.redundancy.inventories.refresh(never);
    await repair();
    expect(await world.isReadable(position)).toBe(true);
    await scrub(2);
    await repair();
    await expectWhole(CODED);
  });

  it("moves everything away from a node that leaves, and keeps it readable", async () => {
    await code();
    const leaving = await bearer(present(positions[0]));
    world.draining.add(present(parseNodeId(leaving.id)));
    expect(await repair()).toBeGreaterThan(0);
    await cleanUp();
    expect([leaving.chunks.size, leaving.shards.size]).toEqual([0, 0]);
    await expectWhole(CODED);
    expect(world.redundancy.queue().ended[0]?.kind).toBe("drain");
  });

  it("gives a node that joined its share, one piece of a chunk at most, and nothing twice", async () => {
    await code();
    await world.redundancy.rebalanceLoop.round(never);
    const joined = world.nodes.add();
    const moved = await world.redundancy.rebalanceLoop.round(never);
    await cleanUp();
    await expectWhole(/^erasure: (node-\d\/\d ?){5}$/);
    expect(joined.shards.size).toBe(moved);
    expect(await world.redundancy.rebalanceLoop.round(never)).toBe(0);
    expect(await (await world.restarted()).rebalanceLoop.round(never)).toBe(0);
  });

  it("pieces that share a failure domain move to others, and are counted while there are too few", async () => {
    const domains = (labels: string) => {
      for (const [at, server] of world.nodes.servers.entries()) server.domain = labels.charAt(at % labels.length);
    };
    const spread = async (position: Position) => {
      const { holders } = await world.record(position);
      const domainOf = (id: string) => world.nodes.servers.find((server) => server.id === id)?.domain;
      return new Set(holders.map(({ nodeId }) => domainOf(nodeId))).size;
    };
    const spreads = () => Promise.all(positions.map(spread));
    domains("aab");
    await repair();
    expect(await spreads()).toEqual(positions.map(() => 2));
    expect(world.redundancy.queue().repair.underSpread).toBe(SEGMENTS);
    domains("abc");
    expect(await repair()).toBeGreaterThan(0);
    await cleanUp();
    await expectWhole(REPLICATED);
    expect(await spreads()).toEqual(positions.map(() => 3));
    expect(await repair()).toBe(0);
    expect(world.redundancy.queue().repair.underSpread).toBe(0);
    // Five shards on three domains would survive the loss of one only: the form stays what is safer.
    await world.redundancy.override(videoId, "erasure");
    await world.redundancy.formLoop.round(never);
    await expectWhole(REPLICATED);
  });

  it("shards that share a node for want of nodes move when one has come", async () => {
    world = await redundancyWorld(6);
    await fill();
    await code();
    const { holders } = await world.record(present(positions[0]));
    const lost = world.nodes.servers.filter(({ id }) => !holders.slice(0, 4).some(({ nodeId }) => nodeId === id));
    for (const server of lost) server.away = true;
    await repair();
    world.clock.advance(901);
    await repair();
    const crowded = await world.record(present(positions[0]));
    expect(new Set(crowded.holders.map(({ nodeId }) => nodeId)).size).toBe(4);
    expect((await world.ports.catalog.video(videoId))?.copies.present).toBeLessThan(SEGMENTS * 5);
    for (const server of lost) server.away = false;
    world.clock.advance(100);
    await repair();
    await cleanUp();
    await expectWhole(CODED);
    expect(await world.ports.catalog.countAtRisk(null)).toBe(0);
  });
});
