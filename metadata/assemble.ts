/** Puts the parts of the metadata server together. Everything that touches the world comes in as a port. */
import { setMaxListeners } from "node:events";
import type { Hono } from "hono";
import { Registry } from "prom-client";
import type { NodeId, VideoId } from "#core/ids.ts";
import { ACKNOWLEDGED_COPIES } from "#core/placement/record.ts";
import type { ClusterKey } from "#wire/client/capability.ts";
import { mintCapability } from "#wire/client/capability.ts";
import { ErasureCodec } from "#wire/client/erasure-codec.ts";
import type { FetchPort } from "#wire/client/http.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { pieceLinks } from "#wire/exchange/piece-links.ts";
import type { MintCapability } from "#wire/exchange/store-chunk.ts";
import type { Log } from "#wire/server/log.ts";
import { sqliteCatalog } from "./catalog/sqlite-store.ts";
import type { NodeDirectory } from "./cluster/node-directory.ts";
import { openNodeDirectory } from "./cluster/node-directory.ts";
import { sqliteNodeMemory } from "./cluster/node-memory.ts";
import type { Database } from "./database/open-database.ts";
import type { Ingest } from "./ingest/ingest.ts";
import { createIngest } from "./ingest/ingest.ts";
import { freeBytesOf } from "./ingest/disk-space.ts";
import type { Ffmpeg } from "./ingest/transcode/ffmpeg.ts";
import type { LadderSetting } from "./ingest/transcode/ladder.ts";
import { uploadFiles } from "./ingest/upload-files.ts";
import { uploadServer } from "./ingest/upload-server.ts";
import { isOver, sqliteUploads } from "./ingest/upload-store.ts";
import { countChunksAtRisk } from "./ingest/verify-copies.ts";
import { BenchRuns } from "./lab/bench-runs.ts";
import { LabNetworks } from "./lab/lab-networks.ts";
import type { Heartbeat, HeartbeatAnswer } from "#wire/contract/cluster-api.ts";
import type { Consensus, ConsensusSettings } from "./consensus/assemble-consensus.ts";
import { assembleConsensus, DEFAULT_SETTINGS } from "./consensus/assemble-consensus.ts";
import { ProposerFeed } from "./consensus/proposer-feed.ts";
import type { ReconfigurationLoop } from "./consensus/reconfiguration-loop.ts";
import { reconfigurationLoop } from "./consensus/reconfiguration-loop.ts";
import { createMetadataApp } from "./metadata-app.ts";
import { laterCopies } from "./placement/later-copies.ts";
import { chunkPlacer, enoughNodes } from "./placement/place-chunk.ts";
import type { ReleaseLoop } from "./placement/release-loop.ts";
import { releaseLoop } from "./placement/release-loop.ts";
import { sqliteReleases } from "./placement/releases.ts";
import type { EarlierRecordsLoop } from "./upkeep/earlier-records.ts";
import { earlierRecordsLoop } from "./upkeep/earlier-records.ts";
import { positionLocks } from "./upkeep/position-locks.ts";
import type { Redundancy } from "./upkeep/redundancy.ts";
import { openRedundancy } from "./upkeep/redundancy.ts";
import type { RebuildRun } from "./rebuild/rebuild-run.ts";
import { rebuildRun } from "./rebuild/rebuild-run.ts";
import { renameVideo } from "./upkeep/rename-video.ts";

export interface World {
  readonly db: Database;
  readonly clusterKey: ClusterKey;
  readonly clock: Clock;
  readonly fetch: FetchPort;
  readonly log: Log;
  readonly lab: boolean;
  /** Copies of each chunk in a lab; as many as ever when absent. */
  readonly labCopies?: number;
  /** What runs benchmarks in a lab, and where they are kept. */
  readonly bench?: { readonly program: string; readonly folder: string };
  readonly pid: number;
  /** Address of this server for browsers. */
  readonly publicUrl: () => string;
  readonly pagesFolder: string;
  /** Where received files lie; exists. */
  readonly uploadsFolder: string;
  /** None when absent: then only what browsers play is stored. */
  readonly ffmpeg?: Ffmpeg | null;
  /** "auto" when absent. */
  readonly ladder?: LadderSetting;
  /** Of the disk where they lie; asked of the system unless given. */
  readonly freeBytes?: () => Promise<number>;
  readonly consensus?: Partial<ConsensusSettings>;
}

export interface MetadataParts {
  readonly app: Hono;
  readonly ingest: Ingest;
  readonly directory: NodeDirectory;
  readonly consensus: Consensus;
  /** A node has reported. */
  readonly hear: (heartbeat: Heartbeat) => Promise<HeartbeatAnswer>;
  /** Ends what is being decided. */
  readonly stopDeciding: () => void;
  readonly releaseLoop: ReleaseLoop;
  readonly redundancy: Redundancy;
  readonly earlierRecords: EarlierRecordsLoop;
  readonly rebuild: RebuildRun;
  /** Looks after the members of acceptor groups. */
  readonly groupLoop: ReconfigurationLoop;
  /** Undefined without `lab`. */
  readonly labNetworks: LabNetworks | undefined;
  /** Undefined without `lab`, or without a program for it. */
  readonly benchRuns: BenchRuns | undefined;
}

/** Decisions and streams to acceptors that wait for the end at the same time; more would be a leak. */
const MAX_DECIDING = 1024;

export async function assembleMetadata(world: World): Promise<MetadataParts> {
  const { db, clusterKey, clock, fetch, log } = world;
  const mint: MintCapability = (grant) => mintCapability(clusterKey, { ...grant, nowMs: clock.wallMs() });
  const catalog = sqliteCatalog(db);
  const registry = new Registry();
  const releases = sqliteReleases(db);
  const directory = await openNodeDirectory({ clock, memory: sqliteNodeMemory(db), log });
  const deciding = new AbortController();
  setMaxListeners(MAX_DECIDING, deciding.signal);
  const proposerFeed = new ProposerFeed(clock);
  const consensus = await assembleConsensus({
    ...{ db, directory, mint, clock, fetch, log, registry, signal: deciding.signal },
    settings: { ...DEFAULT_SETTINGS, ...world.consensus },
    observe: (event) => {
      proposerFeed.observe(event);
    },
  });
  const { register, acceptors } = consensus;
  const writable = () => directory.writable().filter(({ nodeId }) => !acceptors.isDraining(nodeId));
  const links = pieceLinks({ mint, fetch });
  const loop = releaseLoop({ releases, aliveNodes: () => directory.alive(), links, clock, log });
  const uploads = sqliteUploads(db);
  const upkeep = {
    ...{ catalog, register, releases, locks: positionLocks(), writable, mint, clock, fetch, log, links },
    codec: new ErasureCodec(),
    nodeUrls: () => directory.internalUrls(),
    isBeingStored: async (videoId: VideoId) => (await uploads.byVideo(videoId)).some((upload) => !isOver(upload)),
  };
  const isDraining = (nodeId: NodeId) => acceptors.isDraining(nodeId);
  const redundancy = await openRedundancy({ ...upkeep, db, directory, isDraining, registry });
  const files = uploadFiles(world.uploadsFolder);
  const freeBytes = world.freeBytes ?? (() => freeBytesOf(world.uploadsFolder));
  const ingest = createIngest({
    ...{ catalog, register, releases, releaseLoop: loop, uploads, files, freeBytes, clock, log },
    ...{ ffmpeg: world.ffmpeg ?? null, ladder: world.ladder ?? "auto" },
    placeChunk: chunkPlacer({
      ...{ ...consensus, releases, laterCopies: laterCopies(), writable, mint, clock, fetch },
      ...(world.lab && world.labCopies !== undefined ? { copies: world.labCopies } : {}),
    }),
    countChunksAtRisk: (videoId, signal) =>
      countChunksAtRisk(videoId, { catalog, register, nodeUrls: () => directory.internalUrls(), fetch }, signal),
    enoughNodes: (signal) => enoughNodes({ writable, clock }, signal),
    canPlace: () => writable().length >= ACKNOWLEDGED_COPIES,
    chooseForm: (videoId, form) => redundancy.override(videoId, form),
  });
  const answerTus = uploadServer({ ingest, files, log });
  const labNetworks = world.lab ? new LabNetworks({ directory, mint, clock, fetch, log }) : undefined;
  const benchRuns = world.lab && world.bench !== undefined ? new BenchRuns({ ...world.bench, clock, log }) : undefined;
  const hear = async (heartbeat: Heartbeat): Promise<HeartbeatAnswer> => {
    await directory.hear(heartbeat);
    await redundancy.hear(heartbeat);
    return { acceptor: await acceptors.hear(heartbeat) };
  };
  const stopDeciding = () => {
    deciding.abort();
  };
  const adoptForm = (videoId: VideoId) => redundancy.adoptForm(videoId);
  const rebuild = rebuildRun({ ...upkeep, db, consensus, directory, adoptForm }, deciding.signal);
  const app = createMetadataApp({
    ...world,
    ...{
      catalog,
      directory,
      consensus,
      proposerFeed,
      rebuild,
      hear,
      ingest,
      answerTus,
      registry,
      mint,
      redundancy,
      labNetworks,
      benchRuns,
    },
    renameVideo: (change, signal) => renameVideo(change, upkeep, signal),
  });
  const groupLoop = reconfigurationLoop({ consensus, clock, fetch, log, registry });
  const running = {
    releaseLoop: loop,
    groupLoop,
    rebuild,
    redundancy,
    earlierRecords: earlierRecordsLoop({ ...upkeep, db, consensus }),
    labNetworks,
    benchRuns,
  };
  return { app, ingest, directory, consensus, hear, stopDeciding, ...running };
}
