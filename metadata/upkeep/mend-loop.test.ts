import { Registry } from "prom-client";
import { beforeEach, describe, expect, it } from "vitest";
import type { ChunkServer } from "../chunk-servers.contract.ts";
import { present, segmentOf } from "../placement/placement-register.contract.ts";
import { mendLoop } from "./mend-loop.ts";
import type { UpkeepPorts } from "./upkeep-ports.ts";
import type { UpkeepWorld } from "./upkeep.contract.ts";
import { upkeepWorld } from "./upkeep.contract.ts";

const SEGMENTS = 12;
const segments = Array.from({ length: SEGMENTS }, (_, seq) => segmentOf("b", seq));
const signal = new AbortController().signal;
/** With metrics of its own. */
const loopOf = (ports: UpkeepPorts, registry = new Registry()) => mendLoop({ ...ports, registry });

describe("mendLoop()", () => {
  let world: UpkeepWorld;
  const node = (index: number): ChunkServer => present(world.nodes.servers[index]);
  const copies = async () => (await world.ports.catalog.video(world.videoId))?.copies;
  beforeEach(async () => {
    world = await upkeepWorld(3);
    node(2).away = true;
    for (const [index, position] of segments.entries()) await world.store(position, `segment ${index}`);
  });

  it("gives every chunk its third copy when the lost node is back, and the catalogue follows", async () => {
    const registry = new Registry();
    expect(await copies()).toEqual({ present: 2 * SEGMENTS, wanted: 3 * SEGMENTS });
    const loop = loopOf(world.ports, registry);
    expect(await loop.round(signal)).toBe(0);
    node(2).away = false;
    expect(await loop.round(signal)).toBe(SEGMENTS);
    for (const position of segments) {
      expect(await world.holdersOf(position)).toBe("node-1 node-2 node-3");
      expect((await world.ports.catalog.entry(position))?.record).toEqual(await world.ports.register.read(position));
    }
    expect(await copies()).toEqual({ present: 3 * SEGMENTS, wanted: 3 * SEGMENTS });
    expect(await world.ports.catalog.countAtRisk(null)).toBe(0);
    expect(await world.ports.releases.unsettledVideos()).toEqual([]);
    expect(await registry.metrics()).toMatch(/vstack_mended_chunks_total 12\n/);
  });

  it("copies only what the record says, though a holder lies", async () => {
    node(2).away = false;
    node(0).lies = true;
    expect(await loopOf(world.ports).round(signal)).toBe(SEGMENTS);
    const good = [...node(1).chunks.values()].map(({ bytes }) => Buffer.from(bytes).toString()).sort();
    expect([...node(2).chunks.values()].map(({ bytes }) => Buffer.from(bytes).toString()).sort()).toEqual(good);
  });

  it("leaves a dead holder of a whole record alone", async () => {
    node(2).away = false;
    const loop = loopOf(world.ports);
    await loop.round(signal);
    node(0).away = true;
    expect(await loop.round(signal)).toBe(0);
  });

  it("leaves a video alone while a job works on it", async () => {
    node(2).away = false;
    const loop = loopOf({ ...world.ports, isBeingStored: () => Promise.resolve(true) });
    expect(await loop.round(signal)).toBe(0);
  });

  it("waits for a node that has still to give the chunk up, as the DELETE could take the new copy", async () => {
    node(2).away = false;
    const position = present(segments[0]);
    const { hash } = present(await world.ports.register.read(position));
    await world.ports.releases.settleChunk({ position, hash, nodeIds: [idOf(world, 2)] }, world.ports.register, 0);
    const loop = loopOf(world.ports);
    expect(await loop.round(signal)).toBe(SEGMENTS - 1);
    expect(await world.holdersOf(position)).toBe("node-1 node-2");
    await world.drain();
    expect(await loop.round(signal)).toBe(1);
    expect(await world.holdersOf(position)).toBe("node-1 node-2 node-3");
  });

  it("ends a round early when nothing works, and goes on behind it in the next", async () => {
    node(2).away = false;
    let puts = 0;
    const fetch: typeof world.ports.fetch = (url, init) => {
      if (init.method !== "PUT") return world.ports.fetch(url, init);
      puts += 1;
      return Promise.resolve(new Response("{}", { status: 500 }));
    };
    const loop = loopOf({ ...world.ports, fetch });
    await loop.round(signal);
    expect(puts).toBeLessThan(SEGMENTS);
    expect(await world.ports.releases.unsettledVideos()).toEqual([]);
    await world.drain();
    expect(await loopOf(world.ports).round(signal)).toBe(SEGMENTS);
  });

  /** Every step that a kill can fall between, by a port that never answers again. */
  it.each(["storing", "deciding", "indexing"] as const)("finishes a copy that was cut short while %s", async (step) => {
    node(2).away = false;
    const position = present(segments[0]);
    const { ports } = world;
    const killed = () => Promise.reject(new Error("killed"));
    const cut = {
      storing: { ...ports, fetch: lostAnswers(world), register: { ...ports.register, propose: killed } },
      deciding: { ...ports, register: { ...ports.register, propose: killed } },
      indexing: { ...ports, catalog: { ...ports.catalog, putChunk: killed } },
    }[step];
    const dying = new AbortController();
    const dead = { ...cut, releases: { ...ports.releases, settleChunk: killed } };
    await loopOf(dead).round(dying.signal);
    expect(await ports.releases.unsettledVideos()).toEqual([world.videoId]);
    const loop = loopOf(ports);
    for (let rounds = 0; rounds < 4; rounds += 1) {
      await loop.round(signal);
      await world.drain();
    }
    for (const one of segments) expect(await world.holdersOf(one)).toBe("node-1 node-2 node-3");
    expect((await ports.catalog.entry(position))?.record.holders).toHaveLength(3);
    expect(await ports.releases.unsettledVideos()).toEqual([]);
    expect(
      await world.ports.releases.pending(
        ports.writable().map(({ nodeId }) => nodeId),
        0,
        10,
      ),
    ).toEqual([]);
  });

  it("leaves nothing on a node when the video is removed while a copy is made", async () => {
    node(2).away = false;
    const { ports, videoId } = world;
    const fetch: typeof ports.fetch = async (url, init) => {
      const answer = await ports.fetch(url, init);
      if (init.method === "PUT" && (await ports.catalog.beginRemoval(videoId))) {
        await ports.releases.releaseAll(videoId, ports.register, 0);
        await ports.register.removeByVideo(videoId);
        await ports.catalog.deleteVideo(videoId);
      }
      return answer;
    };
    await loopOf({ ...ports, fetch }).round(signal);
    await world.drain();
    expect(world.nodes.references()).toEqual([]);
  });
});

function idOf(world: UpkeepWorld, index: number) {
  return present(world.ports.writable()[index]).nodeId;
}

/** PUTs are carried out, and nobody hears of it. */
function lostAnswers(world: UpkeepWorld): UpkeepWorld["ports"]["fetch"] {
  return async (url, init) => {
    const answer = await world.ports.fetch(url, init);
    if (init.method === "PUT") throw new TypeError("The connection was lost");
    return answer;
  };
}
