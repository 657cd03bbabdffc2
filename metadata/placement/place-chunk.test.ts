import { beforeEach, describe, expect, it } from "vitest";
import type { Position } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import type { ChunkServer, ChunkServers } from "../chunk-servers.contract.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import type { Consensus } from "../consensus/assemble-consensus.ts";
import { consensusOver, directoryOf, mintNothing } from "../consensus/consensus-world.contract.ts";
import type { Database } from "../database/open-database.ts";
import { IN_MEMORY, openDatabase } from "../database/open-database.ts";
import { laterCopies } from "./later-copies.ts";
import type { PlaceChunk } from "./place-chunk.ts";
import { chunkPlacer } from "./place-chunk.ts";
import { present, segmentOf, videoIdOf } from "./placement-register.contract.ts";
import { sqliteReleases } from "./releases.ts";

/** Pauses between tries are over in a moment. */
const hastyClock = { ...liveClock, sleep: (_ms: number, signal: AbortSignal) => liveClock.sleep(1, signal) };
const position = segmentOf("b", 0);
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("chunkPlacer()", () => {
  let nodes: ChunkServers;
  let db: Database;
  let consensus: Consensus;
  let patience: AbortController;
  /** Nodes that answer PUTs so. */
  let refusing: Map<string, number>;

  const placerOf = (by: Consensus): PlaceChunk =>
    chunkPlacer({
      ...by,
      ...{ releases: sqliteReleases(db), laterCopies: laterCopies(), mint: mintNothing },
      ...{ writable: () => directoryOf(nodes).writable(), clock: hastyClock, fetch: nodes.fetch },
    });
  const place = (at: Position, text: string, by = consensus, signal = new AbortController().signal) =>
    placerOf(by)(at, bytesOf(text), { signal, patience: patience.signal });
  const holders = ({ hash }: ChunkRecord) =>
    nodes.servers
      .filter(({ chunks }) => chunks.has(hash))
      .map(({ id }) => id)
      .sort();
  const named = (record: ChunkRecord) => record.holders.map(({ nodeId }) => String(nodeId)).sort();
  const serverOf = (id: string): ChunkServer => present(nodes.servers.find((one) => one.id === id));

  beforeEach(async () => {
    const all = chunkServers(5);
    refusing = new Map();
    nodes = {
      ...all,
      fetch: (url, init) => {
        const status = init.method === "PUT" ? refusing.get(new URL(url).hostname.replace(".test", "")) : undefined;
        return status === undefined ? all.fetch(url, init) : Promise.resolve(new Response("{}", { status }));
      },
    };
    db = openDatabase(IN_MEMORY);
    consensus = await consensusOver(nodes, db);
    patience = new AbortController();
  });

  it("names three holders, and they have the bytes", async () => {
    const { record, later } = await place(position, "chunk");
    expect(named(record)).toEqual(holders(record));
    expect(record.holders).toHaveLength(3);
    expect(await later).toEqual(record);
    expect(await consensus.register.read(position)).toEqual(record);
  });

  it("puts the copy of a home that failed elsewhere, behind the commit, and the record follows", async () => {
    const probe = await place(segmentOf("b", 1), "probe");
    const home = present(named(probe.record)[0]);
    refusing.set(home, 507);
    for (let seq = 2; seq < 12; seq += 1) {
      const { record, later } = await place(segmentOf("b", seq), `chunk ${seq}`);
      const last = await later;
      expect(named(last)).not.toContain(home);
      expect(named(last)).toEqual(holders(last));
      expect(last.holders).toHaveLength(3);
      expect(last.version).toBe(named(record).includes(home) ? 2 : 1);
      expect(await consensus.register.read(segmentOf("b", seq))).toEqual(last);
    }
  });

  it("is content with two copies when no other node takes one, and the record says so", async () => {
    const probe = await place(segmentOf("b", 1), "probe");
    const [one, two] = named(probe.record);
    for (const { id } of nodes.servers) if (id !== one && id !== two) refusing.set(id, 507);
    const { later } = await place(position, "chunk");
    expect(named(await later)).toEqual([one, two]);
  });

  it("waits with less, and goes on when a node takes it", async () => {
    for (const { id } of nodes.servers) if (id !== "node-1") refusing.set(id, 507);
    const said: string[] = [];
    const placing = placerOf(consensus)(position, bytesOf("chunk"), {
      ...{ signal: new AbortController().signal, patience: patience.signal },
      waiting: (why) => {
        said.push(why);
        refusing.clear();
      },
    });
    const { record, later } = await placing;
    expect(said).not.toEqual([]);
    // What the first tries left elsewhere is noted, and given up when the video is ready.
    expect(holders(record)).toEqual(expect.arrayContaining(named(await later)));
    expect(record.holders.length).toBeGreaterThanOrEqual(2);
  });

  it("takes the place of what an earlier run of the job has decided there", async () => {
    const first = await place(position, "first");
    const restarted = await consensusOver(nodes, db);
    const { record } = await place(position, "second", restarted);
    expect(record).toMatchObject({ version: 2 });
    expect(record.hash).not.toBe(first.record.hash);
    expect(await restarted.register.read(position)).toEqual(record);
    const same = await place(position, "second", await consensusOver(nodes, db));
    expect(same.record).toEqual(record);
  });

  it("refuses where the video was removed meanwhile", async () => {
    await place(position, "first");
    await consensus.register.removeByVideo(videoIdOf("b"));
    await expect(place(position, "second")).rejects.toMatchObject({ code: "gone" });
  });

  it("goes on without a home that hangs, and gives it up when patience ends", async () => {
    const probe = await place(segmentOf("b", 1), "probe");
    const hung = serverOf(present(named(probe.record)[0]));
    hung.gate = new Promise(() => undefined);
    const placed = await place(segmentOf("b", 1), "again");
    patience.abort();
    expect(named(await placed.later)).not.toContain(hung.id);
  });

  it("leaves nothing under way when it is stopped", async () => {
    for (const server of nodes.servers) server.gate = new Promise(() => undefined);
    const stop = new AbortController();
    const placing = place(position, "chunk", consensus, stop.signal);
    await expect.poll(() => nodes.servers.some(({ asked }) => (asked["PUT"] ?? 0) > 0)).toBe(true);
    stop.abort(new Error("stopped"));
    await expect(placing).rejects.toThrow("stopped");
  });
});

describe("laterCopies()", () => {
  it("gives the oldest up when too much goes on behind", async () => {
    const later = laterCopies({ chunks: 2, bytes: 100 });
    const ended: string[] = [];
    const begin = (name: string, sizeBytes: number) =>
      later.run(sizeBytes, async (signal) => {
        await new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => {
            resolve();
          });
        });
        ended.push(name);
      });
    void begin("a", 10);
    void begin("b", 10);
    const third = begin("c", 10);
    await expect.poll(() => ended).toEqual(["a"]);
    void begin("d", 95);
    await expect.poll(() => ended).toEqual(["a", "b", "c"]);
    await third;
  });
});
