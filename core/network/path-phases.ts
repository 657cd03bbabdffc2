/** The conditions of one path over time: scheduled changes, each applied to what held before. */
import { invariant } from "../invariant.ts";
import type { Random } from "../random.ts";
import type { NetworkPlan, PathConditions } from "./conditions.ts";
import { BROWN_OUT_BYTES_PER_SECOND, SLOW_DISK_MS } from "./conditions.ts";
import { bytesBetween, constantRate, UNLIMITED_BYTES_PER_SECOND } from "./rate-curve.ts";

/** What holds from a time until the next phase. */
export interface PathPhase {
  readonly atMs: number;
  readonly path: PathConditions;
}

/** A path that holds nothing back. */
export const FREE_PATH: PathConditions = {
  ...{
    rate: constantRate(UNLIMITED_BYTES_PER_SECOND),
    roundTripMs: 0,
    jitterMs: 0,
    lossRatio: 0,
    slowStart: false,
    fault: null,
  },
};

/** The phases of one node in a plan, the first at 0; undefined when the plan does not name the node. */
export function pathPhases({ nodes, changes }: NetworkPlan, nodeId: string): readonly PathPhase[] | undefined {
  const start = nodes.find((node) => node.nodeId === nodeId);
  if (start === undefined) return undefined;
  const phases: PathPhase[] = [{ atMs: 0, path: start.path }];
  let { path } = start;
  for (const { atMs, change } of changes.filter((one) => one.nodeId === nodeId)) {
    path = { ...path, ...change };
    phases.push({ atMs, path });
  }
  return phases;
}

/** The phase at a time >= 0; of several at one moment the last. */
export function phaseAt(phases: readonly PathPhase[], atMs: number): PathPhase {
  const phase = phases.findLast((one) => one.atMs <= atMs) ?? phases[0];
  invariant(phase !== undefined, "Cannot find the phase of a path that has none");
  return phase;
}

/** When the next phase begins, > `atMs`; Infinity when none does. */
export function nextPhaseMs(phases: readonly PathPhase[], atMs: number): number {
  return phases.find((one) => one.atMs > atMs)?.atMs ?? Infinity;
}

/** Bytes that the path lets through in a time within one phase, faults regarded. */
export function capacityBetween(path: PathConditions, fromMs: number, toMs: number): number {
  if (path.fault?.kind === "hang" || path.lossRatio >= 1) return 0;
  const bytes = bytesBetween(path.rate, fromMs, toMs);
  if (path.fault?.kind !== "brown-out") return bytes;
  return Math.min(bytes, (BROWN_OUT_BYTES_PER_SECOND * (toMs - fromMs)) / 1000);
}

/** From the request to the first byte of its answer. */
export function firstByteDelayMs(path: PathConditions, isNewConnection: boolean, random: Random): number {
  const { roundTripMs, jitterMs, fault } = path;
  const jitteredMs = Math.max(0, roundTripMs + (2 * random() - 1) * jitterMs);
  return jitteredMs + (isNewConnection ? roundTripMs : 0) + (fault?.kind === "slow-disk" ? SLOW_DISK_MS : 0);
}
