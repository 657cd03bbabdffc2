/** The storage node as a Hono app, without a socket: what is needed comes as ports, tests use `app.request()`. */
import { Hono } from "hono";
import type { Registry } from "prom-client";
import type { NodeId } from "#core/ids.ts";
import { type ClusterKey, rememberingReader } from "#wire/client/capability.ts";
import { accessLog } from "#wire/server/access-log.ts";
import { readOnlyCors } from "#wire/server/cors.ts";
import type { Log } from "#wire/server/log.ts";
import { notFoundHandler, problemHandler } from "#wire/server/problem-handler.ts";
import { requestMetrics } from "#wire/server/request-metrics.ts";
import { BufferPool } from "./buffer-pool.ts";
import { acceptorGauge, type NodeMetrics, storeGauges } from "./metrics.ts";
import { ByteLogs } from "./emulation/byte-logs.ts";
import type { LabNetworks } from "./emulation/lab-networks.ts";
import type { NodeAcceptor } from "./consensus/node-acceptor.ts";
import { chunkRoutes } from "./routes/chunks.ts";
import { consensusRoutes } from "./routes/consensus.ts";
import { healthRoutes } from "./routes/health.ts";
import { labBytesRoutes } from "./routes/lab-bytes.ts";
import { labNetworkRoutes } from "./routes/lab-network.ts";
import { labPieceRoutes } from "./routes/lab-pieces.ts";
import type { ReadPorts } from "./routes/read-chunk.ts";
import { faultsOfEverybody } from "./routes/read-emulated.ts";
import type { NodeEnv } from "./routes/node-env.ts";
import { pieceRoutes } from "./routes/pieces.ts";
import type { ServedBook } from "./served-book.ts";
import type { ChunkStore } from "./storage/chunk-store.ts";

/** Together 128 MiB, the memory that a node may give to chunks on their way. */
const MEBIBYTE = 1024 * 1024;
const WHOLE_READ_BYTES = 64 * MEBIBYTE;
const PIECE_READ_BYTES = 32 * MEBIBYTE;
const UPLOAD_BYTES = 32 * MEBIBYTE;
/** Uploads in line for memory; an ingest keeps a handful in flight, so more means that something is wrong. */
const MAX_WAITING_UPLOADS = 1_024;

export interface NodeAppPorts {
  readonly nodeId: NodeId;
  readonly store: ChunkStore;
  readonly acceptor: NodeAcceptor;
  readonly clusterKey: ClusterKey;
  readonly lab: boolean;
  /** Emulated networks; only in lab mode. */
  readonly networks?: LabNetworks;
  readonly log: Log;
  readonly registry: Registry;
  readonly metrics: NodeMetrics;
  readonly served: ServedBook;
  readonly pid: number;
  readonly clock: { nowMs(): number; wallMs(): number };
  /** Longest wait for the next bytes of an upload; tests shorten it. */
  readonly uploadStallMs?: number;
  /** The node stops: what is kept open ends. */
  readonly stopping?: AbortSignal;
}

export function createNodeApp(ports: NodeAppPorts): Hono<NodeEnv> {
  const { nodeId, store, acceptor, clusterKey, lab, log, registry, metrics, pid, clock, uploadStallMs } = ports;
  const wallMs = () => clock.wallMs();
  const labParts =
    lab && ports.networks !== undefined ? { networks: ports.networks, byteLogs: new ByteLogs(wallMs) } : undefined;
  storeGauges(registry, () => store.stats());
  acceptorGauge(registry, () => acceptor.keyCount);
  const app = new Hono<NodeEnv>();
  app.onError(problemHandler(log));
  app.notFound(notFoundHandler);
  app.use(accessLog(log), requestMetrics(registry), readOnlyCors);
  app.route("/", healthRoutes({ nodeId, store, acceptor, lab, registry, pid, nowMs: () => clock.nowMs() }));
  if (lab) app.route("/", labPieceRoutes({ clusterKey, wallMs, store }));
  if (labParts !== undefined) {
    app.route("/", labNetworkRoutes({ clusterKey, wallMs, networks: labParts.networks }));
    app.route("/", labBytesRoutes(nodeId, labParts));
    app.use("/consensus/*", faultsOfEverybody(labParts.networks));
  }
  const readCapability = rememberingReader(clusterKey);
  const streams = {
    log,
    messaged: metrics.messaged,
    ...(ports.stopping === undefined ? {} : { stopping: ports.stopping }),
    ...(labParts === undefined ? {} : { passFaults: (gone: AbortSignal) => labParts.networks.passFaults(gone) }),
  };
  app.route("/", consensusRoutes({ nodeId, acceptor, readCapability, wallMs, ...streams }));
  app.route("/", pieceRoutes({ nodeId, store, readCapability, wallMs, verified: metrics.verified }));
  const served: ReadPorts["served"] = ({ hash, bytes, isUpkeep }) => {
    metrics.served(bytes);
    if (!isUpkeep) ports.served.add(hash, bytes);
  };
  const chunks = {
    nodeId,
    store,
    acceptor,
    clusterKey,
    readCapability,
    lab,
    // Reads never wait in line: a busy node says so at once, and the reader has other nodes.
    pools: {
      whole: new BufferPool({ limitBytes: WHOLE_READ_BYTES, maxWaiting: 0 }),
      pieces: new BufferPool({ limitBytes: PIECE_READ_BYTES, maxWaiting: 0 }),
    },
    uploads: new BufferPool({ limitBytes: UPLOAD_BYTES, maxWaiting: MAX_WAITING_UPLOADS }),
    wallMs,
    served,
    stored: metrics.stored,
    ...(uploadStallMs === undefined ? {} : { uploadStallMs }),
  };
  app.route("/", chunkRoutes(chunks, labParts));
  return app;
}
