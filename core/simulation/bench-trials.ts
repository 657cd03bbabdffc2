/** What is promised of the scheduler and not seen in sessions of a matrix: trials of their own, as a benchmark's measurements. */
import type { Measurement } from "../benchmark/report.ts";
import type { Competitor } from "./run-matrix.ts";
import { failoverTrial, throughputTrial } from "./promises.ts";

export function schedulerTrials(competitor: Competitor, seed: number): Measurement[] {
  const refused = failoverTrial(competitor, "refuse", seed);
  const hung = failoverTrial(competitor, "hang", seed);
  const each = "slowest of four sessions, each with another node";
  return [
    found("throughput-equal", throughputTrial(competitor, [4, 4, 4, 4], seed), "4 nodes of 4 Mbit/s, 80 s"),
    found("throughput-unequal", throughputTrial(competitor, [1, 2, 4, 9], seed), "1, 2, 4 and 9 Mbit/s, 80 s"),
    found("failover-refuse", refused.detectedAfterMs, each),
    found("failover-hang", hung.detectedAfterMs, each),
    found("failover-stall", Math.max(refused.stallMs, hung.stallMs), "eight sessions"),
  ];
}

function found(id: string, measured: number | null, detail: string): Measurement {
  return { id, measured, interval: null, detail };
}
