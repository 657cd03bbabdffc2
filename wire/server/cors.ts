/**
 * CORS for a storage node: any page may read chunks (they are public under their hash), nobody's page may write.
 * `Timing-Allow-Origin` lets the worker see connection times (Resource Timing section 4.5).
 */
import type { MiddlewareHandler } from "hono";

/** A day: browsers cap it lower, and a plain ranged GET needs no preflight at all. */
const PREFLIGHT_SECONDS = 86_400;

export const readOnlyCors: MiddlewareHandler = async (context, next) => {
  if (context.req.method === "OPTIONS") {
    return new Response(null, {
      status: 204,
      headers: {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, HEAD",
        "access-control-allow-headers": "Range",
        "access-control-max-age": String(PREFLIGHT_SECONDS),
      },
    });
  }
  await next();
  if (context.req.method !== "GET" && context.req.method !== "HEAD") return;
  for (const [name, value] of Object.entries(READ_HEADERS)) context.res.headers.set(name, value);
};

/** For answers that bypass Hono's own Response and write these themselves. */
export const READ_HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Content-Length, Content-Range, ETag, Retry-After",
  "timing-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
} as const;
