/** Values given by hand on top of a plan: what is named holds from start to end, everything else goes on as it was. */
import type { NetworkPlan, PathConditions } from "./conditions.ts";
import { FREE_PATH } from "./path-phases.ts";
import type { RateCurve } from "./rate-curve.ts";
import { constantRate, UNLIMITED_BYTES_PER_SECOND } from "./rate-curve.ts";

export interface NetworkValues {
  readonly access?: RateCurve;
  readonly nodes: readonly { readonly nodeId: string; readonly path: Partial<PathConditions> }[];
}

/**
 * Scheduled changes lose what was named by hand, so that a value stays; nodes that the plan does not name begin without
 * limits.
 *
 * @param plan undefined when nothing was emulated before
 */
export function withValues(plan: NetworkPlan | undefined, { access, nodes }: NetworkValues): NetworkPlan {
  const paths = new Map(plan?.nodes.map(({ nodeId, path }) => [nodeId, path]));
  const named = new Map<string, Set<string>>();
  for (const { nodeId, path } of nodes) {
    paths.set(nodeId, { ...(paths.get(nodeId) ?? FREE_PATH), ...path });
    named.set(nodeId, new Set([...(named.get(nodeId) ?? []), ...Object.keys(path)]));
  }
  const changes = (plan?.changes ?? []).map((one) => {
    const given = named.get(one.nodeId);
    const rest = Object.entries(one.change).filter(([key]) => given?.has(key) !== true);
    return { ...one, change: Object.fromEntries(rest) };
  });
  const upon = plan === undefined || plan.id === BY_HAND ? plan?.expect : `By hand, on top of ${plan.id}`;
  return {
    ...{
      id: BY_HAND,
      expect: upon ?? "By hand",
      kind: access === undefined ? (plan?.kind ?? "independent") : "shared-access+paths",
    },
    access: access ?? plan?.access ?? constantRate(UNLIMITED_BYTES_PER_SECOND),
    nodes: [...paths].map(([nodeId, path]) => ({ nodeId, path })),
    changes: changes.filter(({ change }) => Object.keys(change).length > 0),
  };
}

const BY_HAND = "values";
