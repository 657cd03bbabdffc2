/** Nodes report here; everybody may look. */
import type { Context } from "hono";
import { Hono } from "hono";
import type { InferOutput } from "valibot";
import { REPLICA_COUNT } from "#core/placement/record.ts";
import type { ClusterKey } from "#wire/client/capability.ts";
import { checkCapability } from "#wire/client/capability.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type {
  ClusterAnswerSchema,
  Heartbeat,
  HeartbeatAnswer,
  MetadataHealthSchema,
  NodesAnswerSchema,
} from "#wire/contract/cluster-api.ts";
import { HeartbeatSchema } from "#wire/contract/cluster-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { QUERY, ROUTES } from "#wire/contract/paths.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseJsonBody } from "#wire/server/validated.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import { addressForAsker } from "../cluster/asker-address.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import { VERSION } from "#wire/contract/version.ts";
import type { RouteWords } from "../openapi/describe.ts";
import { describe } from "../openapi/describe.ts";

const WORDS = {
  cluster: {
    tag: "cluster",
    summary: "One look at everything",
    answers: { 200: { says: "Server, nodes, number of videos", json: "Cluster" } },
  },
  nodes: {
    tag: "cluster",
    summary: "Every known storage node",
    answers: { 200: { says: "The nodes", json: "Nodes" } },
  },
  heartbeat: {
    tag: "cluster",
    summary: "A storage node says that it is there",
    body: { json: "Heartbeat" },
    needsCapability: true,
    answers: { 200: { says: "It was heard; whether its acceptor may vote", json: "HeartbeatAnswer" } },
    problems: ["bad-request", "unauthorized", "forbidden", "too-many-requests"],
  },
  health: {
    tag: "cluster",
    summary: "Whether the server answers, and whether enough nodes are there to store",
    answers: { 200: { says: "The health", json: "Health" } },
  },
} as const satisfies Record<string, RouteWords>;

export interface ClusterRoutesPorts {
  readonly catalog: CatalogStore;
  readonly directory: NodeDirectory;
  /** A node has reported. */
  readonly hear: (heartbeat: Heartbeat) => Promise<HeartbeatAnswer>;
  readonly clusterKey: ClusterKey;
  readonly clock: Clock;
  readonly lab: boolean;
  readonly pid: number;
  /** Address of this server for browsers. */
  readonly publicUrl: () => string;
}

export function clusterRoutes({
  catalog,
  directory,
  hear,
  clusterKey,
  clock,
  lab,
  pid,
  publicUrl,
}: ClusterRoutesPorts): Hono {
  const app = new Hono();
  const startedMs = clock.nowMs();

  app.get(ROUTES.cluster, describe(WORDS.cluster), async (context) => {
    const askedHost = context.req.header("host");
    return context.json({
      version: VERSION,
      lab,
      metadata: { url: addressForAsker(publicUrl(), askedHost), pid },
      nodes: directory.summaries(askedHost),
      videoCount: await catalog.countVideos(),
    } satisfies InferOutput<typeof ClusterAnswerSchema>);
  });

  app.get(ROUTES.nodes, describe(WORDS.nodes), (context) =>
    context.json({ nodes: directory.summaries(context.req.header("host")) } satisfies InferOutput<
      typeof NodesAnswerSchema
    >),
  );

  app.post(ROUTES.nodeHeartbeat, describe(WORDS.heartbeat), async (context) => {
    const nodeId = context.req.param("nodeId");
    await checkCapability(clusterKey, capabilityOf(context), {
      method: "HEARTBEAT",
      subject: nodeId,
      nowMs: clock.wallMs(),
    });
    const heartbeat = await parseJsonBody(context, HeartbeatSchema);
    if (heartbeat.nodeId !== nodeId) {
      throw new VStackError("bad-request", `Cannot hear node "${heartbeat.nodeId}" at the address of "${nodeId}"`);
    }
    return context.json(await hear(heartbeat));
  });

  const health = (context: Context) => {
    const nodesAlive = directory.alive().length;
    return context.json({
      status: nodesAlive >= REPLICA_COUNT ? "ok" : "degraded",
      role: "metadata",
      pid,
      version: VERSION,
      nodesAlive,
      uptimeSeconds: (clock.nowMs() - startedMs) / 1000,
    } satisfies InferOutput<typeof MetadataHealthSchema>);
  };
  app.get(ROUTES.apiHealth, describe(WORDS.health), health);
  app.get(ROUTES.health, describe(WORDS.health), health);

  for (const path of [ROUTES.cluster, ROUTES.nodes, ROUTES.apiHealth, ROUTES.health]) {
    app.all(path, methodNotAllowed("GET", "HEAD"));
  }
  app.all(ROUTES.nodeHeartbeat, methodNotAllowed("POST"));
  return app;
}

/** From the Authorization header (RFC 6750) or the query. */
function capabilityOf(context: Context): string | undefined {
  const [scheme, token] = (context.req.header("authorization") ?? "").split(" ");
  return scheme?.toLowerCase() === "bearer" ? token : context.req.query(QUERY.capability);
}
