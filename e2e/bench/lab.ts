/** What a lab cluster is told and asked for one session: its network, and what its nodes sent. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import type { NodePace, SentRequest } from "#core/benchmark/measured-session.ts";
import type { NetworkPlan } from "#core/network/conditions.ts";
import { planFor, planNames, topologyNodeIds } from "#core/network/named-plans.ts";
import type { ByteLog } from "#wire/contract/byte-log-api.ts";
import { ByteLogSchema } from "#wire/contract/byte-log-api.ts";
import { NetworksAnswerSchema, planToWords } from "#wire/contract/emulation-api.ts";
import { PATHS, ROUTES } from "#wire/contract/paths.ts";
import type { Cluster } from "../fixtures/cluster.ts";

/** Nodes of scenarios, which name none. */
const SCENARIO_NODES = 4;
const LAB_MS = 10_000;

export interface LabNetwork {
  readonly scenario: string;
  readonly seed: number;
  readonly session: string;
  /** Folder of measured networks. */
  readonly traces: string | undefined;
}

/** Of the cluster on which a scenario is played: every node has a path, and every path a node. */
export async function nodeCountOf(scenario: string, traces: string | undefined): Promise<number> {
  const known = topologyNodeIds(scenario)?.length;
  if (known !== undefined) return known;
  if (planNames().some(({ name }) => name === scenario)) return SCENARIO_NODES;
  const measured = traces === undefined ? [] : (await readAssignments(traces)).assignments;
  const found = measured.find(({ id }) => id === scenario);
  if (found === undefined) throw new Error(`No network is called "${scenario}"`);
  return found.nodes.length;
}

const AssignmentsSchema = v.object({
  assignments: v.array(v.object({ id: v.string(), topology: v.string(), nodes: v.array(v.unknown()) })),
});

/** Names of measured networks in a folder, at most so many: first those whose paths are independent. */
export async function measuredNetworks(folder: string, most: number): Promise<readonly string[]> {
  const { assignments } = await readAssignments(folder);
  const isIndependent = (one: { topology: string }) => one.topology === "independent";
  const ordered = [...assignments.filter(isIndependent), ...assignments.filter((one) => !isIndependent(one))];
  return ordered.slice(0, most).map(({ id }) => id);
}

/** Every command checks the whole of it; here only what is needed to start clusters. */
async function readAssignments(folder: string): Promise<v.InferOutput<typeof AssignmentsSchema>> {
  return v.parse(AssignmentsSchema, JSON.parse(await readFile(join(folder, "assignments.json"), "utf8")));
}

/** What a session's network is, and since when: Unix milliseconds. */
export interface NetworkSet extends Pick<NetworkPlan, "kind" | "changes"> {
  readonly startedAtMs: number;
}

/** Sets the network of a session, from now on; what is scheduled counts from now. */
export async function setNetwork(
  cluster: Cluster,
  { scenario, seed, session, traces }: LabNetwork,
  nodeCount: number,
): Promise<NetworkSet> {
  const nodeIds = Array.from({ length: nodeCount }, (_, index) => `n${index + 1}`);
  const plan = planFor(scenario, { seed, nodeIds });
  if (plan !== undefined) return await putPlan(cluster, session, plan, seed);
  // Measured networks are read by the command line.
  const words = ["network", "scenario", scenario, "--session", session, "--seed", String(seed), "--json"];
  const answer = await cluster.vstack(...words, ...(traces === undefined ? [] : ["--traces", traces]));
  if (answer.code !== 0) throw new Error(`The network was not set: ${answer.stderr}`);
  return { ...networkOf(JSON.parse(answer.stdout), session), changes: [] };
}

export async function putPlan(cluster: Cluster, session: string, plan: NetworkPlan, seed = 1): Promise<NetworkSet> {
  const answer = await ask(`${cluster.url}${ROUTES.labNetwork}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ by: "plan", session, seed, plan: planToWords(plan) }),
  });
  return { ...networkOf(await answer.json(), session), changes: plan.changes };
}

function networkOf(answer: unknown, session: string): Omit<NetworkSet, "changes"> {
  const { networks } = v.parse(NetworksAnswerSchema, answer);
  const found = networks.find((one) => one.session === session);
  if (found === undefined) throw new Error(`The network of ${session} was not set`);
  return found;
}

export async function clearNetwork(cluster: Cluster, session: string): Promise<void> {
  await ask(`${cluster.url}${PATHS.clearNetwork(ROUTES.labNetwork, session)}`, { method: "DELETE" });
}

/** What every node sent to a session. @param originMs Unix milliseconds that times are counted from */
export async function readLogs(
  cluster: Cluster,
  session: string,
  originMs: number,
): Promise<{ readonly requests: SentRequest[]; readonly paces: NodePace[]; readonly forgotten: number }> {
  const { nodes } = await cluster.status();
  const logs = await Promise.all(
    nodes.map(async ({ url }): Promise<ByteLog> => {
      const answer = await ask(`${url}${PATHS.nodeBytes(session)}`, {});
      return v.parse(ByteLogSchema, await answer.json());
    }),
  );
  const requests = logs.flatMap(({ nodeId, requests: own }) =>
    own.map(({ hash, start, end, sentBytes, arrivedAtMs, endedAtMs }) => ({
      ...{ nodeId, hash, start, end, sentBytes, arrivedMs: arrivedAtMs - originMs },
      endedMs: endedAtMs === null ? null : endedAtMs - originMs,
    })),
  );
  return {
    requests: requests.sort((a, b) => a.arrivedMs - b.arrivedMs),
    paces: logs.flatMap(({ nodeId, pace }) => (pace === null ? [] : [{ nodeId, ...pace }])),
    forgotten: logs.reduce((total, { forgottenCount }) => total + forgottenCount, 0),
  };
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(LAB_MS) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return answer;
}
