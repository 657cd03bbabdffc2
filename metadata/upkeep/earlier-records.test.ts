import { describe, expect, test } from "vitest";
import { MAX_BLOCK_SIZE_BYTES } from "#core/placement/blocks.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { storeChunk } from "#wire/exchange/store-chunk.ts";
import { silentLog } from "#wire/server/log.ts";
import { sampleRendition } from "../catalog/catalog-store.contract.ts";
import { sqliteCatalog } from "../catalog/sqlite-store.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import { consensusOver, directoryOf, hearAll } from "../consensus/consensus-world.contract.ts";
import { EARLIER_VALUE_ID } from "../database/migrations.ts";
import { IN_MEMORY, openDatabase } from "../database/open-database.ts";
import { present, rendition720, videoIdOf } from "../placement/placement-register.contract.ts";
import { earlierRecordsLoop } from "./earlier-records.ts";
import { positionLocks } from "./position-locks.ts";

const videoId = videoIdOf("b");
const segment = (seq: number): Position => ({ slot: "segment", videoId, rendition: rendition720, seq });
const signal = new AbortController().signal;

/** A database as an older build left it: `versions` of records that no acceptor knows. */
async function earlierWorld(versions: readonly number[]) {
  const nodes = chunkServers(5);
  const db = openDatabase(IN_MEMORY);
  const catalog = sqliteCatalog(db);
  await catalog.createVideo({ id: videoId, title: "Old", createdAtMs: 0 });
  for (const [seq, version] of versions.entries()) {
    const position = segment(seq);
    const bytes = new TextEncoder().encode(`chunk ${seq}`);
    const request = { bytes, position, nodes: directoryOf(nodes).writable(), blockSizeBytes: MAX_BLOCK_SIZE_BYTES };
    const mint = () => Promise.resolve("capability");
    const stored = await storeChunk({ ...request, signal, mint }, { clock: liveClock, fetch: nodes.fetch });
    const body = { ...stored.record, version };
    const value = { version, id: EARLIER_VALUE_ID, previousId: null, body };
    const row = { position: positionText(position), video_id: videoId, version, value_json: JSON.stringify(value) };
    await db.insertInto("placements").values(row).execute();
    await catalog.putChunk({ position, durationSeconds: 4, record: body, blocks: stored.blocks });
  }
  const rendition = { ...sampleRendition, id: rendition720 };
  await catalog.finishVideo(videoId, { durationSeconds: 4, renditions: [rendition] });
  const consensus = await consensusOver(nodes, db);
  const ports = { db, consensus, register: consensus.register, locks: positionLocks() };
  return { nodes, db, catalog, consensus, ports: { ...ports, clock: liveClock, log: silentLog } };
}

describe("earlierRecordsLoop()", () => {
  test("has the acceptors decide what an older build kept to itself, once, and the catalogue follow", async () => {
    const { ports, consensus, catalog } = await earlierWorld([1, 3]);
    const { register } = consensus;
    expect(await register.read(segment(1))).toBeUndefined();
    const loop = earlierRecordsLoop(ports);
    expect(await loop.round(signal)).toBe(0);
    for (const seq of [0, 1]) {
      const record = present(await register.read(segment(seq)));
      expect(record).toMatchObject({ version: 1, holders: { length: 3 } });
      expect((await catalog.entry(segment(seq)))?.record).toEqual(record);
      expect(await register.known(segment(seq))).toEqual(record);
      // It can be changed from now on.
      const next = { ...record, version: 2, holders: record.holders.slice(0, 2) };
      expect((await register.propose(segment(seq), next, 1)).outcome).toBe("chosen");
    }
    expect(await loop.round(signal)).toBe(0);
    expect((await register.read(segment(0)))?.version).toBe(2);
  });

  test("waits for acceptors, and ends by itself when all are brought in", async () => {
    const { ports, consensus, nodes } = await earlierWorld([1]);
    for (const server of nodes.servers) server.away = true;
    const waits: number[] = [];
    const clock = {
      ...liveClock,
      async sleep(delayMs: number) {
        waits.push(delayMs);
        for (const server of nodes.servers) server.away = false;
        await hearAll(consensus, nodes);
      },
    };
    await earlierRecordsLoop({ ...ports, clock }).run(signal);
    expect(waits.length).toBeGreaterThan(0);
    expect((await consensus.register.read(segment(0)))?.version).toBe(1);
  });

  test("leaves a video alone that is being deleted, and empties what was deleted meanwhile", async () => {
    const { ports, consensus, db } = await earlierWorld([1, 1]);
    const decider: typeof consensus.decider = {
      async decide(request, until) {
        const decision = await consensus.decider.decide(request, until);
        await db.deleteFrom("placements").where("position", "=", positionText(request.position)).execute();
        return decision;
      },
    };
    expect(await earlierRecordsLoop({ ...ports, consensus: { ...consensus, decider } }).round(signal)).toBe(0);
    for (const seq of [0, 1]) expect(await consensus.register.read(segment(seq))).toBeUndefined();
    const other = await earlierWorld([1]);
    await other.db.updateTable("videos").set({ state: "removing" }).execute();
    expect(await earlierRecordsLoop(other.ports).round(signal)).toBe(0);
    expect(await other.consensus.register.read(segment(0))).toBeUndefined();
  });
});
