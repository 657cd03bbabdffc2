/** A ready video of a few chunks on storage nodes in memory, for the tests of upkeep. */
import type { VideoId } from "#core/ids.ts";
import { parseNodeId } from "#core/ids.ts";
import { MAX_BLOCK_SIZE_BYTES } from "#core/placement/blocks.ts";
import type { Position } from "#core/placement/position.ts";
import { ErasureCodec } from "#wire/client/erasure-codec.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { pieceLinks } from "#wire/exchange/piece-links.ts";
import { storeChunk } from "#wire/exchange/store-chunk.ts";
import { silentLog } from "#wire/server/log.ts";
import { sampleRendition } from "../catalog/catalog-store.contract.ts";
import { sqliteCatalog } from "../catalog/sqlite-store.ts";
import type { ChunkServers } from "../chunk-servers.contract.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import type { Database } from "../database/open-database.ts";
import { IN_MEMORY, openDatabase } from "../database/open-database.ts";
import { present, rendition720, videoIdOf } from "../placement/placement-register.contract.ts";
import { sqliteReleases } from "../placement/releases.ts";
import { consensusOver, mintNothing } from "../consensus/consensus-world.contract.ts";
import { releaseLoop } from "../placement/release-loop.ts";
import { positionLocks } from "./position-locks.ts";
import type { UpkeepPorts } from "./upkeep-ports.ts";

/** Waits are over at once. */
const hastyClock: Clock = { nowMs: () => 0, wallMs: () => 0, sleep: () => Promise.resolve() };

export interface UpkeepWorld {
  readonly ports: UpkeepPorts;
  readonly db: Database;
  readonly nodes: ChunkServers;
  readonly videoId: VideoId;
  /** Stores a chunk as a job does: on the nodes that are there. */
  store(position: Position, text: string): Promise<void>;
  /** Sends the DELETEs that are due. */
  drain(): Promise<void>;
  /** References of one position, as `node-1 node-2`. */
  holdersOf(position: Position): Promise<string>;
}

export async function upkeepWorld(nodeCount: number): Promise<UpkeepWorld> {
  const nodes = chunkServers(nodeCount);
  const db = openDatabase(IN_MEMORY);
  const videoId = videoIdOf("b");
  const reachable = () => nodes.servers.filter(({ away }) => !away);
  const targets = () => reachable().map(({ id, url }) => ({ nodeId: present(parseNodeId(id)), url, weight: 1 }));
  const ports = {
    ...{
      catalog: sqliteCatalog(db),
      register: (await consensusOver(nodes, db)).register,
      releases: sqliteReleases(db),
      locks: positionLocks(),
    },
    writable: targets,
    nodeUrls: () => new Map(nodes.servers.map(({ id, url }) => [present(parseNodeId(id)), url])),
    isBeingStored: () => Promise.resolve(false),
    mint: mintNothing,
    links: pieceLinks({ mint: mintNothing, fetch: nodes.fetch }),
    codec: new ErasureCodec(),
    ...{ clock: hastyClock, fetch: nodes.fetch, log: silentLog },
  };
  const loop = releaseLoop({ ...ports, aliveNodes: targets });
  await ports.catalog.createVideo({ id: videoId, title: "Old title", createdAtMs: 0 });
  return {
    ...{ ports, db, nodes, videoId },
    async store(position, text) {
      const bytes = new TextEncoder().encode(text);
      const signal = new AbortController().signal;
      const request = { bytes, position, nodes: targets(), blockSizeBytes: MAX_BLOCK_SIZE_BYTES, signal };
      const { record, blocks } = await storeChunk({ ...request, mint: ports.mint }, ports);
      await ports.register.propose(position, record, null);
      await ports.catalog.putChunk({ position, durationSeconds: 4, record, blocks });
      await ports.catalog.finishVideo(videoId, {
        durationSeconds: 4,
        renditions: [{ ...sampleRendition, id: rendition720 }],
      });
    },
    drain: () => loop.drain(new AbortController().signal),
    async holdersOf(position) {
      const record = present(await ports.register.read(position));
      const bearers = nodes.servers.filter(({ chunks }) => chunks.get(record.hash) !== undefined);
      const named = record.holders.map(({ nodeId }) => nodeId).sort();
      const stored = bearers.map(({ id }) => id).sort();
      return named.join(" ") === stored.join(" ")
        ? named.join(" ")
        : `record: ${named.join(" ")}; stored: ${stored.join(" ")}`;
    },
  };
}
