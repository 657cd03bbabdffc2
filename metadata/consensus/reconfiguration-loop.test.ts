import { Registry } from "prom-client";
import { beforeEach, describe, expect, it } from "vitest";
import { groupOfVideo } from "#core/placement/groups.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { silentLog } from "#wire/server/log.ts";
import type { ChunkServer, ChunkServers } from "../chunk-servers.contract.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import type { Database } from "../database/open-database.ts";
import { IN_MEMORY, openDatabase } from "../database/open-database.ts";
import { present, sampleRecord, segmentOf, videoIdOf } from "../placement/placement-register.contract.ts";
import type { Consensus } from "./assemble-consensus.ts";
import { consensusOver, hearAll } from "./consensus-world.contract.ts";
import { reconfigurationLoop } from "./reconfiguration-loop.ts";

const signal = new AbortController().signal;
const position = segmentOf("b", 0);
const group = groupOfVideo(videoIdOf("b"));

describe("reconfigurationLoop()", () => {
  let nodes: ChunkServers;
  let db: Database;
  let consensus: Consensus;
  let registry: Registry;
  const loopOf = (over: Consensus) =>
    reconfigurationLoop({ consensus: over, clock: liveClock, fetch: nodes.fetch, log: silentLog, registry });
  const members = async () => present((await consensus.master.state(group))?.active).members;
  const memberNames = async () => (await members()).map(({ nodeId }) => nodeId).sort();
  const server = (id: string): ChunkServer => present(nodes.servers.find((one) => one.id === id));
  const memberAt = async (index: number) => server(present((await members())[index]).nodeId);
  beforeEach(async () => {
    nodes = chunkServers(5);
    db = openDatabase(IN_MEMORY);
    registry = new Registry();
    consensus = await consensusOver(nodes, db, { replaceAfterMs: -1 });
    for (let seq = 0; seq < 20; seq += 1) {
      await consensus.register.propose(segmentOf("b", seq), sampleRecord("1"), null);
    }
  });

  it("leaves a group alone whose members are all there", async () => {
    expect(await loopOf(consensus).round(signal)).toBe(0);
  });

  it("takes a wiped node in anew, with every record, and tells how long it took", async () => {
    const wiped = await memberAt(0);
    wiped.acceptor.wipe();
    await hearAll(consensus, nodes);
    expect(await loopOf(consensus).round(signal)).toBe(1);
    expect(await members()).toContainEqual({ nodeId: wiped.id, incarnation: `${wiped.id}.2` });
    expect(wiped.acceptor.registers.size).toBe(20);
    expect(await registry.metrics()).toMatch(/vstack_readmission_seconds_count 1\n/);
    expect(await registry.metrics()).toMatch(
      /vstack_reconfigurations_total\{reason="readmission",outcome="active"\} 1\n/,
    );
    expect(await consensus.register.read(position)).toEqual(sampleRecord("1"));
    expect((await consensus.register.propose(position, sampleRecord("1", 2, ["node-4"]), 1)).outcome).toBe("chosen");
  });

  it("does not count a wiped node before it is taken in: two others and it decide nothing", async () => {
    const [first, second, third] = [await memberAt(0), await memberAt(1), await memberAt(2)];
    first.acceptor.wipe();
    await hearAll(consensus, nodes);
    second.away = true;
    third.away = true;
    await expect(consensus.register.read(position)).rejects.toMatchObject({ code: "unavailable" });
    expect(await loopOf(consensus).round(signal)).toBe(0);
  });

  it("replaces a member that is gone as soon as there is another node", async () => {
    const loop = loopOf(consensus);
    const gone = await memberAt(4);
    gone.away = true;
    expect(await loop.round(signal)).toBe(0);
    nodes.add();
    await hearAll(consensus, nodes);
    expect(await loop.round(signal)).toBe(1);
    expect(await memberNames()).toContain("node-6");
    expect(await memberNames()).not.toContain(gone.id);
    expect(await consensus.register.read(segmentOf("b", 19))).toEqual(sampleRecord("1"));
    // Who was replaced comes back with old votes, and counts for nothing.
    gone.away = false;
    expect(await loop.round(signal)).toBe(0);
    expect((await consensus.register.propose(position, sampleRecord("1", 2), 1)).outcome).toBe("chosen");
    expect(gone.acceptor.registers.get(`${videoIdOf("b")}/720p/0`)?.accepted?.value.version).toBe(1);
  });

  it("moves the groups of a drained node away", async () => {
    const drained = await memberAt(0);
    nodes.add();
    await hearAll(consensus, nodes);
    const id = present(nodes.heartbeat(drained)).nodeId;
    await consensus.acceptors.setDraining(id, true);
    expect(await loopOf(consensus).round(signal)).toBe(1);
    expect(await memberNames()).not.toContain(drained.id);
    const again = await consensusOver(nodes, db);
    expect(again.acceptors.isDraining(id)).toBe(true);
  });

  it("grows a group when nodes join", async () => {
    nodes = chunkServers(3);
    db = openDatabase(IN_MEMORY);
    consensus = await consensusOver(nodes, db);
    await consensus.register.propose(position, sampleRecord("1"), null);
    nodes.add();
    nodes.add();
    await hearAll(consensus, nodes);
    expect(await loopOf(consensus).round(signal)).toBe(1);
    expect(await memberNames()).toHaveLength(5);
    expect(await consensus.register.read(position)).toEqual(sampleRecord("1"));
  });

  it("takes over from a coordinator that died after sealing: proposals that waited go on", async () => {
    const active = present((await consensus.master.state(group))?.active);
    const begun = present(await consensus.master.begin(active, active.members));
    for (const { id, acceptor } of nodes.servers) {
      const body = { group, toEpoch: begun.epoch, incarnation: `${id}.1`, after: "", limit: 1 };
      acceptor.answer(new URL("http://node/consensus/seal"), body);
    }
    const second = await consensusOver(nodes, db);
    const waiting = second.register.propose(position, sampleRecord("1", 2, ["node-4"]), 1);
    expect(await loopOf(second).round(signal)).toBe(1);
    expect((await waiting).outcome).toBe("chosen");
    const state = present(await second.master.state(group));
    expect(state.pending).toBeNull();
    expect(state.active?.epoch).toBe(begun.epoch + 1);
  });

  it("gives up while fewer than a majority is there, and never uses an epoch again", async () => {
    const epochs = new Set<number>([present((await consensus.master.state(group))?.active).epoch]);
    const wiped = await memberAt(0);
    wiped.acceptor.wipe();
    await hearAll(consensus, nodes);
    const { fetch } = nodes;
    nodes = {
      ...nodes,
      fetch: (url, init) => (url.includes("/seal") ? Promise.reject(new TypeError("cut")) : fetch(url, init)),
    };
    const hasty = { ...liveClock, sleep: () => Promise.resolve() };
    const cut = reconfigurationLoop({ consensus, clock: hasty, fetch: nodes.fetch, log: silentLog, registry });
    expect(await cut.round(signal)).toBe(0);
    epochs.add(present((await consensus.master.state(group))?.pending).epoch);
    nodes = { ...nodes, fetch };
    const healed = reconfigurationLoop({ consensus, clock: hasty, fetch, log: silentLog, registry: new Registry() });
    expect(await healed.round(signal)).toBe(1);
    epochs.add(present((await consensus.master.state(group))?.active).epoch);
    expect([...epochs].sort()).toEqual([1, 2, 3]);
  });
});
