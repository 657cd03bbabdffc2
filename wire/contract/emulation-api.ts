/**
 * What is said about emulated networks: only between servers that were started with `--lab`, all others answer 404.
 * `PUT/GET/DELETE /api/lab/network` of the metadata server ask by name or by values; it makes a network of that and hands
 * each node its part by `PUT /lab/network`. Rates are bytes per second, times milliseconds since the start of the session.
 */
import * as v from "valibot";
import { FAULT_KINDS, type NetworkPlan, type PathConditions } from "#core/network/conditions.ts";
import type { RateCurve } from "#core/network/rate-curve.ts";
import { constantRate, rateCurve, UNLIMITED_BYTES_PER_SECOND } from "#core/network/rate-curve.ts";
import { MAX_NODES } from "./limits.ts";
import { QUERY } from "./paths.ts";
import { CountSchema, NodeIdSchema } from "./schemas.ts";

/** Ten minutes in steps of 30 ms; the longest real trace that we know has 4,439. */
const MAX_CURVE_STEPS = 20_000;
const MAX_CURVE_MS = 24 * 3_600_000;
/** A minute: beyond what any client waits for. */
const MAX_DELAY_MS = 60_000;
/** A ramp of a minute in steps of a second on every node. */
const MAX_CHANGES = 4_096;
/** Sessions with a network of their own at a time; also what a node and the access ledger keep of sessions that use one. */
export const MAX_LAB_SESSIONS = 64;
/** Subject of the capability that `PUT` and `DELETE /lab/network` of a node want. */
export const LAB_NETWORK_SUBJECT = "lab/network";

const PlanNameSchema = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9:._-]{0,127}$/i, "Expected the name of a network"));
export const SessionNameSchema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/, "Expected a session's name"));
/** Null: everybody who has no network of their own. Each session still gets the whole of it for itself. */
const SessionSchema = v.nullable(SessionNameSchema);
const SeedSchema = v.pipe(CountSchema, v.maxValue(0xffff_ffff));
const TimeSchema = v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_CURVE_MS));
const DelaySchema = v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_DELAY_MS));
const RatioSchema = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const SpeedSchema = v.pipe(v.number(), v.minValue(0), v.maxValue(UNLIMITED_BYTES_PER_SECOND));

/** A {@link RateCurve} as JSON, which has no Infinity: a number is constant. Steps are `[atMs, bytesPerSecond]`. */
export const RateSchema = v.union([
  SpeedSchema,
  v.object({
    durationMs: v.pipe(TimeSchema, v.minValue(1)),
    steps: v.pipe(
      v.array(v.tuple([TimeSchema, SpeedSchema])),
      v.minLength(1),
      v.maxLength(MAX_CURVE_STEPS),
      v.check((steps) => steps[0]?.[0] === 0, "Expected the first step at 0 ms"),
      v.check((steps) => steps.every(([atMs], index) => atMs > (steps[index - 1]?.[0] ?? -1)), "Expected rising times"),
    ),
  }),
]);
export type Rate = v.InferOutput<typeof RateSchema>;

/** {@link PathConditions} as JSON. */
const PathSchema = v.object({
  rate: RateSchema,
  roundTripMs: DelaySchema,
  jitterMs: DelaySchema,
  lossRatio: RatioSchema,
  slowStart: v.boolean(),
  failureRatio: v.exactOptional(RatioSchema),
  fault: v.nullable(v.object({ kind: v.picklist(FAULT_KINDS) })),
});
const PathChangeSchema = v.partial(PathSchema);
export type PathChange = v.InferOutput<typeof PathChangeSchema>;

const NodePathSchema = v.object({ nodeId: NodeIdSchema, path: PathSchema });

/** A {@link NetworkPlan} as JSON. */
const PLAN_ENTRIES = {
  id: PlanNameSchema,
  expect: v.pipe(v.string(), v.maxLength(500)),
  kind: v.picklist(["independent", "shared-access", "shared-access+paths", "correlated"]),
  access: RateSchema,
  nodes: v.pipe(v.array(NodePathSchema), v.maxLength(MAX_NODES)),
  changes: v.pipe(
    v.array(v.object({ atMs: TimeSchema, nodeId: NodeIdSchema, change: PathChangeSchema })),
    v.maxLength(MAX_CHANGES),
    v.check((all) => all.every(({ atMs }, index) => atMs >= (all[index - 1]?.atMs ?? 0)), "Expected order of time"),
  ),
} as const;
export const NetworkPlanSchema = v.object(PLAN_ENTRIES);
export type NetworkPlanWords = v.InferOutput<typeof NetworkPlanSchema>;

/** The network of one session: body of a node's `PUT /lab/network`, and what the metadata server lists. */
export const SessionNetworkSchema = v.object({
  ...PLAN_ENTRIES,
  session: SessionSchema,
  /** For jitter and loss. */
  seed: SeedSchema,
  /** Wall clock, Unix milliseconds: when time 0 of curves and changes is. May lie ahead; until then time stands at 0. */
  startedAtMs: v.pipe(v.number(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER)),
});
export type SessionNetwork = v.InferOutput<typeof SessionNetworkSchema>;

const ASKER_ENTRIES = {
  session: v.optional(SessionSchema, null),
  seed: v.optional(SeedSchema, 1),
  /** Wall clock; now when it is left out. */
  startedAtMs: v.optional(SessionNetworkSchema.entries.startedAtMs),
} as const;

/** Body of `PUT /api/lab/network`. */
export const NetworkAskSchema = v.variant("by", [
  /** All nodes, or those named, like that for good; the others of the cluster as they are by default. */
  v.object({
    ...ASKER_ENTRIES,
    by: v.literal("profile"),
    profile: PlanNameSchema,
    nodeIds: v.optional(v.pipe(v.array(NodeIdSchema), v.maxLength(MAX_NODES))),
  }),
  v.object({ ...ASKER_ENTRIES, by: v.literal("scenario"), scenario: PlanNameSchema }),
  /** One that the program generates itself; those of trace files are read by the CLI, which sends the whole plan. */
  v.object({ ...ASKER_ENTRIES, by: v.literal("topology"), topology: PlanNameSchema }),
  /** What is named replaces what was; the rest stays, or is a path without limits. */
  v.object({
    ...ASKER_ENTRIES,
    by: v.literal("values"),
    access: v.optional(RateSchema),
    nodes: v.pipe(v.array(v.object({ nodeId: NodeIdSchema, path: PathChangeSchema })), v.maxLength(MAX_NODES)),
  }),
  v.object({ ...ASKER_ENTRIES, by: v.literal("plan"), plan: NetworkPlanSchema }),
]);
export type NetworkAsk = v.InferOutput<typeof NetworkAskSchema>;
/** As an asker writes it. */
export type NetworkAskWords = v.InferInput<typeof NetworkAskSchema>;

/** Query of `DELETE`: a session's name, empty for the network of everybody; without it all are taken back. */
export const ClearQuerySchema = v.object({
  [QUERY.session]: v.optional(v.union([v.literal(""), SessionNameSchema])),
});
/** Whose network: one of them, or everything when undefined. */
export type ClearChoice = string | null | undefined;

export function clearChoice(query: v.InferOutput<typeof ClearQuerySchema>): ClearChoice {
  return query.session === "" ? null : query.session;
}

/**
 * Whether a node shares the client's access link with the others: `unlimited` when it has no limit, `not-emulated` when it
 * has one but the node was not started by `vstack up`, whose process keeps the ledger.
 */
const AccessSchema = v.picklist(["emulated", "unlimited", "not-emulated"]);
/** A node's answer to `PUT /lab/network`. */
export const NodeNetworkAnswerSchema = v.object({ nodeId: NodeIdSchema, session: SessionSchema, access: AccessSchema });
export type NodeNetworkAnswer = v.InferOutput<typeof NodeNetworkAnswerSchema>;

/** What is ordered of a path at one moment, scheduled changes regarded. */
const PathNowSchema = v.object({
  bytesPerSecond: SpeedSchema,
  roundTripMs: DelaySchema,
  jitterMs: DelaySchema,
  lossRatio: RatioSchema,
  failureRatio: RatioSchema,
  fault: v.nullable(v.picklist(FAULT_KINDS)),
});
export type PathNow = v.InferOutput<typeof PathNowSchema>;

/** A session's network as it is now; whole plans would be too long to list. */
const NetworkStateSchema = v.object({
  ...{ id: PLAN_ENTRIES.id, expect: PLAN_ENTRIES.expect, kind: PLAN_ENTRIES.kind },
  ...{ session: SessionSchema, seed: SeedSchema, startedAtMs: SessionNetworkSchema.entries.startedAtMs },
  accessBytesPerSecond: SpeedSchema,
  /** When the last scheduled change is, since the start; 0 when nothing is scheduled. */
  lastChangeMs: TimeSchema,
  nodes: v.array(
    v.object({
      nodeId: NodeIdSchema,
      /** What the node said when it took its part; `unreachable` nodes do not emulate it. */
      access: v.picklist([...AccessSchema.options, "unreachable"]),
      /** Null when the network says nothing about this node: then it is not held back. */
      now: v.nullable(PathNowSchema),
    }),
  ),
});
export type NetworkState = v.InferOutput<typeof NetworkStateSchema>;

/** Answer of `PUT`, `GET` and `DELETE /api/lab/network`: everything that is emulated now. */
export const NetworksAnswerSchema = v.object({
  /** Wall clock of the server, Unix milliseconds: what `startedAtMs` is measured by. */
  nowMs: SessionNetworkSchema.entries.startedAtMs,
  /** Every node of the cluster that may be asked for. */
  nodeIds: v.array(NodeIdSchema),
  networks: v.pipe(v.array(NetworkStateSchema), v.maxLength(MAX_LAB_SESSIONS)),
});
export type NetworksAnswer = v.InferOutput<typeof NetworksAnswerSchema>;

export function rateFromWords(words: Rate): RateCurve {
  if (typeof words === "number") return constantRate(words);
  const steps = words.steps.map(([atMs, bytesPerSecond]) => ({ atMs, bytesPerSecond }));
  // Steps behind the end are never reached.
  return rateCurve(
    steps.filter(({ atMs }) => atMs < words.durationMs),
    words.durationMs,
  );
}

export function rateToWords({ steps, durationMs }: RateCurve): Rate {
  const [first] = steps;
  if (steps.length === 1 && first !== undefined) return first.bytesPerSecond;
  return { durationMs, steps: steps.map(({ atMs, bytesPerSecond }) => [atMs, bytesPerSecond]) };
}

export function changeFromWords(words: PathChange): Partial<PathConditions> {
  const { rate, ...rest } = words;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return rate === undefined ? given : { ...given, rate: rateFromWords(rate) };
}

export function planFromWords({ id, expect, kind, access, nodes, changes }: NetworkPlanWords): NetworkPlan {
  return {
    ...{ id, expect, kind, access: rateFromWords(access) },
    nodes: nodes.map(({ nodeId, path }) => ({ nodeId, path: { ...path, rate: rateFromWords(path.rate) } })),
    changes: changes.map(({ atMs, nodeId, change }) => ({ atMs, nodeId, change: changeFromWords(change) })),
  };
}

/** @throws ValiError when a plan holds what the wire does not carry, such as a node id that is none */
export function planToWords({ id, expect, kind, access, nodes, changes }: NetworkPlan): NetworkPlanWords {
  return v.parse(NetworkPlanSchema, {
    ...{ id, expect, kind, access: rateToWords(access) },
    nodes: nodes.map(({ nodeId, path }) => ({ nodeId, path: { ...path, rate: rateToWords(path.rate) } })),
    changes: changes.map(({ atMs, nodeId, change }) => {
      const { rate, ...rest } = change;
      return { atMs, nodeId, change: rate === undefined ? rest : { ...rest, rate: rateToWords(rate) } };
    }),
  });
}

/** What one node needs to know of a session's network; the curves of the others would only be read again. */
export function partForNode(network: SessionNetwork, nodeId: string): SessionNetwork {
  return {
    ...network,
    nodes: network.nodes.filter((node) => node.nodeId === nodeId),
    changes: network.changes.filter((change) => change.nodeId === nodeId),
  };
}
