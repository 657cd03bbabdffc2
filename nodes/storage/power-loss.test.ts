/**
 * Takes the power away before every single operation of a busy store and opens what is left: nothing that was acknowledged
 * may be missing, nothing may be corrupt, and what was deleted with its last reference must be gone.
 */
import { expect, test } from "vitest";
import { type ChunkHash, parseNodeId } from "#core/ids.ts";
import { seededRandom } from "#core/random.ts";
import { silentLog } from "#wire/server/log.ts";
import { type TestChunk, testChunk } from "./chunk-store.contract.ts";
import type { ChunkStore } from "./chunk-store.ts";
import { openDiskStore } from "./disk-store.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

const SEEDS = [1, 2, 3, 4, 5];
const WORKERS = 4;
const STEPS = 12;
const CHUNKS: readonly TestChunk[] = Array.from({ length: 6 }, (_, index) => testChunk(`chunk ${index}`, 100 + index));
const REFERENCES = ["a", "b", "c"];

/** What the client knows of one reference: acknowledged as there, as gone, or asked for and not yet answered. */
type Known = "there" | "gone" | "unknown";
type Knowledge = ReadonlyMap<string, Known>;

function openOn(disk: SimulatedDisk): Promise<ChunkStore> {
  const nodeId = parseNodeId("node-1");
  if (nodeId === undefined) throw new Error("node-1 is a node id");
  return openDiskStore({ fileSystem: disk, folder: "/data", nodeId, nowMs: () => 0, log: silentLog });
}

/** Each worker puts and deletes at random; no two of them use the same reference of the same chunk. */
async function work(store: ChunkStore, worker: number, seed: number, known: Map<string, Known>): Promise<void> {
  const random = seededRandom(seed * 1000 + worker);
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[Math.floor(random() * items.length)];
    if (item === undefined) throw new Error("Nothing to pick from");
    return item;
  };
  for (let step = 0; step < STEPS; step += 1) {
    const chunk = pick(CHUNKS);
    const reference = `${pick(REFERENCES)}${worker}`;
    const key = `${chunk.hash} ${reference}`;
    const deletes = random() < 0.4;
    known.set(key, "unknown");
    if (deletes) await store.dereference(chunk.hash, reference);
    else await store.put(chunk.hash, chunk.bytes, reference);
    known.set(key, deletes ? "gone" : "there");
  }
}

async function judge(disk: SimulatedDisk, known: Knowledge, story: string): Promise<void> {
  const store = await openOn(disk);
  for (const { hash } of CHUNKS) {
    const states = [...known].filter(([key]) => key.startsWith(hash)).map(([, state]) => state);
    const verdict = await store.verify(hash);
    expect(verdict, story).not.toBe("corrupt");
    if (states.includes("there")) expect(verdict, story).toBe("intact");
    else if (!states.includes("unknown")) expect(verdict, story).toBe("absent");
    await judgeReferences(store, hash, known, story);
  }
}

async function judgeReferences(store: ChunkStore, hash: ChunkHash, known: Knowledge, story: string): Promise<void> {
  const mine = [...known].filter(([key]) => key.startsWith(hash));
  const there = mine.filter(([, state]) => state === "there").map(([key]) => key.slice(hash.length + 1));
  const unsure = mine.filter(([, state]) => state === "unknown").length;
  for (const [index, reference] of there.entries()) {
    const left = await store.dereference(hash, reference);
    const stillThere = there.length - index - 1;
    expect(left?.references, story).toBeGreaterThanOrEqual(stillThere);
    expect(left?.references, story).toBeLessThanOrEqual(stillThere + unsure);
  }
}

test.each(SEEDS)(
  "openDiskStore() after a power loss at any moment keeps what was acknowledged (seed %i)",
  async (seed) => {
    const disk = new SimulatedDisk();
    const known = new Map<string, Known>();
    const found: { disk: SimulatedDisk; known: Knowledge; story: string }[] = [];
    disk.before = ({ do: what, path }) => {
      const random = seededRandom(seed * 100_000 + found.length);
      const story = `seed ${seed}, before operation ${found.length}: ${what} ${path}`;
      found.push({ disk: disk.afterPowerLoss(random), known: new Map(known), story });
    };
    const store = await openOn(disk);
    await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(store, worker, seed, known)));
    await store.close();
    expect(found.length).toBeGreaterThan(100);
    for (const moment of found) await judge(moment.disk, moment.known, moment.story);
  },
);
