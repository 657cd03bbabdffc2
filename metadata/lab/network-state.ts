/** A session's network as it is at one moment, for people and programs that look at it. */
import type { NodeId } from "#core/ids.ts";
import type { NetworkPlan } from "#core/network/conditions.ts";
import { pathPhases, phaseAt } from "#core/network/path-phases.ts";
import { rateAt } from "#core/network/rate-curve.ts";
import type { NetworkState, NodeNetworkAnswer, PathNow, SessionNetwork } from "#wire/contract/emulation-api.ts";

/** The plan beside the words that it came from, so that looking costs no reading. */
export interface KnownNetwork {
  readonly words: SessionNetwork;
  readonly plan: NetworkPlan;
}

export interface NodeWord {
  readonly nodeId: NodeId;
  /** What the node said of it; undefined when it said nothing. */
  readonly access: NodeNetworkAnswer["access"] | undefined;
}

/** @param nowMs Unix milliseconds */
export function networkState({ words, plan }: KnownNetwork, nodes: readonly NodeWord[], nowMs: number): NetworkState {
  const { id, expect, kind, session, seed, startedAtMs } = words;
  const atMs = Math.max(0, nowMs - startedAtMs);
  return {
    ...{ id, expect, kind, session, seed, startedAtMs },
    accessBytesPerSecond: rateAt(plan.access, atMs),
    lastChangeMs: plan.changes.at(-1)?.atMs ?? 0,
    nodes: nodes.map(({ nodeId, access }) => ({
      ...{ nodeId, access: access ?? "unreachable" },
      now: pathNow(plan, nodeId, atMs),
    })),
  };
}

function pathNow(plan: NetworkPlan, nodeId: NodeId, atMs: number): PathNow | null {
  const phases = pathPhases(plan, nodeId);
  if (phases === undefined) return null;
  const { rate, roundTripMs, jitterMs, lossRatio, failureRatio = 0, fault } = phaseAt(phases, atMs).path;
  const bytesPerSecond = rateAt(rate, atMs);
  return { bytesPerSecond, roundTripMs, jitterMs, lossRatio, failureRatio, fault: fault?.kind ?? null };
}
