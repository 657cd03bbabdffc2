/** `PUT` and `DELETE /lab/network`: sets and takes back emulated networks, with a capability as other writes; `--lab` only. */
import { Hono } from "hono";
import type { ClusterKey } from "#wire/client/capability.ts";
import {
  ClearQuerySchema,
  clearChoice,
  LAB_NETWORK_SUBJECT,
  SessionNetworkSchema,
} from "#wire/contract/emulation-api.ts";
import { NO_STORE } from "#wire/contract/headers.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseInput, parseJsonBody } from "#wire/server/validated.ts";
import type { LabNetworks } from "../emulation/lab-networks.ts";
import type { NodeEnv } from "./node-env.ts";
import { checkAllowed } from "./write-chunk.ts";

export interface LabPorts {
  readonly clusterKey: ClusterKey;
  readonly wallMs: () => number;
  readonly networks: LabNetworks;
}

export function labNetworkRoutes({ networks, ...keys }: LabPorts): Hono<NodeEnv> {
  const app = new Hono<NodeEnv>();
  app.put(ROUTES.nodeLabNetwork, async (context) => {
    await checkAllowed(context, { method: "PUT", subject: LAB_NETWORK_SUBJECT }, keys);
    const answer = networks.put(await parseJsonBody(context, SessionNetworkSchema));
    return context.json(answer, 200, { "cache-control": NO_STORE });
  });
  app.delete(ROUTES.nodeLabNetwork, async (context) => {
    await checkAllowed(context, { method: "DELETE", subject: LAB_NETWORK_SUBJECT }, keys);
    networks.clear(clearChoice(parseInput(ClearQuerySchema, context.req.query(), "query")));
    return context.body(null, 204);
  });
  app.all(ROUTES.nodeLabNetwork, methodNotAllowed("PUT", "DELETE", "OPTIONS"));
  return app;
}
