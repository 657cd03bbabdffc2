/** How much each form of `vstack bench` runs, and what its tiers are. */
import type { BenchRun, Tier } from "#core/benchmark/report.ts";
import { planNames, type TopologySet } from "#core/network/named-plans.ts";
import { COMPETITORS } from "#core/simulation/run-matrix.ts";
import { DEFAULT_STRATEGIES, topologyNames } from "../sim-matrix.ts";

export type BenchMode = BenchRun["mode"];

export interface BenchExtent {
  readonly tiers: readonly Tier[];
  /** Of the simulated tier; the browser's form knows its own. */
  readonly scenarios: readonly string[];
  readonly strategies: readonly string[];
  readonly seedCount: number;
}

/** Simulated sessions that decide claims need as many seeds on each network. */
const SEEDS = 30;
const CI_SEEDS = 10;
const SMOKE_SEEDS = 3;
/** The claimant, the simplest, the strongest simple one, and what comes without us. */
const SMOKE_STRATEGIES = ["smart", "naive", "nearest", "hls-tuned"];

export function extentOf(mode: BenchMode, files: TopologySet | undefined): BenchExtent {
  const scenarios = topologyNames(files);
  switch (mode) {
    case "smoke":
      return { tiers: ["sim"], scenarios, strategies: SMOKE_STRATEGIES, seedCount: SMOKE_SEEDS };
    case "ci":
      return { tiers: ["sim", "browser"], scenarios, strategies: DEFAULT_STRATEGIES, seedCount: CI_SEEDS };
    case "full": {
      const scripted = planNames(files).flatMap(({ name }) => (name.startsWith("scenario:") ? [name] : []));
      const all = { scenarios: [...scenarios, ...scripted], strategies: [...COMPETITORS.keys()] };
      return { tiers: ["sim", "browser"], ...all, seedCount: SEEDS };
    }
    case "custom":
      return { tiers: ["sim"], scenarios, strategies: DEFAULT_STRATEGIES, seedCount: SEEDS };
  }
}
