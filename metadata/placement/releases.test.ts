import { beforeEach, describe, expect, it } from "vitest";
import { parseNodeId } from "#core/ids.ts";
import { positionText } from "#core/placement/position.ts";
import type { Database } from "../database/open-database.ts";
import { IN_MEMORY, openDatabase } from "../database/open-database.ts";
import { memoryRegister } from "./memory-register.ts";
import { present, sampleRecord, segmentOf, videoIdOf } from "./placement-register.contract.ts";
import type { PlacementRegister } from "./placement-register.ts";
import type { Releases } from "./releases.ts";
import { sqliteReleases } from "./releases.ts";

const node = (number: number) => present(parseNodeId(`node-${number}`));
const all = [1, 2, 3, 4, 5].map(node);
const position = segmentOf("b", 0);
const record = sampleRecord("1");
const intent = { position, hash: record.hash, nodeIds: all };
const videoId = videoIdOf("b");

describe("sqliteReleases()", () => {
  let db: Database;
  let releases: Releases;
  let register: PlacementRegister;
  const pending = (nowMs = 0) => releases.pending({ nodeIds: all, after: 0, nowMs, limit: 100 });
  const released = async () => (await pending()).map(({ piece }) => piece.nodeId).sort();
  beforeEach(() => {
    db = openDatabase(IN_MEMORY);
    releases = sqliteReleases(db);
    register = memoryRegister();
  });

  it("settle() keeps the holders' copies and gives up what other nodes may have", async () => {
    await releases.intend(intent);
    await releases.withdraw({ ...intent, nodeIds: [node(5)] });
    await register.propose(position, record, null);
    await releases.settle(videoId, register, 0);
    expect(await released()).toEqual([node(4)]);
  });

  it("settle() gives up the copies of another chunk that an earlier run put at the position", async () => {
    await releases.intend({ ...intent, hash: sampleRecord("2").hash, nodeIds: [node(1)] });
    await releases.intend({ ...intent, nodeIds: all.slice(0, 3) });
    await register.propose(position, record, null);
    await releases.settle(videoId, register, 0);
    const [only, ...rest] = await pending();
    expect([only?.piece.nodeId, only?.hash, rest]).toEqual([node(1), sampleRecord("2").hash, []]);
  });

  it("intend() remembers the nodes of an earlier run", async () => {
    await releases.intend({ ...intent, nodeIds: [node(4)] });
    await releases.intend({ ...intent, nodeIds: all.slice(0, 3) });
    await register.propose(position, record, null);
    await releases.settle(videoId, register, 0);
    expect(await released()).toEqual([node(4)]);
  });

  it("intend() takes back what was to be given up at the same place", async () => {
    await releases.intend(intent);
    await releases.releaseAll(videoId, register, 0);
    await releases.intend({ ...intent, nodeIds: [node(1), node(2)] });
    expect(await released()).toEqual([node(3), node(4), node(5)]);
  });

  it("releaseAll() gives up placed chunks and intended ones, each once", async () => {
    await register.propose(position, record, null);
    await releases.intend({ ...intent, nodeIds: [node(3), node(4)] });
    await releases.releaseAll(videoId, register, 0);
    expect(await released()).toEqual([1, 2, 3, 4].map(node));
    await releases.releaseAll(videoId, register, 0);
    expect(await released()).toHaveLength(4);
  });

  it("keep() waits for the grace period; a later epoch brings its own, an earlier one changes nothing", async () => {
    const piece = { nodeId: node(1), holds: "shard", shard: 3 } as const;
    const key = positionText(position);
    const due = (epoch: number, notBeforeSeconds: number) =>
      releases.keep(record.hash, [{ key, piece, epoch, notBeforeSeconds }], 0);
    await due(2, 10);
    expect(await pending(9_999)).toEqual([]);
    expect(await pending(10_000)).toEqual([expect.objectContaining({ piece, epoch: 2 })]);
    await due(5, 20);
    await due(4, 0);
    expect(await pending(10_000)).toEqual([]);
    expect(await pending(20_000)).toEqual([expect.objectContaining({ piece, epoch: 5 })]);
    expect(await releases.count()).toBe(1);
  });

  it("settle() gives up a replica on a node that holds a shard of the same chunk", async () => {
    await releases.intend({ ...intent, nodeIds: [node(1)] });
    const holders = [{ nodeId: node(1), holds: "shard", shard: 0 } as const];
    await register.propose(position, { ...record, holders }, null);
    await releases.settle(videoId, register, 0);
    expect(await pending()).toEqual([
      expect.objectContaining({ piece: { nodeId: node(1), holds: "replica" }, epoch: 1 }),
    ]);
  });

  it("forgetOld() drops what is a month old", async () => {
    await releases.intend(intent);
    await releases.releaseAll(videoId, register, 1000);
    await releases.forgetOld(1000 + 29 * 24 * 3_600_000);
    expect(await released()).toHaveLength(5);
    await releases.forgetOld(1000 + 31 * 24 * 3_600_000);
    expect(await released()).toEqual([]);
  });
});
