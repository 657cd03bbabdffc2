/** `GET /lab/bytes?session=NAME`: what was sent to a session; only in lab mode. Anybody may read it, as they may read chunks. */
import { Hono } from "hono";
import type { NodeId } from "#core/ids.ts";
import { type ByteLog, ByteLogQuerySchema } from "#wire/contract/byte-log-api.ts";
import { NO_STORE } from "#wire/contract/headers.ts";
import { QUERY, ROUTES } from "#wire/contract/paths.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseInput } from "#wire/server/validated.ts";
import type { NodeEnv } from "./node-env.ts";
import type { Lab } from "./read-emulated.ts";

export function labBytesRoutes(nodeId: NodeId, { networks, byteLogs }: Lab): Hono<NodeEnv> {
  const app = new Hono<NodeEnv>();
  app.get(ROUTES.nodeLabBytes, (context) => {
    const session = parseInput(ByteLogQuerySchema, context.req.query(), "query")[QUERY.session];
    const { requests, forgottenCount } = byteLogs.of(session);
    const log: ByteLog = { nodeId, session, requests: [...requests], forgottenCount, pace: networks.paceOf(session) };
    return context.json(log, 200, { "cache-control": NO_STORE });
  });
  app.all(ROUTES.nodeLabBytes, methodNotAllowed("GET", "HEAD", "OPTIONS"));
  return app;
}
