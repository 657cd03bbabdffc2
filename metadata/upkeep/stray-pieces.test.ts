import { beforeEach, describe, expect, it } from "vitest";
import type { NodeId } from "#core/ids.ts";
import { parseNodeId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { present, segmentOf } from "../placement/placement-register.contract.ts";
import type { Redundancy } from "./redundancy.ts";
import type { RedundancyWorld } from "./redundancy-world.contract.ts";
import { never, redundancyWorld, videoId } from "./redundancy-world.contract.ts";

const GRACE_SECONDS = 900;

describe("StrayPieces", () => {
  let world: RedundancyWorld;
  let position: Position;
  let record: ChunkRecord;
  /** Holds nothing of the chunk. */
  let idle: NodeId;

  beforeEach(async () => {
    world = await redundancyWorld(7);
    position = await world.store(0);
    await world.store(1);
    record = await world.record(position);
    idle = notHolding(record);
  });

  const notHolding = ({ holders }: ChunkRecord): NodeId =>
    present(
      world.nodes.servers
        .flatMap(({ id }) => parseNodeId(id) ?? [])
        .find((id) => !holders.some(({ nodeId }) => nodeId === id)),
    );
  const serverOf = (nodeId: NodeId) => present(world.nodes.servers.find(({ id }) => id === nodeId));
  /** As a write does that comes late, or is under way: the bytes are there, and no record names them yet. */
  const put = async (version: number, at: Position = position) => {
    const { url } = serverOf(idle);
    const bytes = present(serverOf(present(record.holders[0]).nodeId).chunks.get(record.hash)).bytes;
    const piece = { hash: record.hash, shard: null };
    await world.ports.links.put({ nodeId: idle, url }, { piece, bytes, key: positionText(at), version }, never);
  };
  const isThere = () => serverOf(idle).chunks.has(record.hash);
  const list = async (redundancy: Redundancy = world.redundancy) => {
    await redundancy.inventories.refresh(never);
    await world.drain();
  };
  /** Listed, and again after the grace, and once more: three lists in which the piece is seen. */
  const passGrace = async (redundancy?: Redundancy) => {
    await list(redundancy);
    world.clock.advance(GRACE_SECONDS + 1);
    await list(redundancy);
    world.clock.advance(GRACE_SECONDS + 1);
    await list(redundancy);
  };
  const expectWhole = async () => {
    expect(await world.standing(position)).toMatch(/^replication: (node-\d\/replica ?){3}$/);
    expect(await world.isReadable(position)).toBe(true);
  };
  /** With a copy on the idle node instead of the last holder's. */
  const withIdle = (): ChunkRecord => ({
    ...record,
    version: record.version + 1,
    holders: [...record.holders.slice(0, 2), { nodeId: idle, holds: "replica" }],
  });

  it("gives up what a late write has left, after a grace period and not before", async () => {
    await put(1);
    await list();
    world.clock.advance(GRACE_SECONDS - 1);
    await list();
    expect(isThere()).toBe(true);
    world.clock.advance(2);
    await list();
    expect(isThere()).toBe(false);
    await expectWhole();
  });

  it("counts the grace anew when the piece was named in between", async () => {
    await put(2);
    await list();
    world.clock.advance(GRACE_SECONDS - 10);
    await world.ports.register.propose(position, withIdle(), record.version);
    await world.ports.catalog.putChunk({ position, durationSeconds: 4, record: withIdle(), blocks: await blocks() });
    await list();
    const back = { ...record, version: 3 };
    await world.ports.register.propose(position, back, 2);
    await world.ports.catalog.putChunk({ position, durationSeconds: 4, record: back, blocks: await blocks() });
    world.clock.advance(20);
    await list();
    expect(isThere()).toBe(true);
    world.clock.advance(GRACE_SECONDS + 1);
    await list();
    expect(isThere()).toBe(false);
    await expectWhole();
  });

  it("leaves a piece alone whose record was decided elsewhere and not heard of: it asks the acceptors", async () => {
    await put(2);
    await world.ports.register.propose(position, withIdle(), record.version);
    await passGrace();
    expect(isThere()).toBe(true);
    expect((await world.ports.catalog.entry(position))?.record).toEqual(withIdle());
    expect(await world.isReadable(position)).toBe(true);
  });

  it("leaves a piece alone while too few acceptors can say what stands", async () => {
    await put(1);
    await list();
    world.clock.advance(GRACE_SECONDS + 1);
    const register = { ...world.ports.register, read: () => Promise.reject(new Error("no majority")) };
    await passGrace(await world.restarted({ register }));
    expect(isThere()).toBe(true);
  });

  it("leaves a change that is under way its pieces, and does not take them after it was decided", async () => {
    let putsSeen = 0;
    const stopped = new AbortController();
    const { links } = world.ports;
    const dying = await world.restarted({
      links: {
        ...links,
        put: async (...asked) => {
          const done = await links.put(...asked);
          putsSeen += 1;
          if (putsSeen === 5) stopped.abort(new Error("killed"));
          return done;
        },
      },
    });
    await dying.override(videoId, "erasure");
    await expect(dying.formLoop.round(stopped.signal)).rejects.toThrow("killed");
    const before = world.nodes.references();
    await passGrace();
    expect(world.nodes.references()).toEqual(before);
    await world.redundancy.repairLoop.round(never);
    await world.redundancy.formLoop.round(never);
    await passGrace();
    expect(await world.standing(position)).toMatch(/^erasure: (node-\d\/\d ?){5}$/);
    expect(await world.isReadable(position)).toBe(true);
  });

  it("loses to a change that puts the piece again before its release arrives", async () => {
    await put(1);
    await world.redundancy.inventories.refresh(never);
    world.clock.advance(GRACE_SECONDS + 1);
    await world.redundancy.inventories.refresh(never);
    expect(await world.ports.releases.count()).toBe(1);
    await put(2);
    await world.drain();
    expect(isThere()).toBe(true);
    await world.ports.register.propose(position, withIdle(), record.version);
    await world.ports.catalog.putChunk({ position, durationSeconds: 4, record: withIdle(), blocks: await blocks() });
    expect(await world.isReadable(position)).toBe(true);
  });

  it("keeps what is on its way to a new position for ever, as nothing was decided there", async () => {
    const fresh = segmentOf("b", 99);
    await put(1, fresh);
    await passGrace();
    await passGrace();
    expect(isThere()).toBe(true);
  });

  it.each(["a job that stores the video", "an intent"])("leaves alone what belongs to %s", async (owner) => {
    await put(1);
    if (owner === "an intent") await world.ports.releases.intend({ position, hash: record.hash, nodeIds: [idle] });
    const isBeingStored = () => Promise.resolve(owner !== "an intent");
    await passGrace(await world.restarted({ isBeingStored }));
    expect(isThere()).toBe(true);
  });

  it("gives up what was written for a version that never came, by bringing the old record there", async () => {
    await put(2);
    await passGrace();
    expect(isThere()).toBe(false);
    expect((await world.record(position)).version).toBe(2);
    await expectWhole();
  });

  it("gives up what came after its video was removed for good", async () => {
    await put(1);
    await world.ports.register.remove([position]);
    await passGrace();
    expect(isThere()).toBe(false);
  });

  async function blocks(): Promise<string> {
    return present(await world.ports.catalog.entry(position)).blocks;
  }
});
