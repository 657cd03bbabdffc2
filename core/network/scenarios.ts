/**
 * Scenarios: what happens to a cluster's paths over time. The first five by name and value of the program that V-Stack
 * descends from; the others each show one thing that a scheduler must survive. The nodes start `normal`.
 */
import type { Random } from "../random.ts";
import { seededRandom } from "../random.ts";
import type { FaultKind, NetworkPlan, PathConditions, ScheduledChange } from "./conditions.ts";
import type { ProfileName } from "./profiles.ts";
import { profileBetween, profilePath } from "./profiles.ts";
import type { RateCurve } from "./rate-curve.ts";
import { constantRate, scaledCurve, UNLIMITED_BYTES_PER_SECOND } from "./rate-curve.ts";

/** A profile comes in steps, not at once: over three seconds. */
const RAMP_MS = 3_000;
const RAMP_STEPS = 6;
/** When something happens to a node in the scenarios of one fault, and when it is over where it ends. */
const ONSET_MS = 10_000;
const RETURN_MS = 25_000;
/** Chaos and flapping go on for so long: longer than any session that is compared. */
const LONG_MS = 600_000;
const FLAP_MS = 4_000;
const CHAOS_PROFILES = ["normal", "high_latency", "low_bandwidth", "packet_loss", "degraded"] as const;
const CHAOS_LEAST_MS = 5_000;
const CHAOS_MOST_MS = 15_000;
const MEGABIT = 1_000_000 / 8;

/** What a scenario is made of. */
interface Stage {
  readonly nodeIds: readonly string[];
  readonly first: string | undefined;
  readonly random: Random;
}

interface Script {
  readonly access?: RateCurve;
  /** Instead of `normal`, by node. */
  readonly starts?: Readonly<Record<string, Partial<PathConditions>>>;
  readonly changes: readonly ScheduledChange[];
}

interface Scenario {
  readonly about: string;
  readonly kind: NetworkPlan["kind"];
  readonly script: (stage: Stage) => Script;
}

const SCENARIOS = {
  "normal-operation": scenario("nothing happens", () => ({ changes: [] })),
  "network-degradation": scenario("delay from 5 s, a fifth of the rate from 15 s, losses from 25 s", (stage) => ({
    changes: [
      ...rampAll(stage, 5_000, "normal", "high_latency"),
      ...rampAll(stage, 15_000, "high_latency", "low_bandwidth"),
      ...rampAll(stage, 25_000, "low_bandwidth", "packet_loss"),
    ],
  })),
  "node-failure": scenario("the first node refuses from 5 s", ({ first, random }) => ({
    changes: change(5_000, first, profilePath("node_failure", random)),
  })),
  recovery: scenario("degraded, better from 10 s, well from 20 s", (stage) => ({
    starts: forAll(stage, () => profilePath("degraded", stage.random)),
    changes: [...rampAll(stage, 10_000, "degraded", "recovery"), ...rampAll(stage, 20_000, "recovery", "normal")],
  })),
  "chaos-test": scenario("every 5 to 15 s some node gets some profile", chaos),
  "brown-out": faultScenario("brown-out", "the first node answers at 50 kbit/s from 10 s"),
  hang: faultScenario("hang", "the first node accepts and says nothing from 10 s"),
  corrupt: faultScenario("corrupt", "the first node sends wrong bytes from 10 s"),
  truncate: faultScenario("truncate", "the first node ends every body in the middle from 10 s"),
  unavailable: faultScenario("unavailable", "the first node answers 503 from 10 s"),
  "slow-disk": faultScenario("slow-disk", "the first node takes half a second longer from 10 s"),
  return: scenario("the first node refuses from 10 s and is back at 25 s", ({ first }) => ({
    changes: [...change(ONSET_MS, first, { fault: { kind: "refuse" } }), ...change(RETURN_MS, first, { fault: null })],
  })),
  flapping: scenario("the first node refuses for 2 s in every 4 s", ({ first }) => ({
    changes: Array.from({ length: LONG_MS / FLAP_MS }, (_, round) => [
      ...change((round + 0.5) * FLAP_MS, first, { fault: { kind: "refuse" } }),
      ...change((round + 1) * FLAP_MS, first, { fault: null }),
    ]).flat(),
  })),
  straggler: scenario("the first node is nearest, and has a fiftieth of the rate", ({ first, random }) => ({
    starts: start(first, { rate: scaledCurve(profilePath("normal", random).rate, 0.02), roundTripMs: 2, jitterMs: 1 }),
    changes: [],
  })),
  "client-cap": {
    about: "all nodes behind an access link of 10 Mbit/s",
    kind: "shared-access",
    script: () => ({ access: constantRate(10 * MEGABIT), changes: [] }),
  },
  "one-dead": scenario("the first node refuses from the start", ({ first }) => ({
    starts: start(first, { fault: { kind: "refuse" } }),
    changes: [],
  })),
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof SCENARIOS;
export const SCENARIO_NAMES = Object.freeze(Object.keys(SCENARIOS).filter(isScenarioName));

export function isScenarioName(name: string): name is ScenarioName {
  return Object.hasOwn(SCENARIOS, name);
}

export function scenarioAbout(name: ScenarioName): string {
  return SCENARIOS[name].about;
}

/** The plan of a scenario for these nodes; "the first node" is the first of them. */
export function scenarioPlan(name: ScenarioName, { nodeIds, seed }: { nodeIds: readonly string[]; seed: number }) {
  const random = seededRandom(seed);
  const normal = nodeIds.map((nodeId) => ({ nodeId, path: profilePath("normal", random) }));
  const { about, kind, script }: Scenario = SCENARIOS[name];
  const { access, starts, changes } = script({ nodeIds, first: nodeIds[0], random });
  return {
    ...{ id: `scenario:${name}`, expect: about, kind, access: access ?? constantRate(UNLIMITED_BYTES_PER_SECOND) },
    nodes: normal.map(({ nodeId, path }) => ({ nodeId, path: { ...path, ...starts?.[nodeId] } })),
    changes: changes.toSorted((a, b) => a.atMs - b.atMs),
  } satisfies NetworkPlan;
}

function scenario(about: string, script: Scenario["script"]): Scenario {
  return { about, kind: "independent", script };
}

function faultScenario(kind: FaultKind, about: string): Scenario {
  return scenario(about, ({ first }) => ({ changes: change(ONSET_MS, first, { fault: { kind } }) }));
}

function change(atMs: number, nodeId: string | undefined, to: Partial<PathConditions>): ScheduledChange[] {
  return nodeId === undefined ? [] : [{ atMs, nodeId, change: to }];
}

function start(nodeId: string | undefined, path: Partial<PathConditions>): Record<string, Partial<PathConditions>> {
  return nodeId === undefined ? {} : { [nodeId]: path };
}

function forAll({ nodeIds }: Stage, path: () => PathConditions): Record<string, PathConditions> {
  return Object.fromEntries(nodeIds.map((nodeId) => [nodeId, path()]));
}

/** All nodes go from one profile to another, beginning at `atMs`. */
function rampAll({ nodeIds, random }: Stage, atMs: number, from: ProfileName, to: ProfileName): ScheduledChange[] {
  return nodeIds.flatMap((nodeId) => ramp({ nodeId, atMs, from, to }, random));
}

function ramp(
  { nodeId, atMs, from, to }: { nodeId: string; atMs: number; from: ProfileName; to: ProfileName },
  random: Random,
): ScheduledChange[] {
  return Array.from({ length: RAMP_STEPS }, (_, index) => ({
    atMs: atMs + (index * RAMP_MS) / RAMP_STEPS,
    nodeId,
    change: profileBetween({ from, to, share: (index + 1) / RAMP_STEPS }, random),
  }));
}

function chaos({ nodeIds, random }: Stage): Script {
  const changes: ScheduledChange[] = [];
  const now = new Map<string, ProfileName>();
  const pauseMs = () => CHAOS_LEAST_MS + random() * (CHAOS_MOST_MS - CHAOS_LEAST_MS);
  for (let atMs = pauseMs(); atMs < LONG_MS; atMs += pauseMs()) {
    const nodeId = nodeIds[Math.floor(random() * nodeIds.length)];
    const to = CHAOS_PROFILES[Math.floor(random() * CHAOS_PROFILES.length)];
    if (nodeId === undefined || to === undefined) continue;
    changes.push(...ramp({ nodeId, atMs, from: now.get(nodeId) ?? "normal", to }, random));
    now.set(nodeId, to);
  }
  return { changes };
}
