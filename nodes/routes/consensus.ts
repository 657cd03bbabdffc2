/** `/consensus/*`: the votes of this node, each with a capability VOTE of its name. */
import { type Context, Hono } from "hono";
import type { NodeId } from "#core/ids.ts";
import {
  EntriesRequestSchema,
  MAX_CONSENSUS_BYTES,
  SealRequestSchema,
  StatesQuerySchema,
} from "#wire/contract/consensus-api.ts";
import { NO_STORE } from "#wire/contract/headers.ts";
import { MAX_JSON_BYTES } from "#wire/contract/limits.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseInput } from "#wire/server/validated.ts";
import { vote, type VotePorts } from "../consensus/vote.ts";
import type { NodeEnv } from "./node-env.ts";
import { receiveJson } from "./receive-json.ts";
import { type MessageWay, type StreamPorts, voteStreams } from "./vote-streams.ts";
import { checkAllowed } from "./write-chunk.ts";

export interface ConsensusPorts extends VotePorts, StreamPorts {
  readonly nodeId: NodeId;
}

const HEADERS = { "cache-control": NO_STORE };

export function consensusRoutes(ports: ConsensusPorts): Hono<NodeEnv> {
  const { nodeId, acceptor } = ports;
  const app = new Hono<NodeEnv>();
  const mustBeAllowed = (context: Context<NodeEnv>) =>
    checkAllowed(context, { method: "VOTE", subject: nodeId }, { ...ports, clusterKey: ports.readCapability });
  const messaged = async (context: Context<NodeEnv>, by: MessageWay) => {
    const claims = await mustBeAllowed(context);
    ports.messaged?.(by);
    return claims;
  };

  app.post(ROUTES.consensusEntries, async (context) => {
    await messaged(context, "request");
    const request = await receiveJson(context, EntriesRequestSchema, MAX_CONSENSUS_BYTES);
    return context.json(await vote(request, ports), 200, HEADERS);
  });
  const openStream = voteStreams(ports);
  app.post(ROUTES.consensusStream, async (context) => openStream(context, await messaged(context, "opening")));
  app.post(ROUTES.consensusSeal, async (context) => {
    await messaged(context, "request");
    const request = await receiveJson(context, SealRequestSchema, MAX_JSON_BYTES);
    return context.json(await acceptor.seal(request), 200, HEADERS);
  });
  app.get(ROUTES.consensusGroups, async (context) => {
    await mustBeAllowed(context);
    return context.json({ nodeId, ...(await acceptor.groups()) }, 200, HEADERS);
  });
  app.get(ROUTES.consensusStates, async (context) => {
    await mustBeAllowed(context);
    const { group, after } = parseInput(StatesQuerySchema, context.req.query(), "query");
    return context.json(await acceptor.states(group, after), 200, HEADERS);
  });
  for (const path of [ROUTES.consensusEntries, ROUTES.consensusStream, ROUTES.consensusSeal]) {
    app.all(path, methodNotAllowed("POST"));
  }
  for (const path of [ROUTES.consensusGroups, ROUTES.consensusStates]) app.all(path, methodNotAllowed("GET", "HEAD"));
  return app;
}
