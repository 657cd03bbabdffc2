import { beforeEach, describe, expect, it } from "vitest";
import type { ChunkServers } from "../chunk-servers.contract.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import type { Database } from "../database/open-database.ts";
import { IN_MEMORY, openDatabase } from "../database/open-database.ts";
import { present, sampleRecord, segmentOf, videoIdOf } from "../placement/placement-register.contract.ts";
import type { Consensus } from "./assemble-consensus.ts";
import { consensusOver } from "./consensus-world.contract.ts";

const position = segmentOf("b", 0);
const count = (nodes: ChunkServers) => nodes.servers.reduce((sum, { acceptor }) => sum + acceptor.messages, 0);

describe("chunkPaxosRegister()", () => {
  let nodes: ChunkServers;
  let db: Database;
  let consensus: Consensus;
  beforeEach(async () => {
    nodes = chunkServers(5);
    db = openDatabase(IN_MEMORY);
    consensus = await consensusOver(nodes, db);
  });

  it("reads what another start has decided, and learns it", async () => {
    const other = await consensusOver(nodes, db);
    await consensus.register.propose(position, sampleRecord("1"), null);
    await db.deleteFrom("placements").execute();
    expect(await other.register.known(position)).toBeUndefined();
    expect(await other.register.read(position)).toEqual(sampleRecord("1"));
    expect(await other.register.known(position)).toEqual(sampleRecord("1"));
  });

  it("finishes what a proposer that died has begun: one acceptor that knows it is enough", async () => {
    await consensus.register.propose(position, sampleRecord("1"), null);
    await db.deleteFrom("placements").execute();
    await expect.poll(() => nodes.servers.every(({ acceptor }) => acceptor.registers.size > 0)).toBe(true);
    // As if only one Accept had arrived.
    const [first, ...others] = nodes.servers.filter(({ acceptor }) => acceptor.registers.size > 0);
    for (const { acceptor } of others) acceptor.registers.clear();
    const next = await consensusOver(nodes, db);
    const silent = present(first);
    silent.away = true;
    expect(await next.register.read(position)).toBeUndefined();
    silent.away = false;
    const record = await next.register.read(position);
    // Either it stands, or a majority that did not know it came first: never both.
    expect(await next.register.read(position)).toEqual(record);
  });

  it("goes on with two of five away, and refuses at once with three", async () => {
    for (const index of [0, 1]) present(nodes.servers[index]).away = true;
    // Founded by those that are there.
    expect((await consensus.register.propose(position, sampleRecord("1"), null)).outcome).toBe("chosen");
    expect(await consensus.register.canChange(videoIdOf("b"))).toBe(true);
    for (const index of [2, 3]) present(nodes.servers[index]).away = true;
    expect(await consensus.register.canChange(videoIdOf("b"))).toBe(false);
    await expect(consensus.register.read(position)).rejects.toMatchObject({ code: "unavailable" });
    expect(await consensus.register.known(position)).toEqual(sampleRecord("1"));
  });

  it("asks nobody about videos that were never stored", async () => {
    expect(await consensus.register.read(position)).toBeUndefined();
    await consensus.register.removeByVideo(videoIdOf("b"));
    expect(count(nodes)).toBe(0);
  });

  it("empties a long video by a few messages to each acceptor", async () => {
    const positions = Array.from({ length: 400 }, (_, seq) => segmentOf("b", seq));
    await Promise.all(positions.map((one) => consensus.register.propose(one, sampleRecord("1"), null)));
    const before = count(nodes);
    await consensus.register.removeByVideo(videoIdOf("b"));
    expect(count(nodes) - before).toBeLessThanOrEqual(5 * 8);
    expect(await consensus.register.listByVideo(videoIdOf("b"), "", 10)).toEqual([]);
  });

  it("forgets rows that no acceptor knows when their video is removed", async () => {
    await consensus.register.propose(segmentOf("b", 1), sampleRecord("1"), null);
    await consensus.index.learn([
      { position, value: { version: 3, id: "old.0", previousId: null, body: sampleRecord("1", 3) } },
    ]);
    await consensus.register.removeByVideo(videoIdOf("b"));
    expect(await consensus.register.known(position)).toBeUndefined();
  });
});
