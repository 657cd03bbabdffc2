/**
 * Takes the power away before every single operation of a busy store of chunks and shards and opens what is left: nothing that
 * was acknowledged may be missing, nothing may be corrupt, what was deleted with its last reference must be gone, and no version
 * for which a piece was given may be forgotten.
 */
import { expect, test } from "vitest";
import { parseNodeId } from "#core/ids.ts";
import type { PieceId } from "#core/placement/piece.ts";
import { seededRandom } from "#core/random.ts";
import { silentLog } from "#wire/server/log.ts";
import { putChunk, type TestPiece, testChunk, testShard } from "./chunk-store.contract.ts";
import type { ChunkStore } from "./chunk-store.ts";
import { openDiskStore } from "./disk-store.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

const SEEDS = [1, 2, 3, 4, 5];
const WORKERS = 4;
const STEPS = 12;
const PIECES: readonly TestPiece[] = Array.from({ length: 3 }, (_, index) => [
  testChunk(`chunk ${index}`, 100 + index),
  testShard(`chunk ${index}`, index, 50 + index),
]).flat();
const REFERENCES = ["a", "b", "c"];

/** What the client knows of one reference: acknowledged as there, as gone, or asked for and not yet answered. */
interface Known {
  readonly state: "there" | "gone" | "unknown";
  /** The highest version for which the piece was given, as far as it was acknowledged since the reference came. */
  readonly version: number;
}
/** By the piece's name and the reference, a space between. */
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
    const piece = pick(PIECES);
    const reference = `${pick(REFERENCES)}${worker}`;
    const key = `${piece.piece} ${reference}`;
    const deletes = random() < 0.4;
    const version = 1 + Math.floor(random() * 9);
    const before = known.get(key);
    const isThere = before?.state === "there";
    // Another version of what is there takes nothing away while it is not answered.
    if (!isThere || deletes) known.set(key, { state: "unknown", version: 0 });
    if (deletes) await store.dereference(piece.piece, reference);
    else await putChunk(store, piece, reference, version);
    const highest = Math.max(version, isThere ? before.version : 0);
    known.set(key, deletes ? { state: "gone", version: 0 } : { state: "there", version: highest });
  }
}

async function judge(disk: SimulatedDisk, known: Knowledge, story: string): Promise<void> {
  const store = await openOn(disk);
  for (const { piece } of PIECES) {
    const states = knownOf(known, piece).map(([, { state }]) => state);
    const verdict = await store.verify(piece);
    expect(verdict, story).not.toBe("corrupt");
    if (states.includes("there")) expect(verdict, story).toBe("intact");
    else if (!states.includes("unknown")) expect(verdict, story).toBe("absent");
    await judgeReferences(store, piece, known, story);
  }
}

async function judgeReferences(store: ChunkStore, piece: PieceId, known: Knowledge, story: string): Promise<void> {
  const mine = knownOf(known, piece);
  const there = mine.filter(([, { state }]) => state === "there");
  const unsure = mine.filter(([, { state }]) => state === "unknown").length;
  for (const [index, [reference, { version }]] of there.entries()) {
    const older = store.dereference(piece, reference, version - 1);
    await expect(older, story).rejects.toMatchObject({ code: "conflict" });
    const left = await store.dereference(piece, reference);
    const stillThere = there.length - index - 1;
    expect(left?.references, story).toBeGreaterThanOrEqual(stillThere);
    expect(left?.references, story).toBeLessThanOrEqual(stillThere + unsure);
  }
}

/** Reference and what is known of it. A shard's name begins with its chunk's. */
function knownOf(known: Knowledge, piece: PieceId): [string, Known][] {
  return [...known].flatMap(([key, value]): [string, Known][] =>
    key.startsWith(`${piece} `) ? [[key.slice(piece.length + 1), value]] : [],
  );
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
