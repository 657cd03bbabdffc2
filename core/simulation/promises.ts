/**
 * The scheduler's promises of product.md, section 6, measured in simulation: what must be, what was measured. Throughput
 * and failover have trials of their own, the rest is read from a matrix.
 */
import { FREE_PATH } from "../network/path-phases.ts";
import type { FaultKind, NetworkPlan } from "../network/conditions.ts";
import { constantRate, UNLIMITED_BYTES_PER_SECOND } from "../network/rate-curve.ts";
import { videoModel } from "../playback/video-model.ts";
import type { MatrixSummary } from "./matrix-summary.ts";
import { median } from "./matrix-summary.ts";
import type { Competitor } from "./run-matrix.ts";
import { fixedPlayer, runSession } from "./run-session.ts";

export interface Promised {
  readonly promise: string;
  /** Null: nothing of it was run. */
  readonly measured: number | null;
  readonly must: { readonly atLeast: number } | { readonly atMost: number };
  /** `share`: 0..1. */
  readonly unit: "share" | "ms";
  readonly isKept: boolean | null;
}

const MEGABIT = 1_000_000 / 8;
const ROUND_TRIP_MS = 20;

/** What one competitor keeps of the promises; `summaries` may be of more competitors. */
export function promisesOf(competitor: Competitor, summaries: readonly MatrixSummary[], seed: number): Promised[] {
  const own = summaries.filter((summary) => summary.competitor === competitor.name);
  const startups = own.flatMap((summary) => summary.startupShareMedian ?? []);
  const fixed = own.filter(({ quality }) => quality === "fixed");
  const refused = failoverTrial(competitor, "refuse", seed);
  const hung = failoverTrial(competitor, "hang", seed);
  return [
    least("startup, median share of the bound", median(startups), 0.65),
    least("startup, worst scenario", startups.length === 0 ? null : Math.min(...startups), 0.4),
    least("throughput of 4 equal nodes, share of their sum", throughputTrial(competitor, [4, 4, 4, 4], seed), 0.92),
    least("throughput of nodes 1:2:4:9, share of their sum", throughputTrial(competitor, [1, 2, 4, 9], seed), 0.9),
    most("stall at fixed quality beyond the bound at 0.9 of the supply, worst", worst(fixed, "excessStallMsMax"), 500),
    most("failover, node refuses", refused.detectedAfterMs, 150),
    most("failover, node hangs", hung.detectedAfterMs, 800),
    most("stall by either", Math.max(refused.stallMs, hung.stallMs), 0),
    { ...most("duplicate bytes, worst scenario", worst(own, "duplicateShare"), 0.05), unit: "share" },
  ];
}

function least(promise: string, measured: number | null, atLeast: number): Promised {
  const isKept = measured === null ? null : measured >= atLeast;
  return { promise, measured, must: { atLeast }, unit: "share", isKept };
}

function most(promise: string, measured: number | null, atMost: number): Promised {
  return { promise, measured, must: { atMost }, unit: "ms", isKept: measured === null ? null : measured <= atMost };
}

function worst(summaries: readonly MatrixSummary[], field: "excessStallMsMax" | "duplicateShare"): number | null {
  return summaries.length === 0 ? null : Math.max(...summaries.map((summary) => summary[field]));
}

/** A player that always wants more than the nodes give together. */
export function throughputTrial(strategy: Competitor, megabits: readonly number[], seed: number): number {
  const total = megabits.reduce((sum, rate) => sum + rate, 0);
  const video = videoModel({
    ...{ ladderBitsPerSecond: [total * 1.25e6], segmentSeconds: 4, seconds: 80, spread: 0.2, seed },
  });
  const result = runSession({ plan: steadyPlan(megabits), video, strategy, player: fixedPlayer(0), seed });
  return result.goodputBytesPerSecond / (total * MEGABIT);
}

/** One of four nodes fails while the player fills its buffer, so that something is under way there. */
export function failoverTrial(strategy: Competitor, kind: FaultKind, seed: number) {
  const plan = steadyPlan([4, 4, 4, 4]);
  const video = videoModel({ ladderBitsPerSecond: [8e6], segmentSeconds: 4, seconds: 80, spread: 0.2, seed });
  const detected: number[] = [];
  let stallMs = 0;
  for (const { nodeId } of plan.nodes) {
    const changes = [{ atMs: 10_000, nodeId, change: { fault: { kind } } }];
    const result = runSession({ plan: { ...plan, changes }, video, strategy, player: fixedPlayer(0), seed });
    detected.push(...result.detections.map(({ detectedAfterMs }) => detectedAfterMs));
    stallMs = Math.max(stallMs, result.stallMs);
  }
  return { detectedAfterMs: detected.length === 0 ? null : Math.max(...detected), stallMs };
}

/** Nodes of constant rates, in Mbit/s, behind no access link. */
export function steadyPlan(megabits: readonly number[]): NetworkPlan {
  return {
    ...{ id: megabits.join(":"), expect: "", kind: "independent", changes: [] },
    access: constantRate(UNLIMITED_BYTES_PER_SECOND),
    nodes: megabits.map((rate, at) => ({
      nodeId: `n${at + 1}`,
      path: { ...FREE_PATH, rate: constantRate(rate * MEGABIT), roundTripMs: ROUND_TRIP_MS },
    })),
  };
}
