/**
 * CORS for a storage node: any page may read chunks (they are public under their hash), nobody's page may write.
 * `Timing-Allow-Origin` lets the worker see connection times (Resource Timing section 4.5).
 */
import type { MiddlewareHandler } from "hono";
import { isAnsweredDirectly } from "./direct-answer.ts";

/** A day: browsers cap it lower, and a plain ranged GET needs no preflight at all. */
const PREFLIGHT_SECONDS = 86_400;

const PREFLIGHT_HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, HEAD",
  "access-control-allow-headers": "Range",
  "access-control-max-age": String(PREFLIGHT_SECONDS),
  vary: "Access-Control-Request-Method, Access-Control-Request-Headers",
};

/** For answers that bypass Hono's own Response and write these themselves. */
export const READ_HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Content-Length, Content-Range, ETag, Retry-After",
  "timing-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
} as const;

export const readOnlyCors: MiddlewareHandler = async (context, next) => {
  const { method } = context.req;
  if (method === "OPTIONS") return new Response(null, { status: 204, headers: PREFLIGHT_HEADERS });
  await next();
  if ((method === "GET" || method === "HEAD") && !isAnsweredDirectly(context)) {
    for (const [name, value] of Object.entries(READ_HEADERS)) context.res.headers.set(name, value);
  }
  return undefined;
};
