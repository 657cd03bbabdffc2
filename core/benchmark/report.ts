/**
 * THE report of a benchmark: simulated and measured sessions in one shape, so that they can stand side by side, each with
 * its tier. A tier hands in a {@link BenchPart}; evaluate.ts makes the {@link BenchReport} of the parts. Plain JSON;
 * wire/contract/bench-report.ts checks what is read and written. Null means: was not measured.
 */
import type { PageStartup } from "./page-startup.ts";
import type { Timeline } from "./timeline.ts";

/** Of report and part; grows when a field changes its meaning. */
export const BENCH_SCHEMA = 1;

/** `sim`: on a virtual clock, simulated. `browser`: in Chromium, measured. */
export const TIERS = ["sim", "browser"] as const;
export type Tier = (typeof TIERS)[number];

/** `abr`: hls.js chooses the rendition. `fixed`: one rendition throughout. */
export type Quality = "abr" | "fixed";

/**
 * `pass`, `fail`: the whole interval is on one side of the limit. `unsure`: it is on both. What should have been measured
 * and was not is a `fail`. `not-run`: its tier was no part of the run.
 */
export type Verdict = "pass" | "fail" | "unsure" | "not-run";

/** 95 %: low and high end. */
export type Interval = readonly [number, number];

export interface BenchReport {
  readonly schema: typeof BENCH_SCHEMA;
  readonly run: BenchRun;
  readonly inputs: BenchInputs;
  readonly sessions: readonly BenchSession[];
  readonly aggregates: readonly Aggregate[];
  readonly comparisons: readonly Comparison[];
  readonly claims: readonly Claim[];
  readonly controls: readonly Control[];
  readonly targets: readonly Target[];
  /** Null when only one tier ran. */
  readonly calibration: Calibration | null;
  /** Of claims, controls and targets together: the worst. */
  readonly verdict: Verdict;
}

export interface BenchRun {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly mode: "smoke" | "ci" | "full" | "custom";
  readonly tiers: readonly Tier[];
  /** Of everything that is left to chance, the statistics included. */
  readonly seed: number;
  readonly version: string;
  readonly machine: Machine;
}

export interface Machine {
  readonly cpus: number;
  readonly cpuModel: string;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
  /** Null when no browser ran. */
  readonly chromium: string | null;
}

export interface BenchInputs {
  /** Names of the networks, in order. */
  readonly scenarios: readonly string[];
  readonly strategies: readonly string[];
  readonly seeds: readonly number[];
  /** Files that networks were read from; empty when all of them were generated. */
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  readonly videos: readonly { readonly tier: Tier; readonly video: BenchVideo }[];
}

export interface BenchVideo {
  readonly seconds: number;
  readonly segmentSeconds: number;
  /** Mean of each rendition, rising. */
  readonly ladderBitsPerSecond: readonly number[];
  /** Each segment of each rendition, in that order; left out where every seed has a video of its own. */
  readonly segmentBytes?: readonly (readonly number[])[];
}

export interface BenchSession {
  readonly tier: Tier;
  /** Name of the network. */
  readonly scenario: string;
  /** How its paths depend on each other (NetworkPlan). */
  readonly kind: "independent" | "shared-access" | "shared-access+paths" | "correlated";
  readonly strategy: string;
  readonly quality: Quality;
  /** The same scenario, quality and seed mean the same network and video for every strategy. */
  readonly seed: number;
  /** Estimates came from an earlier session. */
  readonly isWarm: boolean;
  /** Why it does not count, such as a network that did not deliver what was ordered; null when it does. */
  readonly invalidReason: string | null;
  /** `ended`: all of it was played. `left`: it took too long. `failed`: the player gave up. */
  readonly outcome: "ended" | "left" | "failed";
  readonly metrics: SessionMetrics;
  readonly nodes: readonly NodeShare[];
  /** Rules that must hold in every session and did not, bounds that were beaten; empty when all is well. */
  readonly violations: readonly string[];
  /** Kept for some sessions only. */
  readonly timeline: Timeline | null;
}

/** Stalls are without startup and without seeks of the viewer. */
export interface SessionMetrics {
  /** From the wish to play to the first frame; null when nothing was ever shown. */
  readonly startupMs: number | null;
  /** The least that the network allowed over what was measured, 0..1. */
  readonly startupShare: number | null;
  readonly stallMs: number;
  readonly stallCount: number;
  readonly playedSeconds: number;
  /** Stall beyond what 0.9 of the network would have forced. */
  readonly excessStallMs: number | null;
  /** Mean of the renditions that were played, by time. */
  readonly meanBitsPerSecond: number;
  /** Changes of rendition. */
  readonly switches: number;
  /** Time-weighted over playing and stalling. */
  readonly bufferMeanSeconds: number | null;
  /** Useful bytes per second in which anything was asked for. */
  readonly goodputBytesPerSecond: number;
  /** Useful bytes over what the network could have delivered meanwhile, 0..1. */
  readonly throughputShare: number | null;
  /** By the nodes' count where there is one. */
  readonly receivedBytes: number;
  /** Asked for twice: losers of hedges and races. */
  readonly duplicateBytes: number | null;
  /** Received in vain for other reasons. */
  readonly lostBytes: number | null;
  readonly requests: number;
  readonly hedges: number | null;
  /** From a fault to the last bytes it held being given to another node, the slowest; null when no fault hit anything. */
  readonly detectedAfterMs: number | null;
  readonly droppedFrames: number | null;
}

export interface NodeShare {
  readonly nodeId: string;
  readonly receivedBytes: number;
  readonly requests: number;
  /** Attempts that ended by the node's fault. */
  readonly faults: number;
}

/** What aggregates and comparisons are about; metrics.ts has unit and direction of each. */
export const METRICS = [
  "startupMs",
  "startupShare",
  "stallShare",
  "excessStallMs",
  "meanBitsPerSecond",
  "switches",
  "bufferMeanSeconds",
  "goodputBytesPerSecond",
  "throughputShare",
  "duplicateShare",
  "detectedAfterMs",
] as const;
export type Metric = (typeof METRICS)[number];

/** One metric of one strategy in one scenario. */
export interface Aggregate {
  readonly tier: Tier;
  readonly scenario: string;
  readonly quality: Quality;
  readonly strategy: string;
  readonly metric: Metric;
  /** Sessions that count. */
  readonly sessions: number;
  /** Shares: ratio of sums; the rest: mean. */
  readonly estimate: number;
  readonly interval: Interval;
  readonly p50: number;
  readonly p90: number;
}

/** One strategy against another on the same networks: strategy minus baseline, or strategy over baseline. */
export interface Comparison {
  readonly tier: Tier;
  /** `*`: all of them. */
  readonly scenario: string;
  readonly quality: Quality;
  readonly strategy: string;
  readonly baseline: string;
  readonly metric: Metric;
  readonly pairs: number;
  readonly effect: "difference" | "ratio";
  /** Of the metric's own unit (difference; shares in points of 1), or 1 for no difference (ratio). */
  readonly estimate: number;
  readonly interval: Interval;
  readonly draws: number;
}

/** Declared before the run (claims.ts), decided by the run. */
export interface Claim {
  readonly id: string;
  readonly kind: "not-worse" | "better";
  readonly tier: Tier;
  readonly scenario: string;
  readonly quality: Quality;
  readonly strategy: string;
  readonly baseline: string;
  readonly metric: Metric;
  /** How much worse is still not worse, in the unit of the comparison; 0 for `better`. */
  readonly margin: number;
  readonly effect: "difference" | "ratio";
  /** Null: was not measured. */
  readonly estimate: number | null;
  readonly interval: Interval | null;
  /** One-sided, corrected by Holm over all claims of the run. */
  readonly pValue: number | null;
  readonly verdict: Verdict;
}

/** Whether the benchmark itself can be trusted. */
export interface Control {
  readonly id: string;
  readonly about: string;
  readonly measured: number | null;
  readonly limit: number;
  readonly unit: Unit;
  readonly verdict: Verdict;
}

export type Unit = "share" | "ms" | "seconds" | "count" | "bytes-per-second" | "bits-per-second" | "ratio";

/** One row of what is promised: product.md, section 6. */
export interface Target {
  readonly id: string;
  readonly promise: string;
  readonly tier: Tier;
  /** Null: was not measured. */
  readonly measured: number | null;
  readonly interval: Interval | null;
  readonly unit: Unit;
  readonly must: Limit;
  readonly aim: Limit | null;
  readonly verdict: Verdict;
  readonly meetsAim: boolean | null;
  /** What it was measured on, or why it was not. */
  readonly detail: string;
}

export interface Limit {
  readonly is: "at-least" | "at-most";
  readonly value: number;
}

/** The same cells in both tiers: whether the simulator says what the browser does. */
export interface Calibration {
  readonly cells: readonly {
    readonly scenario: string;
    readonly strategy: string;
    readonly metric: Metric;
    readonly simulated: number;
    readonly measured: number;
    /** |simulated - measured| over the larger, 0..1. */
    readonly error: number;
  }[];
  readonly meanError: number;
  /** Added to simulated startups. */
  readonly pageStartup?: PageStartup;
  /** Rank correlation of simulated and measured, -1..1; null with fewer than three cells. */
  readonly rankCorrelation: number | null;
  /** False beyond an error of 20 %: then the simulated tier is not to be trusted. */
  readonly isValid: boolean;
}

/** What one tier hands in: its sessions, and what it measured of the promises apart from them. */
export interface BenchPart {
  readonly schema: typeof BENCH_SCHEMA;
  readonly tier: Tier;
  /** Null for the simulator. */
  readonly chromium: string | null;
  readonly video: BenchVideo;
  readonly sessions: readonly BenchSession[];
  readonly measurements: readonly Measurement[];
  /** Of a browser. */
  readonly pageStartup?: PageStartup;
  /** What could not run and why, such as media that ffmpeg would have had to make; empty when all of it ran. */
  readonly notRun: readonly string[];
}

/** A promise measured apart from sessions; `id` is that of the target (targets.ts). */
export interface Measurement {
  readonly id: string;
  readonly measured: number | null;
  readonly interval: Interval | null;
  readonly detail: string;
}
