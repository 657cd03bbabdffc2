/** All networks that have a name, under one roof: `profile:NAME`, `scenario:NAME`, `drawn:NAME`, and topologies by their id. */
import { seededRandom } from "../random.ts";
import type { NetworkPlan } from "./conditions.ts";
import { DRAWN_NAMES, drawnAbout, drawnPlan, isDrawnName } from "./drawn-plans.ts";
import { isProfileName, PROFILE_NAMES, profileAbout, type ProfileName, profilePath, unlistedPath } from "./profiles.ts";
import { constantRate, UNLIMITED_BYTES_PER_SECOND } from "./rate-curve.ts";
import { isScenarioName, SCENARIO_NAMES, scenarioAbout, scenarioPlan } from "./scenarios.ts";
import { SYNTHETIC_TOPOLOGIES, syntheticTraces } from "./synthetic-topologies.ts";
import type { Topology, TraceLookup } from "./topologies.ts";
import { topologyPlan } from "./topologies.ts";

/** Topologies of trace files, with their traces. */
export interface TopologySet {
  readonly topologies: readonly Topology[];
  readonly traces: TraceLookup;
}

export interface PlanChoice {
  readonly seed: number;
  /** The nodes of the cluster, in order. */
  readonly nodeIds: readonly string[];
  /** Besides those that the program generates, and before them. */
  readonly files?: TopologySet;
}

const PROFILE = "profile:";
const SCENARIO = "scenario:";
const DRAWN = "drawn:";
const SYNTHETIC: TopologySet = { topologies: SYNTHETIC_TOPOLOGIES, traces: syntheticTraces };

/**
 * The plan behind a name; undefined when no network is called that.
 *
 * @example
 * planFor("scenario:hang", { seed: 1, nodeIds: ["n1", "n2"] })?.changes.length === 1;
 */
export function planFor(name: string, choice: PlanChoice): NetworkPlan | undefined {
  if (name.startsWith(PROFILE)) {
    const profile = name.slice(PROFILE.length);
    return isProfileName(profile) ? profilePlan(profile, { ...choice, affected: choice.nodeIds }) : undefined;
  }
  if (name.startsWith(SCENARIO)) {
    const scenario = name.slice(SCENARIO.length);
    return isScenarioName(scenario) ? scenarioPlan(scenario, choice) : undefined;
  }
  if (name.startsWith(DRAWN)) {
    const drawn = name.slice(DRAWN.length);
    return isDrawnName(drawn) ? { id: name, expect: drawnAbout(drawn), ...drawnPlan(drawn, choice) } : undefined;
  }
  for (const { topologies, traces } of setsOf(choice.files)) {
    const topology = topologies.find(({ id }) => id === name);
    if (topology !== undefined) return topologyPlan(topology, { traces, seed: choice.seed, nodeIds: choice.nodeIds });
  }
  return undefined;
}

/** A profile on some nodes; the others are as nodes without a profile are. */
export function profilePlan(
  profile: ProfileName,
  { nodeIds, affected, seed }: { nodeIds: readonly string[]; affected: readonly string[]; seed: number },
): NetworkPlan {
  const random = seededRandom(seed);
  return {
    ...{ id: `${PROFILE}${profile}`, expect: profileAbout(profile), kind: "independent", changes: [] },
    access: constantRate(UNLIMITED_BYTES_PER_SECOND),
    nodes: nodeIds.map((nodeId) => ({
      nodeId,
      path: affected.includes(nodeId) ? profilePath(profile, random) : unlistedPath(random),
    })),
  };
}

/** The nodes of a topology by its own names; undefined when no topology is called that. */
export function topologyNodeIds(name: string, files?: TopologySet): readonly string[] | undefined {
  const topology = setsOf(files)
    .flatMap(({ topologies }) => topologies)
    .find(({ id }) => id === name);
  return topology?.nodes.map(({ nodeId }) => nodeId);
}

/** Every name, each with a line for people. */
export function planNames(files?: TopologySet): readonly { readonly name: string; readonly about: string }[] {
  return [
    ...PROFILE_NAMES.map((name) => ({ name: `${PROFILE}${name}`, about: profileAbout(name) })),
    ...SCENARIO_NAMES.map((name) => ({ name: `${SCENARIO}${name}`, about: scenarioAbout(name) })),
    ...setsOf(files).flatMap(({ topologies }) => topologies.map(({ id, expect }) => ({ name: id, about: expect }))),
    ...DRAWN_NAMES.map((name) => ({ name: `${DRAWN}${name}`, about: drawnAbout(name) })),
  ];
}

function setsOf(files: TopologySet | undefined): readonly TopologySet[] {
  return files === undefined ? [SYNTHETIC] : [files, SYNTHETIC];
}
