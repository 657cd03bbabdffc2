/** `/api/lab/network`: sets, lists and takes back emulated networks; of a cluster that was started with `--lab` only. */
import { Hono } from "hono";
import type { NetworksAnswer } from "#wire/contract/emulation-api.ts";
import { ClearQuerySchema, clearChoice, NetworkAskSchema } from "#wire/contract/emulation-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseInput, parseJsonBody } from "#wire/server/validated.ts";
import type { LabNetworks } from "../lab/lab-networks.ts";
import type { RouteWords } from "../openapi/describe.ts";
import { describe } from "../openapi/describe.ts";

const LAB_ONLY = "Only of a cluster that was started with `--lab`; 404 otherwise.";
const ANSWERS = { 200: { says: "Everything that is emulated now", json: "Networks" } } as const;

const WORDS = {
  list: {
    ...{ tag: "lab", summary: "The networks that are emulated, as they are at this moment", answers: ANSWERS },
    ...{ description: LAB_ONLY, problems: ["not-found"] },
  },
  set: {
    ...{ tag: "lab", summary: "Emulate a network for a session, or for everybody", answers: ANSWERS },
    description: `${LAB_ONLY} By the name of a profile, scenario or topology, by values, or by a whole plan. Rates are bytes per second. Answers when every node that is alive was told; \`access\` says per node whether it took its part.`,
    body: {
      json: "NetworkAsk",
      example: {
        ...{ by: "values", session: "player-1" },
        nodes: [{ nodeId: "n1", path: { rate: 1_250_000, roundTripMs: 80, fault: null } }],
      },
    },
    problems: ["bad-request", "not-found", "too-large", "too-many-requests", "unavailable"],
  },
  clear: {
    ...{ tag: "lab", summary: "Take networks back", query: ClearQuerySchema, answers: ANSWERS },
    description: `${LAB_ONLY} That of a session; with an empty name that of everybody; without a name all of them.`,
    problems: ["bad-request", "not-found"],
  },
} as const satisfies Record<string, RouteWords>;

/** @param networks undefined without `--lab` */
export function labNetworkRoutes({ labNetworks }: { labNetworks: LabNetworks | undefined }): Hono {
  const app = new Hono();
  const lab = () => {
    if (labNetworks !== undefined) return labNetworks;
    throw new VStackError(
      "not-found",
      "Cannot emulate networks as the cluster was not started with --lab: start one with npx vstack up --lab",
    );
  };
  const path = ROUTES.labNetwork;
  app.get(path, describe(WORDS.list), (context) => context.json(lab().answer() satisfies NetworksAnswer));
  app.put(path, describe(WORDS.set), async (context) => {
    const networks = lab();
    await networks.put(await parseJsonBody(context, NetworkAskSchema));
    return context.json(networks.answer() satisfies NetworksAnswer);
  });
  app.delete(path, describe(WORDS.clear), async (context) => {
    const networks = lab();
    await networks.clear(clearChoice(parseInput(ClearQuerySchema, context.req.query(), "query")));
    return context.json(networks.answer() satisfies NetworksAnswer);
  });
  app.all(path, methodNotAllowed("GET", "HEAD", "PUT", "DELETE"));
  return app;
}
