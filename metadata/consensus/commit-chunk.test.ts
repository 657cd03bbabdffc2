import { beforeEach, describe, expect, it } from "vitest";
import { MAX_BLOCK_SIZE_BYTES } from "#core/placement/blocks.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import type { Commit } from "#wire/exchange/commit-chunk.ts";
import { commitChunk } from "#wire/exchange/commit-chunk.ts";
import type { ChunkServers } from "../chunk-servers.contract.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import type { Database } from "../database/open-database.ts";
import { IN_MEMORY, openDatabase } from "../database/open-database.ts";
import { rankHomes } from "../placement/choose-homes.ts";
import { present, segmentOf, videoIdOf } from "../placement/placement-register.contract.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import type { Consensus } from "./assemble-consensus.ts";
import { consensusOver, directoryOf, mintNothing } from "./consensus-world.contract.ts";

const signal = new AbortController().signal;
const group = groupOfVideo(videoIdOf("b"));

let nodes: ChunkServers;
let db: Database;
let consensus: Consensus;

async function open(count: number, acceptors: 3 | 5 = 5): Promise<void> {
  nodes = chunkServers(count);
  db = openDatabase(IN_MEMORY);
  consensus = await consensusOver(nodes, db, { acceptors });
}

async function commit(position: Position, text: string, by: Consensus = consensus): Promise<Commit> {
  const config = await by.groups.current(group, signal);
  const writable = directoryOf(nodes).writable();
  const homes = rankHomes(position, { nodes: writable, config }, (nodeId) => by.links.isDoubtful(nodeId)).slice(0, 3);
  const bytes = new TextEncoder().encode(text);
  const request = { bytes, position, blockSizeBytes: MAX_BLOCK_SIZE_BYTES, homes, mint: mintNothing, signal };
  const ports = { ...by, clock: liveClock, fetch: nodes.fetch };
  return await commitChunk({ ...request, valueId: by.newValueId() }, ports);
}

/** One-way messages: requests and their answers. */
function messages(): { readonly puts: number; readonly votes: number } {
  const puts = nodes.servers.reduce((sum, { asked }) => sum + (asked["PUT"] ?? 0), 0);
  return { puts: 2 * puts, votes: 2 * nodes.servers.reduce((sum, { acceptor }) => sum + acceptor.messages, 0) };
}

const accepted = (position: Position) =>
  nodes.servers.filter(({ acceptor }) => acceptor.registers.get(positionText(position))?.accepted).length;

describe("commitChunk()", () => {
  it("commits with six messages where three vote, however many chunks", async () => {
    await open(6, 3);
    await Promise.all(Array.from({ length: 20 }, (_, seq) => commit(segmentOf("b", seq), `chunk ${seq}`)));
    expect(messages()).toEqual({ puts: 6 * 20, votes: 0 });
  });

  it("commits with six messages and four more where five vote", async () => {
    await open(5);
    const { decision, holding } = await commit(segmentOf("b", 0), "chunk");
    expect(decision).toMatchObject({ outcome: { outcome: "chosen" }, ballots: 1 });
    expect(holding).toHaveLength(3);
    await expect.poll(messages).toEqual({ puts: 6, votes: 4 });
    await expect.poll(() => accepted(segmentOf("b", 0))).toBe(5);
  });

  it("tells the members without bytes of many chunks in one message each", async () => {
    await open(5);
    await Promise.all(Array.from({ length: 100 }, (_, seq) => commit(segmentOf("b", seq), `chunk ${seq}`)));
    await expect.poll(() => accepted(segmentOf("b", 99))).toBe(5);
    const { puts, votes } = messages();
    expect(puts).toBe(600);
    // Each member lacks the bytes of some of them: two messages to each at the least.
    expect(votes).toBeLessThanOrEqual(2 * 2 * 5);
  });

  it("names the intended holders before anybody votes, though one of them is dead", async () => {
    await open(5);
    const { fetch } = nodes;
    let deadUrl = "none";
    nodes = {
      ...nodes,
      fetch: (url, init) => (url.startsWith(deadUrl) ? Promise.reject(new TypeError("refused")) : fetch(url, init)),
    };
    consensus = await consensusOver(nodes, openDatabase(IN_MEMORY));
    const { members } = await consensus.groups.current(group, signal);
    const dead = present(nodes.servers.find(({ id }) => id === present(members[0]).nodeId));
    deadUrl = dead.url;
    const outcomes = [];
    for (let seq = 0; seq < 10; seq += 1) {
      const { record, decision, settled } = await commit(segmentOf("b", seq), `chunk ${seq}`);
      expect(record.holders).toHaveLength(3);
      expect(decision.outcome.outcome).toBe("chosen");
      const failed = (await settled).filter(({ error }) => error !== undefined).map(({ node }) => node.nodeId);
      expect(failed.every((nodeId) => nodeId === dead.id)).toBe(true);
      outcomes.push(decision.ballots);
    }
    expect(outcomes).toEqual(Array(10).fill(1));
    // After the first want of an answer, the dead node is chosen last.
    expect(consensus.links.isDoubtful(dead.id)).toBe(true);
  });

  it("does not wait for a node that hangs: two copies and a majority will do", async () => {
    await open(5);
    const [first] = rankHomes(
      segmentOf("b", 0),
      { nodes: directoryOf(nodes).writable(), config: await consensus.groups.current(group, signal) },
      () => false,
    );
    const hung = present(nodes.servers.find(({ id }) => id === first?.nodeId));
    const gate = new AbortController();
    hung.gate = new Promise((resolve) => {
      gate.signal.addEventListener("abort", () => {
        resolve();
      });
    });
    const { decision, holding, settled } = await commit(segmentOf("b", 0), "chunk");
    expect(decision.outcome.outcome).toBe("chosen");
    expect(holding).toHaveLength(2);
    expect(holding).not.toContain(hung.id);
    gate.abort();
    expect((await settled).every(({ error }) => error === undefined)).toBe(true);
  });

  describe("raced by two uploaders for one position", () => {
    beforeEach(() => open(5));

    it("lets exactly one win, tells the loser who, and needs few ballots", async () => {
      const rival = await consensusOver(nodes, db);
      const ballots: number[] = [];
      for (let seq = 0; seq < 100; seq += 1) {
        const position = segmentOf("b", seq);
        const [one, two] = await Promise.all([commit(position, `one ${seq}`), commit(position, `two ${seq}`, rival)]);
        const won = [one, two].filter(({ decision }) => decision.outcome.outcome === "chosen");
        expect(won).toHaveLength(1);
        const winner = present(won[0]);
        const loser = winner === one ? two : one;
        expect(loser.decision.outcome).toMatchObject({ outcome: "conflict", value: { body: winner.record } });
        expect(await consensus.register.read(position)).toEqual(winner.record);
        ballots.push(one.decision.ballots, two.decision.ballots);
      }
      ballots.sort((a, b) => a - b);
      expect(present(ballots[Math.floor(ballots.length * 0.99) - 1])).toBeLessThanOrEqual(5);
    });

    it("lets nobody skip the first phase for a position twice, nor after a restart", async () => {
      await commit(segmentOf("b", 0), "first");
      const again = await commit(segmentOf("b", 0), "second");
      expect(again.decision.outcome.outcome).toBe("conflict");
      const restarted = await consensusOver(nodes, db);
      const { decision } = await commit(segmentOf("b", 1), "third", restarted);
      expect(decision).toMatchObject({ outcome: { outcome: "chosen" }, ballots: 1 });
      const register = nodes.servers.flatMap(
        ({ acceptor }) => acceptor.registers.get(`${videoIdOf("b")}/720p/1`) ?? [],
      );
      const rounds = register.flatMap(({ accepted: one }) => (one === null ? [] : [one.ballot.round]));
      expect(new Set(rounds)).toEqual(new Set([1]));
    });
  });
});
