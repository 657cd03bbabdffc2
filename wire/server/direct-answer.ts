/**
 * Answers that a route wrote to Node's response itself, past Hono (pooled chunk bodies). Middleware that runs after the route
 * must not touch Hono's response then: it is a shared placeholder.
 */
import type { Context } from "hono";

/** What a Node response says of itself; kept to what is asked, so that no types of Node cross rooms. */
interface WrittenResponse {
  readonly headersSent: boolean;
  readonly statusCode: number;
}

function written(context: Context): WrittenResponse | undefined {
  const env: unknown = context.env;
  if (typeof env !== "object" || env === null || !("outgoing" in env)) return undefined;
  const { outgoing } = env;
  if (typeof outgoing !== "object" || outgoing === null) return undefined;
  if (!("headersSent" in outgoing) || !("statusCode" in outgoing)) return undefined;
  const { headersSent, statusCode } = outgoing;
  return headersSent === true && typeof statusCode === "number" ? { headersSent, statusCode } : undefined;
}

/** Whether the route has written the answer itself. */
export function isAnsweredDirectly(context: Context): boolean {
  return written(context) !== undefined;
}

/** The status of the answer, whoever wrote it. */
export function answeredStatus(context: Context): number {
  return written(context)?.statusCode ?? context.res.status;
}
