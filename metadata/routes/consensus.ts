/** ChunkPaxos for people and tools: groups, positions, draining a node, making the catalogue again. */
import { Hono } from "hono";
import type { InferOutput } from "valibot";
import { parseNodeId } from "#core/ids.ts";
import { parsePosition } from "#core/placement/position.ts";
import type {
  ConsensusAnswerSchema,
  DrainAnswer,
  PositionAnswerSchema,
  RebuildState,
} from "#wire/contract/consensus-view-api.ts";
import { deadlineSignal } from "#wire/client/deadline.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import type { ConsensusViewPorts } from "../consensus/consensus-view.ts";
import { groupsOf, viewConsensus, viewPosition } from "../consensus/consensus-view.ts";
import type { RouteWords } from "../openapi/describe.ts";
import { describe } from "../openapi/describe.ts";

/** Of one look at a position. */
const VIEW_DEADLINE_MS = 10_000;

const WORDS = {
  consensus: {
    tag: "consensus",
    summary: "Acceptor groups: epochs, members, changes under way; the nodes as acceptors",
    answers: { 200: { says: "The groups that were ever needed", json: "Consensus" } },
  },
  position: {
    tag: "consensus",
    summary: "What stands at a position, as a majority says, and what each acceptor has accepted",
    description:
      "A linearizable read: every change that was answered before is seen. A position is `<videoId>/<rendition>/<seq>`, `<videoId>/<rendition>/init`, `<videoId>/poster` or `<videoId>/meta`, with its slashes escaped.",
    answers: { 200: { says: "The position", json: "PositionState" } },
    problems: ["bad-request", "not-found", "unavailable"],
  },
  drain: {
    tag: "consensus",
    summary: "A node shall leave its acceptor groups, and get nothing new",
    description:
      "The groups follow within moments, when other nodes can take its place; then its pieces are moved away.",
    answers: { 200: { says: "How far it is", json: "Drain" } },
    problems: ["bad-request", "not-found"],
  },
  undrain: {
    tag: "consensus",
    summary: "A node may stay after all",
    answers: { 200: { says: "Its state", json: "Drain" } },
    problems: ["bad-request", "not-found"],
  },
  rebuild: {
    tag: "consensus",
    summary: "How far the making of the catalogue from the nodes is",
    answers: { 200: { says: "The state", json: "Rebuild" } },
  },
  beginRebuild: {
    tag: "consensus",
    summary: "Make the catalogue again from the nodes, after the database was lost",
    description: "What is there already stays as it is: it may be repeated.",
    answers: { 202: { says: "It has begun, or was under way", json: "Rebuild" } },
  },
} as const satisfies Record<string, RouteWords>;

export interface ConsensusRoutesPorts extends ConsensusViewPorts {
  readonly rebuild: { readonly begin: () => RebuildState; readonly state: () => RebuildState };
}

export function consensusRoutes(ports: ConsensusRoutesPorts): Hono {
  const { consensus, directory, rebuild } = ports;
  const app = new Hono();

  app.get(ROUTES.consensus, describe(WORDS.consensus), async (context) =>
    context.json((await viewConsensus(ports)) satisfies InferOutput<typeof ConsensusAnswerSchema>),
  );
  app.all(ROUTES.consensus, methodNotAllowed("GET", "HEAD"));

  app.get(ROUTES.consensusPosition, describe(WORDS.position), async (context) => {
    const text = context.req.param("position");
    const position = parsePosition(text);
    if (position === undefined) throw new VStackError("bad-request", `Cannot look at "${text}" as it is no position`);
    const view = await viewPosition(position, ports, deadlineSignal(VIEW_DEADLINE_MS));
    return context.json(view satisfies InferOutput<typeof PositionAnswerSchema>);
  });

  const drain = async (text: string, isDraining: boolean): Promise<DrainAnswer> => {
    const nodeId = parseNodeId(text);
    if (nodeId === undefined) throw new VStackError("bad-request", `Cannot drain "${text}" as it is no node id`);
    const node = directory.members().find(({ heartbeat }) => heartbeat.nodeId === nodeId);
    if (node === undefined) {
      throw new VStackError("not-found", `Cannot drain "${nodeId}" as no such node is known`);
    }
    await consensus.acceptors.setDraining(nodeId, isDraining);
    const groupsLeft = groupsOf(nodeId, await consensus.master.states()).length;
    const { chunkCount, shardCount = 0 } = node.heartbeat;
    return { nodeId, draining: isDraining, groupsLeft, chunks: chunkCount + shardCount };
  };
  app.put(ROUTES.nodeDrain, describe(WORDS.drain), async (context) =>
    context.json(await drain(context.req.param("nodeId"), true)),
  );
  app.delete(ROUTES.nodeDrain, describe(WORDS.undrain), async (context) =>
    context.json(await drain(context.req.param("nodeId"), false)),
  );
  app.all(ROUTES.nodeDrain, methodNotAllowed("PUT", "DELETE"));

  app.get(ROUTES.rebuild, describe(WORDS.rebuild), (context) => context.json(rebuild.state()));
  app.post(ROUTES.rebuild, describe(WORDS.beginRebuild), (context) => context.json(rebuild.begin(), 202));
  app.all(ROUTES.rebuild, methodNotAllowed("GET", "HEAD", "POST"));
  return app;
}
