/** `/ping`: the smallest answer there is, to measure a round trip. `/health`: how the node is. `/metrics`: for Prometheus. */
import { Hono } from "hono";
import type { Registry } from "prom-client";
import type { NodeId } from "#core/ids.ts";
import type { NodeHealth } from "#wire/contract/chunk-api.ts";
import { NO_STORE } from "#wire/contract/headers.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { metricsHandler } from "#wire/server/request-metrics.ts";
import type { NodeAcceptor } from "../consensus/node-acceptor.ts";
import type { ChunkStore, StoreStats } from "../storage/chunk-store.ts";
import { FILLING_RATIO, FULL_RATIO } from "../storage/space-ledger.ts";
import type { NodeEnv } from "./node-env.ts";

export interface HealthPorts {
  readonly nodeId: NodeId;
  readonly store: ChunkStore;
  readonly acceptor: NodeAcceptor;
  readonly lab: boolean;
  readonly registry: Registry;
  readonly pid: number;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

export function healthRoutes(ports: HealthPorts): Hono<NodeEnv> {
  const { nodeId, store, acceptor, lab, registry, pid, nowMs } = ports;
  const startedMs = nowMs();
  const app = new Hono<NodeEnv>();
  app.get(ROUTES.ping, (context) => context.text("ok", 200, { "cache-control": NO_STORE }));
  for (const path of [ROUTES.health, ROUTES.apiHealth]) {
    app.get(path, async (context) => {
      const stats = await store.stats();
      const health: NodeHealth = {
        status: healthStatus(stats),
        nodeId,
        incarnation: store.incarnation,
        acceptor: { incarnation: acceptor.incarnation, keyCount: acceptor.keyCount },
        pid,
        lab,
        ...stats,
        uptimeSeconds: (nowMs() - startedMs) / 1000,
      };
      return context.json(health, 200, { "cache-control": NO_STORE });
    });
  }
  app.get(ROUTES.metrics, metricsHandler(registry));
  for (const path of [ROUTES.ping, ROUTES.health, ROUTES.apiHealth, ROUTES.metrics]) {
    app.all(path, methodNotAllowed("GET", "HEAD", "OPTIONS"));
  }
  return app;
}

function healthStatus({ fillRatio, freeBytes }: StoreStats): NodeHealth["status"] {
  if (fillRatio >= FULL_RATIO || freeBytes === 0) return "full";
  return fillRatio >= FILLING_RATIO ? "filling" : "ok";
}
