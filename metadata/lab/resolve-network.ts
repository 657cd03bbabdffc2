/** What is asked for by name or by values becomes the network of one session, for the nodes that the cluster has. */
import type { NetworkPlan } from "#core/network/conditions.ts";
import { planFor, planNames, profilePlan } from "#core/network/named-plans.ts";
import { isProfileName } from "#core/network/profiles.ts";
import { withValues } from "#core/network/with-values.ts";
import type { NetworkAsk, SessionNetwork } from "#wire/contract/emulation-api.ts";
import { changeFromWords, planToWords, rateFromWords } from "#wire/contract/emulation-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { KnownNetwork } from "./network-state.ts";

/** What an ask is resolved against. */
export interface Surroundings {
  /** The nodes of the cluster, in order. */
  readonly nodeIds: readonly string[];
  /** What holds for the session now: its own, or that of everybody. */
  readonly before: KnownNetwork | undefined;
  /** Unix milliseconds. */
  readonly nowMs: number;
}

/** @throws VStackError `bad-request` for a name or a node that nobody knows, `unavailable` when there are no nodes */
export function resolveNetwork(ask: NetworkAsk, { nodeIds, before, nowMs }: Surroundings): SessionNetwork {
  if (nodeIds.length === 0)
    throw new VStackError("unavailable", "Cannot emulate a network as no node has reported yet");
  const unknown = namedNodes(ask).find((nodeId) => !nodeIds.includes(nodeId));
  if (unknown !== undefined) {
    throw new VStackError(
      "bad-request",
      `Cannot emulate a path to "${unknown}" as no node is called that: there are ${nodeIds.join(", ")}`,
    );
  }
  const { session, seed } = ask;
  const { words, startedAtMs } = planOf(ask, { nodeIds, before, nowMs });
  return { ...words, session, seed, startedAtMs: ask.startedAtMs ?? startedAtMs };
}

function planOf(ask: NetworkAsk, { nodeIds, before, nowMs }: Surroundings) {
  switch (ask.by) {
    case "profile":
      return { words: planToWords(namedProfile(ask, nodeIds)), startedAtMs: nowMs };
    case "scenario":
      return { words: planToWords(named("scenario", ask.scenario, ask.seed, nodeIds)), startedAtMs: nowMs };
    case "topology":
      return { words: planToWords(named("topology", ask.topology, ask.seed, nodeIds)), startedAtMs: nowMs };
    case "values": {
      const { access } = ask;
      const named = ask.nodes.map(({ nodeId, path }) => ({ nodeId, path: changeFromWords(path) }));
      // A link lies behind every node; one that the network does not name would go past it.
      const behind = access === undefined ? [] : nodeIds.map((nodeId) => ({ nodeId, path: {} }));
      const plan = withValues(before?.plan, {
        ...(access === undefined ? {} : { access: rateFromWords(access) }),
        nodes: [...behind, ...named],
      });
      // What was scheduled goes on where it is.
      return { words: planToWords(plan), startedAtMs: before?.words.startedAtMs ?? nowMs };
    }
    case "plan":
      return { words: ask.plan, startedAtMs: nowMs };
  }
}

function namedNodes(ask: NetworkAsk): string[] {
  if (ask.by === "profile") return ask.nodeIds ?? [];
  if (ask.by === "values") return ask.nodes.map(({ nodeId }) => nodeId);
  if (ask.by === "plan") return [...ask.plan.nodes, ...ask.plan.changes].map(({ nodeId }) => nodeId);
  return [];
}

function namedProfile(ask: NetworkAsk & { by: "profile" }, nodeIds: readonly string[]): NetworkPlan {
  const profile = withoutPrefix("profile", ask.profile);
  if (!isProfileName(profile)) throw unknownName("profile", profile);
  return profilePlan(profile, { nodeIds, affected: ask.nodeIds ?? nodeIds, seed: ask.seed });
}

function named(what: "scenario" | "topology", name: string, seed: number, nodeIds: readonly string[]): NetworkPlan {
  const isTopology = what === "topology";
  const full = isTopology ? name : `${what}:${withoutPrefix(what, name)}`;
  const isOther = isTopology && (name.startsWith("profile:") || name.startsWith("scenario:"));
  const plan = isOther ? undefined : planFor(full, { seed, nodeIds });
  if (plan === undefined) throw unknownName(what, name);
  return plan;
}

function withoutPrefix(what: "profile" | "scenario", name: string): string {
  return name.startsWith(`${what}:`) ? name.slice(what.length + 1) : name;
}

function unknownName(what: "profile" | "scenario" | "topology", name: string): VStackError {
  const known = planNames()
    .map((one) => one.name)
    .filter((one) => (what === "topology" ? !/^(profile|scenario):/.test(one) : one.startsWith(`${what}:`)))
    .map((one) => (what === "topology" ? one : withoutPrefix(what, one)));
  return new VStackError("bad-request", `Cannot find the ${what} "${name}": known are ${known.join(", ")}`);
}
