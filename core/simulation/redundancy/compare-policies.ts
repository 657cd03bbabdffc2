/** Every policy on the same workloads and seeds, summed: the table of `vstack simulate redundancy`. */
import { seededRandom } from "../../random.ts";
import { DEFAULT_CONFIG } from "../../redundancy/policy-config.ts";
import { SCHEME } from "./decisions.ts";
import type { PolicyResult, SimulatedPolicy } from "./replay-policy.ts";
import { replayPolicy } from "./replay-policy.ts";
import type { WorkloadName, WorkloadSize } from "./workloads.ts";
import { makeWorkload, WORKLOADS } from "./workloads.ts";

export interface PolicySummary {
  readonly workload: WorkloadName;
  readonly policy: SimulatedPolicy;
  /** Bytes kept for each byte stored. */
  readonly overhead: number;
  readonly changesPerVideoDay: number;
  readonly flapsPerVideoDay: number;
  /** Bytes moved for each byte served. */
  readonly movedShare: number;
  readonly fromShardsShare: number;
  /** Cost beyond the optimum, as a share of the optimum. */
  readonly regret: number;
}

export interface Comparison {
  readonly policies: readonly SimulatedPolicy[];
  readonly seeds: readonly number[];
  readonly size: WorkloadSize;
}

/** One summary after the other, so that whoever asks may rest in between. */
export function* comparePolicies({ policies, seeds, size }: Comparison): Generator<PolicySummary> {
  for (const workload of WORKLOADS) {
    const libraries = seeds.map((seed) => makeWorkload(workload, size, seededRandom(seed)));
    for (const policy of policies) {
      const results = libraries.map((videos) =>
        replayPolicy(videos, { policy, config: DEFAULT_CONFIG, scheme: SCHEME }),
      );
      yield summarized(workload, policy, results);
    }
  }
}

function summarized(workload: WorkloadName, policy: SimulatedPolicy, results: readonly PolicyResult[]): PolicySummary {
  const sum = (of: (result: PolicyResult) => number) => results.reduce((total, result) => total + of(result), 0);
  const videoDays = sum((result) => result.videoDays);
  const served = sum((result) => result.servedBytes);
  return {
    workload,
    policy,
    overhead: sum((result) => result.overhead) / results.length,
    changesPerVideoDay: sum((result) => result.changes) / videoDays,
    flapsPerVideoDay: sum((result) => result.flaps) / videoDays,
    movedShare: sum((result) => result.movedBytes) / served,
    fromShardsShare: sum((result) => result.fromShardsShare * result.servedBytes) / served,
    regret: sum((result) => result.costByteDays) / sum((result) => result.optimalByteDays) - 1,
  };
}
