/** One line per answered request, at debug level for reads and info for writes; bodies and capabilities never appear. */
import type { MiddlewareHandler } from "hono";
import { answeredStatus } from "./direct-answer.ts";
import type { Log } from "./log.ts";

export function accessLog(log: Log): MiddlewareHandler {
  return async (context, next) => {
    const startedMs = performance.now();
    await next();
    const { method, path } = context.req;
    const fields = {
      method,
      path,
      status: answeredStatus(context),
      durationMs: Math.round(performance.now() - startedMs),
    };
    if (method === "GET" || method === "HEAD") log.debug(fields, "answered");
    else log.info(fields, "answered");
  };
}
