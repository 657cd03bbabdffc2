/**
 * A policy lives through a workload: every hour it hears what was read, recommends, and what the budget admits is changed
 * within that hour. Simulated; the result says what it kept, moved and cost, and what the optimum would have cost.
 */
import type { Heat } from "../../redundancy/demand.ts";
import { heated, NO_HEAT } from "../../redundancy/demand.ts";
import type { ErasureScheme, Form } from "../../redundancy/form.ts";
import { keptPerByte, REPLICATION } from "../../redundancy/form.ts";
import type { VideoFacts, WaitingChange } from "../../redundancy/policy.ts";
import { admitChanges, recommend } from "../../redundancy/policy.ts";
import type { PolicyConfig } from "../../redundancy/policy-config.ts";
import { optimalCost } from "./optimum.ts";
import { keepingPrice, MOVE_PRICE, movedPerByte, readingPrice } from "./prices.ts";
import type { SimulatedVideo } from "./workloads.ts";

/** `always` policies are overrides: the two ends between which the others are. */
export const SIMULATED_POLICIES = ["adaptive", "views", "hybrid", "always-replication", "always-erasure"] as const;
export type SimulatedPolicy = (typeof SIMULATED_POLICIES)[number];

export interface PolicyResult {
  /** Bytes kept for each byte stored, mean over time. */
  readonly overhead: number;
  readonly changes: number;
  /** Changes that took back another one of the same video within a week. */
  readonly flaps: number;
  readonly videoDays: number;
  readonly servedBytes: number;
  readonly movedBytes: number;
  /** Share of the bytes served that came from shards alone. */
  readonly fromShardsShare: number;
  readonly costByteDays: number;
  readonly optimalByteDays: number;
}

const HOUR_SECONDS = 3600;
const DAY_HOURS = 24;
const FLAP_HOURS = 7 * DAY_HOURS;

interface Kept {
  readonly video: SimulatedVideo;
  heat: Heat;
  form: Form;
  formSinceSeconds: number;
  readonly changedAt: { readonly hour: number; readonly up: boolean }[];
}

interface Sums {
  keptByteHours: number;
  byteHours: number;
  flaps: number;
  changes: number;
  served: number;
  fromShards: number;
  moved: number;
  cost: number;
}

export interface PolicySetup {
  readonly policy: SimulatedPolicy;
  readonly config: PolicyConfig;
  readonly scheme: ErasureScheme;
}

export function replayPolicy(videos: readonly SimulatedVideo[], setup: PolicySetup): PolicyResult {
  const kept = videos.map(newlyKept);
  const sums = { keptByteHours: 0, byteHours: 0, flaps: 0, changes: 0, served: 0, fromShards: 0, moved: 0, cost: 0 };
  const hours = Math.max(...videos.map(({ uploadedAtHour, readings }) => uploadedAtHour + readings.length));
  for (let hour = 0; hour < hours; hour += 1) {
    const present = kept.filter(({ video }) => hour >= video.uploadedAtHour);
    for (const one of present) serveHour(one, hour, setup, sums);
    changeForms(present, hour, setup, sums);
  }
  const optimalByteDays = videos.reduce(
    (sum, video) => sum + optimalCost(video.readings, setup.scheme) * video.sizeBytes,
    0,
  );
  return {
    overhead: sums.keptByteHours / sums.byteHours,
    changes: sums.changes,
    flaps: sums.flaps,
    videoDays: videos.reduce((sum, { readings }) => sum + readings.length, 0) / DAY_HOURS,
    servedBytes: sums.served,
    movedBytes: sums.moved,
    fromShardsShare: sums.served === 0 ? 0 : sums.fromShards / sums.served,
    costByteDays: sums.cost,
    optimalByteDays,
  };
}

function newlyKept(video: SimulatedVideo): Kept {
  const formSinceSeconds = video.uploadedAtHour * HOUR_SECONDS;
  return { video, heat: NO_HEAT, form: REPLICATION, formSinceSeconds, changedAt: [] };
}

function serveHour(one: Kept, hour: number, { config, scheme }: PolicySetup, sums: Sums): void {
  const { video, form } = one;
  const readings = video.readings[hour - video.uploadedAtHour] ?? 0;
  const bytes = readings * video.sizeBytes;
  one.heat = heated(one.heat, { bytes, views: readings }, config, hour * HOUR_SECONDS);
  sums.byteHours += video.sizeBytes;
  sums.keptByteHours += keptPerByte(form, scheme) * video.sizeBytes;
  sums.served += bytes;
  if (form.replicas === 0) sums.fromShards += bytes;
  sums.cost += keepingPrice(form, scheme, 1 / DAY_HOURS) * video.sizeBytes + readingPrice(form) * bytes;
}

function changeForms(present: readonly Kept[], hour: number, setup: PolicySetup, sums: Sums): void {
  const nowSeconds = hour * HOUR_SECONDS;
  const { config } = setup;
  const byKey = new Map(present.map((one) => [one.video.key, one]));
  const waiting: WaitingChange[] = present.map((one) => ({
    key: one.video.key,
    sizeBytes: one.video.sizeBytes,
    recommendation: recommend(factsOf(one, setup.policy), configOf(setup), nowSeconds),
  }));
  for (const { key, sizeBytes, recommendation } of admitChanges(waiting, 0, config)) {
    const one = byKey.get(key);
    if (one === undefined) continue;
    const moved = movedPerByte(one.form, recommendation.form, setup.scheme) * sizeBytes;
    const up = recommendation.form.replicas > one.form.replicas;
    sums.changes += 1;
    sums.moved += moved;
    sums.cost += MOVE_PRICE * moved;
    const last = one.changedAt.at(-1);
    if (last !== undefined && last.up !== up && hour - last.hour < FLAP_HOURS) sums.flaps += 1;
    one.changedAt.push({ hour, up });
    one.form = recommendation.form;
    one.formSinceSeconds = nowSeconds;
  }
}

function factsOf({ video, heat, form, formSinceSeconds }: Kept, policy: SimulatedPolicy): VideoFacts {
  const override = policy === "always-replication" ? "replication" : policy === "always-erasure" ? "erasure" : null;
  const uploadedAtSeconds = video.uploadedAtHour * HOUR_SECONDS;
  return { sizeBytes: video.sizeBytes, uploadedAtSeconds, heat, form, formSinceSeconds, override };
}

function configOf({ policy, config }: PolicySetup): PolicyConfig {
  return policy === "views" || policy === "hybrid" || policy === "adaptive" ? { ...config, policy } : config;
}
