/** What every server counts about its requests, for Prometheus: `vstack_<thing>_<unit>`. */
import type { Context, MiddlewareHandler } from "hono";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { answeredStatus } from "./direct-answer.ts";

/** 1 ms to 10 s: from a chunk in the page cache to a deadline. */
const DURATION_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Anything else counts as one, so that an asker cannot make series without end. */
const COUNTED_METHODS = new Set(["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"]);

/** Counts requests by method and status, those under way, and how long they took. */
export function requestMetrics(registry: Registry): MiddlewareHandler {
  const registers = [registry];
  const requests = new Counter({
    name: "vstack_requests_total",
    help: "Answered requests",
    labelNames: ["method", "status"],
    registers,
  });
  const inFlight = new Gauge({ name: "vstack_requests_in_flight", help: "Requests being answered", registers });
  const duration = new Histogram({
    name: "vstack_request_duration_seconds",
    help: "From the request's headers until its answer is made, chunk bodies until they are sent",
    labelNames: ["method"],
    buckets: DURATION_BUCKETS_SECONDS,
    registers,
  });
  return async (context, next) => {
    const method = COUNTED_METHODS.has(context.req.method) ? context.req.method : "other";
    const startedMs = performance.now();
    inFlight.inc();
    try {
      await next();
    } finally {
      inFlight.dec();
      requests.inc({ method, status: String(answeredStatus(context)) });
      duration.observe({ method }, (performance.now() - startedMs) / 1000);
    }
  };
}

/** Answers `GET /metrics`. */
export function metricsHandler(registry: Registry): (context: Context) => Promise<Response> {
  return async () =>
    new Response(await registry.metrics(), {
      headers: { "content-type": registry.contentType, "cache-control": "no-store" },
    });
}
