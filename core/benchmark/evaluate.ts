/** From what the tiers measured to the report. Pure: the same parts and seed give the same report. */
import { aggregatesOf, comparisonsOf } from "./aggregates.ts";
import { calibrate } from "./calibrate.ts";
import { claimsOf } from "./claims.ts";
import { controlsOf } from "./controls.ts";
import { SessionIndex } from "./pairs.ts";
import { BENCH_SCHEMA, type BenchInputs, type BenchPart, type BenchReport, type BenchRun } from "./report.ts";
import type { BenchSession, Verdict } from "./report.ts";
import { targetsOf } from "./targets.ts";

export interface EvaluationInput {
  readonly run: BenchRun;
  readonly inputs: Omit<BenchInputs, "videos">;
  /** One of each tier that ran. */
  readonly parts: readonly BenchPart[];
  /** Simulated sessions with the browser's video, to compare with its own; not part of any other figure. */
  readonly twins: readonly BenchSession[];
}

export function evaluate({ run, inputs, parts, twins }: EvaluationInput): BenchReport {
  const sessions = parts.flatMap((part) => part.sessions);
  const index = new SessionIndex(sessions);
  const claims = parts.flatMap(({ tier, sessions: own }) => {
    // Too few sessions fit into the time that a browser needs for claims of every network.
    if (tier === "browser") return [];
    const networks = new Map(own.map(({ scenario, kind }) => [scenario, kind]));
    return claimsOf({ tier, index, networks, strategies: inputs.strategies, seed: run.seed });
  });
  const comparisons = parts.flatMap(({ tier, sessions: own }) => {
    const scenarios = [...new Set(own.map(({ scenario }) => scenario))];
    return comparisonsOf({ tier, index, scenarios, seed: run.seed });
  });
  const controls = parts.flatMap(({ tier }) => controlsOf(sessions, tier));
  const targets = targetsOf({ parts, claims });
  const { sessions: measured = [], pageStartup } = parts.find(({ tier }) => tier === "browser") ?? {};
  return {
    schema: BENCH_SCHEMA,
    run,
    inputs: { ...inputs, videos: parts.map(({ tier, video }) => ({ tier, video })) },
    sessions,
    aggregates: aggregatesOf(sessions, run.seed),
    ...{ comparisons, claims, controls, targets },
    calibration: calibrate(measured, twins, pageStartup),
    verdict: worstOf([...controls, ...targets].map(({ verdict }) => verdict)),
  };
}

const WORST_FIRST: readonly Verdict[] = ["fail", "unsure", "pass"];

/** What was not run says nothing; when nothing was run, that is the verdict. */
function worstOf(verdicts: readonly Verdict[]): Verdict {
  return WORST_FIRST.find((verdict) => verdicts.includes(verdict)) ?? "not-run";
}
