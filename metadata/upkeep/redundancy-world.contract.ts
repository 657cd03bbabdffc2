/**
 * A cluster in memory with the whole upkeep of redundancy over it: real database, consensus and codec, storage nodes behind a
 * fetch port, and a clock that moves when somebody sleeps or the test says so.
 */
import { Registry } from "prom-client";
import type { NodeId } from "#core/ids.ts";
import { parseNodeId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { seededRandom } from "#core/random.ts";
import { formOf, formText, pieceText } from "#core/redundancy/form.ts";
import { ErasureCodec } from "#wire/client/erasure-codec.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { pieceLinks } from "#wire/exchange/piece-links.ts";
import { storeChunk } from "#wire/exchange/store-chunk.ts";
import { silentLog } from "#wire/server/log.ts";
import { sampleRendition } from "../catalog/catalog-store.contract.ts";
import { sqliteCatalog } from "../catalog/sqlite-store.ts";
import type { ChunkServer, ChunkServers } from "../chunk-servers.contract.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import { consensusOver, directoryOf, hearAll, mintNothing } from "../consensus/consensus-world.contract.ts";
import type { Database } from "../database/open-database.ts";
import { IN_MEMORY, openDatabase } from "../database/open-database.ts";
import { holderOf } from "../database/piece-columns.ts";
import { present, rendition720, segmentOf, videoIdOf } from "../placement/placement-register.contract.ts";
import { releaseLoop } from "../placement/release-loop.ts";
import { sqliteReleases } from "../placement/releases.ts";
import { readChunk } from "../redundancy/read-chunk.ts";
import { positionLocks } from "./position-locks.ts";
import type { Redundancy, RedundancyPorts } from "./redundancy.ts";
import { openRedundancy } from "./redundancy.ts";

/** Unix milliseconds at which every test begins. */
const BEGIN_MS = 1_800_000_000_000;

export interface VirtualClock extends Clock {
  advance(seconds: number): void;
}

/** Who sleeps wakes at once, and it is later. */
function virtualClock(): VirtualClock {
  let passedMs = 0;
  return {
    nowMs: () => passedMs,
    wallMs: () => BEGIN_MS + passedMs,
    sleep: (delayMs, signal) => {
      if (!signal.aborted) passedMs += Math.max(0, delayMs);
      return new Promise((resolve) => setImmediate(resolve));
    },
    advance(seconds) {
      passedMs += seconds * 1000;
    },
  };
}

export interface RedundancyWorld {
  readonly nodes: ChunkServers;
  readonly db: Database;
  readonly clock: VirtualClock;
  readonly ports: RedundancyPorts;
  readonly redundancy: Redundancy;
  readonly draining: Set<NodeId>;
  /** Stores and decides a segment of `sizeBytes` bytes drawn by its number, as a job does. */
  store(seq: number, sizeBytes?: number): Promise<Position>;
  record(position: Position): Promise<ChunkRecord>;
  /** `erasure: node-1/0 ...`, and what stands on the disks, when it is something else. */
  standing(position: Position): Promise<string>;
  /** Reads the chunk as a server does, and compares it with what was stored. */
  isReadable(position: Position, record?: ChunkRecord): Promise<boolean>;
  /** Sends the DELETEs that are due. */
  drain(): Promise<void>;
  node(index: number): ChunkServer;
  /** Another start of the program over the same database and nodes. */
  restarted(over?: Partial<RedundancyPorts>): Promise<Redundancy>;
}

export const videoId = videoIdOf("b");
export const never = new AbortController().signal;
export const CHUNK_BYTES = 50_000;

export async function redundancyWorld(nodeCount: number): Promise<RedundancyWorld> {
  const nodes = chunkServers(nodeCount);
  const db = openDatabase(IN_MEMORY);
  const clock = virtualClock();
  const draining = new Set<NodeId>();
  const consensus = await consensusOver(nodes, db);
  const known = directoryOf(nodes, clock);
  const alive = () => known.writable();
  const ports: RedundancyPorts = {
    ...{ db, clock, fetch: nodes.fetch, log: silentLog, mint: mintNothing, registry: new Registry() },
    ...{ catalog: sqliteCatalog(db), register: consensus.register, releases: sqliteReleases(db) },
    ...{ locks: positionLocks(), codec: new ErasureCodec() },
    links: pieceLinks({ mint: mintNothing, fetch: nodes.fetch }),
    writable: alive,
    nodeUrls: () => known.internalUrls(),
    isBeingStored: () => Promise.resolve(false),
    directory: { members: () => known.members(), alive: () => [...alive()] },
    isDraining: (nodeId) => draining.has(nodeId),
  };
  const loop = releaseLoop({ ...ports, aliveNodes: alive });
  const bytesOf = new Map<string, Uint8Array<ArrayBuffer>>();
  await ports.catalog.createVideo({ id: videoId, title: "A day", createdAtMs: BEGIN_MS });
  const record = async (position: Position) => present(await ports.register.read(position));
  return {
    ...{ nodes, db, clock, ports, draining, record },
    redundancy: await openRedundancy(ports),
    async store(seq, sizeBytes = CHUNK_BYTES) {
      const position = segmentOf("b", seq);
      const random = seededRandom(seq + 1);
      const bytes = Uint8Array.from({ length: sizeBytes }, () => Math.floor(random() * 256));
      bytesOf.set(positionText(position), bytes);
      const request = { bytes, position, nodes: alive(), blockSizeBytes: 16_384, mint: mintNothing, signal: never };
      const stored = await storeChunk(request, ports);
      await ports.register.propose(position, stored.record, null);
      await ports.catalog.putChunk({ position, durationSeconds: 4, ...stored });
      const segmentCount = bytesOf.size;
      const renditions = [{ ...sampleRendition, id: rendition720, segmentCount, sizeBytes: segmentCount * sizeBytes }];
      await ports.catalog.finishVideo(videoId, { durationSeconds: 4, renditions });
      return position;
    },
    async standing(position) {
      const now = await record(position);
      const named = now.holders.map(pieceText).sort().join(" ");
      const there = stored(nodes, now, position).join(" ");
      const entry = await ports.catalog.entry(position);
      const isIndexed = JSON.stringify(entry?.record) === JSON.stringify(now);
      const found = there === named ? named : `${named}; on disks: ${there}`;
      return `${formText(formOf(now))}: ${found}${isIndexed ? "" : "; not indexed"}`;
    },
    async isReadable(position, by) {
      const read = { record: by ?? (await record(position)), list: null };
      const bytes = await readChunk(read, ports, never).catch(() => undefined);
      return bytes !== undefined && Buffer.from(bytes).equals(present(bytesOf.get(positionText(position))));
    },
    drain: () => loop.drain(never),
    node: (index) => present(nodes.servers[index]),
    async restarted(over = {}) {
      await hearAll(consensus, nodes);
      return await openRedundancy({ ...ports, registry: new Registry(), locks: positionLocks(), ...over });
    },
  };
}

/** Pieces on disks that this position refers to, as texts. */
function stored(nodes: ChunkServers, { hash }: ChunkRecord, position: Position): string[] {
  const key = positionText(position);
  return nodes.servers
    .flatMap(({ id, chunks, shards }) =>
      [...chunks, ...shards].flatMap(([name, { positions }]) => {
        if (!name.startsWith(hash) || !positions.has(key)) return [];
        return [pieceText(holderOf(present(parseNodeId(id)), name === hash ? -1 : Number(name.slice(65))))];
      }),
    )
    .sort();
}

/** Damages what a disk keeps, behind the back of its node. */
export function damage(server: ChunkServer, hash: string, how: "flip" | "lose"): void {
  for (const pieces of [server.chunks, server.shards]) {
    for (const [name, piece] of pieces) {
      if (!name.startsWith(hash)) continue;
      if (how === "lose") pieces.delete(name);
      else piece.bytes[0] = (piece.bytes[0] ?? 0) ^ 1;
    }
  }
}
