/**
 * What other thresholds would do, by the same policy code on a small simulated library: video by video, hour by hour
 * (core/simulation/redundancy). Nothing of it is measured on this cluster.
 */
import { seededRandom } from "#core/random.ts";
import type { PolicyConfig } from "#core/redundancy/policy-config.ts";
import { DEFAULT_CONFIG } from "#core/redundancy/policy-config.ts";
import { SCHEME } from "#core/simulation/redundancy/decisions.ts";
import type { SimulatedPolicy } from "#core/simulation/redundancy/replay-policy.ts";
import { replayPolicy, SIMULATED_POLICIES } from "#core/simulation/redundancy/replay-policy.ts";
import type { WorkloadName } from "#core/simulation/redundancy/workloads.ts";
import { makeWorkload } from "#core/simulation/redundancy/workloads.ts";

/** Small enough that a slider may be moved: five policies take a fifth of a second together (two cores of 2026). */
export const WHAT_IF_SIZE = { videos: 40, days: 14 } as const;
export const WHAT_IF_SEED = 1;

export interface WhatIf {
  readonly workload: WorkloadName;
  readonly promoteAbove: number;
  readonly demoteBelow: number;
  readonly shortHalfLifeHours: number;
  readonly dwellHotHours: number;
}

export const FIRST_WHAT_IF: WhatIf = {
  workload: "crowds",
  promoteAbove: DEFAULT_CONFIG.promoteAbove,
  demoteBelow: DEFAULT_CONFIG.demoteBelow,
  shortHalfLifeHours: DEFAULT_CONFIG.shortHalfLifeSeconds / 3600,
  dwellHotHours: DEFAULT_CONFIG.dwellHotSeconds / 3600,
};

export interface WhatIfRow {
  readonly policy: SimulatedPolicy;
  /** Bytes kept for each byte stored, mean over time. */
  readonly overhead: number;
  readonly changes: number;
  readonly flaps: number;
  /** Of the bytes served, 0..1, those that came from shards alone. */
  readonly fromShardsShare: number;
  /** Cost beyond that of somebody who knew all readings beforehand, as a share of it. */
  readonly regret: number;
}

/** One policy after the other, so that a page may rest in between. */
export function* whatIfRows(whatIf: WhatIf): Generator<WhatIfRow, void> {
  const videos = makeWorkload(whatIf.workload, WHAT_IF_SIZE, seededRandom(WHAT_IF_SEED));
  const config = configOf(whatIf);
  for (const policy of SIMULATED_POLICIES) {
    const result = replayPolicy(videos, { policy, config, scheme: SCHEME });
    const { overhead, changes, flaps, fromShardsShare } = result;
    const regret = result.costByteDays / result.optimalByteDays - 1;
    yield { policy, overhead, changes, flaps, fromShardsShare, regret };
  }
}

/** The thresholds stay a hysteresis: what is demoted at is below what is promoted at. */
export function configOf(whatIf: WhatIf): PolicyConfig {
  const shortHalfLifeSeconds = whatIf.shortHalfLifeHours * 3600;
  return {
    ...DEFAULT_CONFIG,
    promoteAbove: whatIf.promoteAbove,
    demoteBelow: Math.min(whatIf.demoteBelow, whatIf.promoteAbove * 0.99),
    shortHalfLifeSeconds,
    longHalfLifeSeconds: Math.max(DEFAULT_CONFIG.longHalfLifeSeconds, shortHalfLifeSeconds),
    dwellHotSeconds: whatIf.dwellHotHours * 3600,
  };
}
