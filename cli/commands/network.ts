/** `vstack network`: what is emulated between nodes and players of a lab cluster; docs/emulation.md. */
import type { FaultKind } from "#core/network/conditions.ts";
import { planFor, planNames } from "#core/network/named-plans.ts";
import { UNLIMITED_BYTES_PER_SECOND } from "#core/network/rate-curve.ts";
import { isScenarioName } from "#core/network/scenarios.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import type { NetworkAskWords, NetworksAnswer, NetworkState } from "#wire/contract/emulation-api.ts";
import { planToWords } from "#wire/contract/emulation-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { interrupted } from "../interrupted.ts";
import { durationText, printJson, printLine, printTable, remark } from "../print.ts";
import { readTraces } from "../read-traces.ts";

export interface NetworkOptions {
  readonly url: string;
  readonly json: boolean;
  readonly session?: string;
}
export interface ProfileOptions extends NetworkOptions {
  readonly node?: string[];
  readonly seed: number;
}
export interface ScenarioOptions extends NetworkOptions {
  readonly traces?: string;
  readonly seed: number;
}
export interface SetOptions extends NetworkOptions {
  readonly node?: string[];
  /** Bytes per second, as is `access`. */
  readonly rate?: number;
  readonly roundTrip?: number;
  readonly jitter?: number;
  /** 0..1 */
  readonly loss?: number;
  readonly fault?: FaultKind | "none";
  readonly access?: number;
}

const SCENARIO = "scenario:";
const BYTES_OF_MEGABIT = 1_000_000 / 8;

/** Names need no cluster. */
export async function listNames(options: { traces?: string; json: boolean }): Promise<void> {
  const names = planNames(options.traces === undefined ? undefined : await readTraces(options.traces));
  if (options.json) {
    printJson(names);
    return;
  }
  const rows = names.map(({ name, about }) => {
    const [kind, rest] = name.includes(":") ? name.split(":") : ["topology", name];
    return [kind ?? "", rest ?? "", about];
  });
  printTable(["KIND", "NAME", "WHAT IT IS"], rows);
  printLine("");
  printLine("npx vstack network profile NAME, npx vstack network scenario NAME (topologies, too)");
}

/** @returns exit code */
export async function showNetworks(options: NetworkOptions): Promise<number> {
  return say(await metadataClient(options.url).networks(interrupted()), options);
}

/** @returns exit code */
export async function setProfile(profile: string, options: ProfileOptions): Promise<number> {
  const { seed, node } = options;
  return await order({ by: "profile", profile, seed, ...(node === undefined ? {} : { nodeIds: node }) }, options);
}

/** @returns exit code */
export async function setScenario(name: string, options: ScenarioOptions): Promise<number> {
  const { seed } = options;
  if (options.traces !== undefined) return await order(await planOfTraces(name, options.traces, options), options);
  const scenario = name.startsWith(SCENARIO) ? name.slice(SCENARIO.length) : name;
  if (isScenarioName(scenario)) return await order({ by: "scenario", scenario, seed }, options);
  const known = planNames()
    .map((one) => one.name)
    .filter((one) => !one.startsWith("profile:"))
    .map((one) => one.replace(SCENARIO, ""));
  if (!known.includes(name)) throw unknownName(name, known);
  return await order({ by: "topology", topology: name, seed }, options);
}

/** @returns exit code */
export async function setValues(options: SetOptions): Promise<number> {
  const { rate, roundTrip, jitter, loss, fault, access } = options;
  const path = {
    ...(rate === undefined ? {} : { rate }),
    ...(roundTrip === undefined ? {} : { roundTripMs: roundTrip }),
    ...(jitter === undefined ? {} : { jitterMs: jitter }),
    ...(loss === undefined ? {} : { lossRatio: loss }),
    // A profile's share of failing requests is a fault, too.
    ...(fault === "none" ? { fault: null, failureRatio: 0 } : {}),
    ...(fault === undefined || fault === "none" ? {} : { fault: { kind: fault } }),
  };
  if (Object.keys(path).length === 0 && access === undefined) {
    throw new VStackError(
      "bad-request",
      "Cannot set nothing: name --rate, --round-trip, --jitter, --loss, --fault or --access",
    );
  }
  const client = metadataClient(options.url);
  const nodeIds = options.node ?? (await client.networks(interrupted())).nodeIds;
  const nodes = Object.keys(path).length === 0 ? [] : nodeIds.map((nodeId) => ({ nodeId, path }));
  return await order({ by: "values", nodes, ...(access === undefined ? {} : { access }) }, options);
}

export async function clearNetworks(options: NetworkOptions): Promise<void> {
  const answer = await metadataClient(options.url).clearNetworks(options.session, interrupted());
  if (options.json) printJson(answer);
  else printLine(options.session === undefined ? "Nothing is emulated any more" : `Taken back for ${options.session}`);
}

/** Traces are files of this machine: the cluster gets the whole plan. */
async function planOfTraces(name: string, folder: string, options: ScenarioOptions): Promise<NetworkAskWords> {
  const files = await readTraces(folder);
  const { nodeIds } = await metadataClient(options.url).networks(interrupted());
  const plan = planFor(name, { seed: options.seed, nodeIds, files });
  if (plan === undefined)
    throw unknownName(
      name,
      planNames(files).map((one) => one.name),
    );
  return { by: "plan", plan: planToWords(plan), seed: options.seed };
}

async function order(ask: NetworkAskWords, options: NetworkOptions): Promise<number> {
  const session = options.session ?? null;
  const answer = await metadataClient(options.url).setNetwork({ ...ask, session }, interrupted());
  return say(answer, { ...options, session });
}

function unknownName(name: string, known: readonly string[]): VStackError {
  return new VStackError(
    "bad-request",
    `Cannot find the scenario or topology "${name}": known are ${known.join(", ")}`,
  );
}

/** @param session undefined: all of them */
function say(
  answer: NetworksAnswer,
  { json, session }: { readonly json: boolean; readonly session?: string | null },
): number {
  const networks = answer.networks.filter((network) => session === undefined || network.session === session);
  if (json) printJson({ ...answer, networks });
  else if (networks.length === 0) printLine("Nothing is emulated");
  else for (const network of networks) printNetwork(network, answer.nowMs);
  const deaf = networks.map((network) => network.nodes.filter(({ access }) => access === "unreachable"));
  const names = new Set(deaf.flat().map(({ nodeId }) => nodeId));
  if (names.size > 0)
    remark(`Not emulated by ${[...names].join(", ")}: they did not answer, and are told as soon as they do`);
  if (networks.some(({ nodes }) => nodes.some(({ access }) => access === "not-emulated"))) {
    remark("The access link is not emulated by nodes that were started alone: vstack up keeps its ledger");
  }
  return networks.some(({ nodes }, index) => nodes.length > 0 && deaf[index]?.length === nodes.length) ? 1 : 0;
}

function printNetwork(network: NetworkState, nowMs: number): void {
  const who = network.session === null ? "everybody" : network.session;
  const sinceSeconds = Math.max(0, nowMs - network.startedAtMs) / 1000;
  printLine(`${network.id} for ${who} since ${durationText(sinceSeconds)}: ${network.expect}`);
  const isLimited = network.accessBytesPerSecond < UNLIMITED_BYTES_PER_SECOND;
  if (isLimited) printLine(`Access link of each player: ${rateText(network.accessBytesPerSecond)}`);
  printTable(
    ["NODE", "RATE", "ROUND TRIP", "JITTER", "LOSS", "FAULT", "TAKEN"],
    network.nodes.map(({ nodeId, access, now }) => {
      const taken = access === "unreachable" ? "no" : "yes";
      if (now === null) return [nodeId, "unlimited", "-", "-", "-", "-", taken];
      const fails = now.failureRatio > 0 ? `${(now.failureRatio * 100).toFixed(0)} % of requests` : "none";
      return [
        ...[nodeId, rateText(now.bytesPerSecond), msText(now.roundTripMs), msText(now.jitterMs)],
        ...[`${(now.lossRatio * 100).toFixed(1)} %`, now.fault ?? fails, taken],
      ];
    }),
  );
}

function msText(ms: number): string {
  return `${ms.toFixed(0)} ms`;
}

function rateText(bytesPerSecond: number): string {
  if (bytesPerSecond >= UNLIMITED_BYTES_PER_SECOND) return "unlimited";
  return `${(bytesPerSecond / BYTES_OF_MEGABIT).toFixed(2)} Mbit/s`;
}
