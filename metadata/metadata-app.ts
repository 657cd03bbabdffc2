/** The metadata server as a Hono app, without a socket: what is needed comes as ports, tests use `app.request()`. */
import { Hono } from "hono";
import { Gauge, type Registry } from "prom-client";
import type { ClusterKey } from "#wire/client/capability.ts";
import type { FetchPort } from "#wire/client/http.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { pieceLinks } from "#wire/exchange/piece-links.ts";
import { pieceReports } from "#wire/exchange/piece-reports.ts";
import type { MintCapability } from "#wire/exchange/store-chunk.ts";
import { NODE_STATES } from "#wire/contract/cluster-api.ts";
import { NO_STORE } from "#wire/contract/headers.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { accessLog } from "#wire/server/access-log.ts";
import type { Log } from "#wire/server/log.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { notFoundHandler, problemHandler } from "#wire/server/problem-handler.ts";
import { metricsHandler, requestMetrics } from "#wire/server/request-metrics.ts";
import type { CatalogStore } from "./catalog/catalog-store.ts";
import type { NodeDirectory } from "./cluster/node-directory.ts";
import type { ProposerFeed } from "./consensus/proposer-feed.ts";
import { downloadRoutes } from "./gateway/download-routes.ts";
import { gatewayFetch } from "./gateway/gateway-fetch.ts";
import { mediaRoutes } from "./gateway/media-routes.ts";
import type { Ingest } from "./ingest/ingest.ts";
import { describe } from "./openapi/describe.ts";
import { docsRoutes } from "./openapi/docs-routes.ts";
import { staticPages } from "./pages/static-pages.ts";
import type { BenchRuns } from "./lab/bench-runs.ts";
import type { LabNetworks } from "./lab/lab-networks.ts";
import { benchRoutes } from "./routes/bench.ts";
import type { ClusterRoutesPorts } from "./routes/cluster.ts";
import { clusterRoutes } from "./routes/cluster.ts";
import type { ConsensusRoutesPorts } from "./routes/consensus.ts";
import { consensusRoutes } from "./routes/consensus.ts";
import { consensusEventRoutes } from "./routes/consensus-events.ts";
import { clusterEventRoutes } from "./routes/cluster-events.ts";
import { labNetworkRoutes } from "./routes/lab-network.ts";
import type { LabPiecesPorts } from "./routes/lab-pieces.ts";
import { labPiecesRoutes } from "./routes/lab-pieces.ts";
import { redundancyRoutes } from "./routes/redundancy.ts";
import { sameOriginWrites } from "./routes/same-origin.ts";
import { storageRoutes } from "./routes/storage.ts";
import { uploadRoutes } from "./routes/uploads.ts";
import type { VideoRoutesPorts } from "./routes/videos.ts";
import { videoRoutes } from "./routes/videos.ts";
import type { Redundancy } from "./upkeep/redundancy-port.ts";

const HEARTBEAT_PATH = /^\/api\/nodes\/[^/]+\/heartbeat$/;

export interface MetadataPorts {
  readonly catalog: CatalogStore;
  readonly directory: NodeDirectory;
  readonly hear: ClusterRoutesPorts["hear"];
  readonly consensus: ConsensusRoutesPorts["consensus"];
  readonly proposerFeed: ProposerFeed;
  readonly rebuild: ConsensusRoutesPorts["rebuild"];
  readonly ingest: Ingest;
  readonly renameVideo: VideoRoutesPorts["renameVideo"];
  readonly answerTus: (request: Request) => Promise<Response>;
  readonly clusterKey: ClusterKey;
  readonly mint: MintCapability;
  readonly redundancy: Redundancy;
  readonly clock: Clock;
  readonly fetch: FetchPort;
  readonly log: Log;
  readonly registry: Registry;
  readonly lab: boolean;
  /** Undefined without `lab`. */
  readonly labNetworks: LabNetworks | undefined;
  /** Undefined without `lab`. */
  readonly benchRuns: BenchRuns | undefined;
  readonly pid: number;
  readonly publicUrl: () => string;
  /** Folder of the built pages. */
  readonly pagesFolder: string;
}

export function createMetadataApp(ports: MetadataPorts): Hono {
  const { log, registry } = ports;
  clusterGauges(ports);
  const app = new Hono();
  app.onError(problemHandler(log));
  app.notFound(notFoundHandler);
  const logAccess = accessLog(log);
  // A line per heartbeat would bury the others; membership logs what changes.
  app.use((context, next) => (HEARTBEAT_PATH.test(context.req.path) ? next() : logAccess(context, next)));
  app.use(requestMetrics(registry), sameOriginWrites);
  app.use("/api/*", async (context, next) => {
    await next();
    if (!context.res.headers.has("cache-control")) context.res.headers.set("cache-control", NO_STORE);
    context.res.headers.set("x-content-type-options", "nosniff");
  });
  const metricsWords = {
    ...({ tag: "cluster", summary: "Metrics for Prometheus; docs/metrics.md explains each" } as const),
    answers: { 200: { says: "The text format of Prometheus", type: "text/plain" } },
  };
  app.get(ROUTES.metrics, describe(metricsWords), metricsHandler(registry));
  app.all(ROUTES.metrics, methodNotAllowed("GET", "HEAD"));
  app.route("/", clusterRoutes(ports));
  const isDraining = (nodeId: string) => ports.consensus.acceptors.isDraining(nodeId);
  app.route("/", clusterEventRoutes({ ...ports, isDraining }));
  app.route("/", redundancyRoutes(ports));
  app.route("/", storageRoutes(ports));
  app.route("/", consensusEventRoutes(ports));
  app.route("/", consensusRoutes(ports));
  app.route("/", labNetworkRoutes(ports));
  const links = pieceLinks(ports);
  const damage: LabPiecesPorts["damage"] = (node, piece, signal) => links.damage(node, piece, signal);
  app.route("/", labPiecesRoutes({ ...ports, damage }));
  app.route("/", benchRoutes(ports));
  const { saw: onBadPiece } = pieceReports(
    { clock: ports.clock, send: ports.redundancy.report },
    new AbortController().signal,
  );
  const fetching = { ...ports, gatewayFetch: gatewayFetch({ ...ports, onBadPiece }) };
  app.route("/", videoRoutes(ports));
  app.route("/", downloadRoutes(fetching));
  app.route("/", uploadRoutes(ports));
  app.route("/", docsRoutes(app));
  app.all("/api/*", notFoundHandler);
  app.route("/", mediaRoutes(fetching));
  app.route("/", staticPages(ports.pagesFolder));
  return app;
}

function clusterGauges({ catalog, directory, registry }: MetadataPorts): void {
  const registers = [registry];
  new Gauge({
    name: "vstack_videos_count",
    help: "Videos in the catalogue",
    registers,
    async collect() {
      this.set(await catalog.countVideos());
    },
  });
  new Gauge({
    name: "vstack_nodes_count",
    help: "Known storage nodes by state",
    labelNames: ["state"],
    registers,
    collect() {
      for (const state of NODE_STATES) {
        this.set({ state }, directory.members().filter((member) => member.state === state).length);
      }
    },
  });
}
