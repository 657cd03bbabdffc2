/**
 * What is claimed of `smart`, declared before anything runs, and how a run decides it. Margins are those of product.md,
 * section 6: on every network not worse than any baseline by more than half a point of stall, 3 % of the bitrate, and 50 ms
 * or 5 % of the startup, whichever is more; better on stalls and startup on networks of independent paths.
 *
 * One network at a time, paired seeds, one-sided, corrected by Holm over all claims of the run.
 */
import { seededRandom } from "../random.ts";
import { differenceOfRatios, METRIC_RULES, ratioOfRatios } from "./metrics.ts";
import { differenceAddends, estimateOf, type Pair, sampleOf, type SessionIndex } from "./pairs.ts";
import type { BenchSession, Claim, Metric, Quality, Tier, Verdict } from "./report.ts";
import { type Addends, figureOf, holm, middle95, pValue } from "./statistics.ts";

/** Of whom is claimed. */
export const CLAIMANT = "smart";
/** Against whom: `hls-tuned` is plain hls.js failover as somebody would set it, `hls-default` as it comes. */
export const BASELINES = ["nearest", "naive", "random", "original", "hls-tuned", "hls-default"] as const;

const STALL_MARGIN = 0.005;
const BITRATE_MARGIN = 0.03;
const STARTUP_MARGIN_MS = 50;
const STARTUP_MARGIN_SHARE = 0.05;

const LEVEL = 0.05;
const LEAST_DRAWS = 10_000;
/** Draws for each claim, so that after the correction the smallest value that draws can show is half the level. */
const DRAWS_PER_CLAIM = 40;
/** With fewer pairs nothing is more than unsure. */
export const LEAST_PAIRS = 10;

/** What is claimed of each network and baseline. */
interface Wording {
  readonly kind: Claim["kind"];
  readonly quality: Quality;
  readonly metric: Metric;
  readonly effect: Claim["effect"];
  /** In the unit of the effect. */
  readonly margin: (baseline: number) => number;
  readonly networks: "all" | "independent";
}

const WORDINGS: readonly Wording[] = [
  ...(["abr", "fixed"] as const).flatMap((quality): Wording[] => [
    { ...notWorse(quality, "stallShare"), effect: "difference", margin: () => STALL_MARGIN },
    {
      ...notWorse(quality, "startupMs"),
      effect: "difference",
      margin: (baselineMs) => Math.max(STARTUP_MARGIN_MS, STARTUP_MARGIN_SHARE * baselineMs),
    },
  ]),
  { ...notWorse("abr", "meanBitsPerSecond"), effect: "ratio", margin: () => BITRATE_MARGIN },
  // Where hls.js chooses, whoever is slow takes less and does not stall: stalls are told apart at a fixed quality.
  better("fixed", "stallShare"),
  better("abr", "startupMs"),
];

function notWorse(quality: Quality, metric: Metric) {
  return { kind: "not-worse", quality, metric, networks: "all" } as const;
}

function better(quality: Quality, metric: Metric): Wording {
  return { kind: "better", quality, metric, effect: "difference", margin: () => 0, networks: "independent" };
}

/** A claim whose correction is still to come. */
interface Weighed {
  readonly claim: Omit<Claim, "pValue" | "verdict">;
  readonly raw: number | null;
  readonly pairs: number;
  /** Without a figure to compare. */
  readonly unmeasured?: Verdict;
}

export interface ClaimsInput {
  readonly tier: Tier;
  readonly index: SessionIndex;
  /** Networks of the run with their kind. */
  readonly networks: ReadonlyMap<string, BenchSession["kind"]>;
  /** Of the run; those that are baselines count. */
  readonly strategies: readonly string[];
  readonly seed: number;
}

/** Every claim that can be made of what a run was to contain; what is missing then is a fail. */
export function claimsOf(input: ClaimsInput): Claim[] {
  const { networks, strategies } = input;
  if (!strategies.includes(CLAIMANT)) return [];
  const declared = BASELINES.filter((name) => strategies.includes(name)).flatMap((baseline) =>
    [...networks]
      .filter(([scenario]) => isTopology(scenario))
      .flatMap(([scenario, kind]) =>
        WORDINGS.filter((wording) => wording.networks === "all" || wording.networks === kind).map((wording) => ({
          ...{ scenario, baseline, wording },
        })),
      ),
  );
  const draws = Math.max(LEAST_DRAWS, declared.length * DRAWS_PER_CLAIM);
  const weighed = declared.map(({ scenario, baseline, wording }, at) =>
    weigh(input, { scenario, baseline, wording }, { draws, random: seededRandom(input.seed + at) }),
  );
  const corrected = holm(weighed.map(({ raw }) => raw ?? 1));
  return weighed.map((one, at): Claim => {
    const value = one.raw === null ? null : (corrected[at] ?? 1);
    return { ...one.claim, pValue: value, verdict: verdictOf(one, value) };
  });
}

/** Topologies are what promises are about; `profile:` and `scenario:` are scripts that show one thing each. */
export function isTopology(scenario: string): boolean {
  return !scenario.includes(":");
}

interface Declared {
  readonly scenario: string;
  readonly baseline: string;
  readonly wording: Wording;
}

function weigh(
  { tier, index }: ClaimsInput,
  { scenario, baseline, wording }: Declared,
  options: { draws: number; random: () => number },
): Weighed {
  const { kind, quality, metric, effect } = wording;
  const versus = { tier, quality, strategy: CLAIMANT, baseline };
  const pairs = index.pairs(versus, scenario);
  const sample = sampleOf([pairs], (pair) => addendsOf(metric, pair));
  const { of, better: direction } = METRIC_RULES[metric];
  const claim = {
    ...versus,
    id: `${kind} ${metric} ${quality} ${scenario} ${baseline}`,
    kind,
    scenario,
    metric,
    effect,
  };
  const none = { claim: { ...claim, margin: 0, estimate: null, interval: null }, raw: null, pairs: pairs.length };
  // Whoever showed nothing where the baseline did has lost, whatever the other pairs say.
  const isLost = pairs.length === 0 || pairs.some(({ own, other }) => of(own) === null && of(other) !== null);
  if (isLost) return { ...none, unmeasured: "fail" };
  if (sample.length === 0) return { ...none, unmeasured: kind === "not-worse" ? "pass" : "unsure" };
  const baselineMean = figureOf(sample, (sums) => (sums[2] ?? 0) / (sums[3] ?? 1));
  const margin = wording.margin(baselineMean);
  const { estimate, figures } = estimateOf(sample, effect === "ratio" ? ratioOfRatios : differenceOfRatios, options);
  const limit = worstAllowed({ effect, margin }, direction);
  const raw = pValue(figures, (figure) => (direction === "low" ? figure >= limit : figure <= limit));
  return { claim: { ...claim, margin, estimate, interval: middle95(figures) }, raw, pairs: sample.flat().length };
}

/**
 * A baseline that showed nothing where the claimant played to its end was waited for at least as long as that took. Of
 * stalls it has no figure: such pairs are left out.
 */
function addendsOf(metric: Metric, pair: Pair): Addends | undefined {
  const { startupMs, playedSeconds } = pair.own.metrics;
  if (metric !== "startupMs" || startupMs === null || pair.other.metrics.startupMs !== null) {
    return differenceAddends(metric, pair);
  }
  return [startupMs, 1, Math.max(startupMs, playedSeconds * 1000), 1];
}

function worstAllowed({ effect, margin }: Pick<Claim, "effect" | "margin">, direction: "low" | "high"): number {
  return (effect === "ratio" ? 1 : 0) + (direction === "low" ? margin : -margin);
}

function verdictOf({ claim, pairs, unmeasured }: Weighed, value: number | null): Verdict {
  const { interval, metric } = claim;
  if (unmeasured === "fail") return unmeasured;
  if (pairs < LEAST_PAIRS) return "unsure";
  if (interval === null || value === null) return unmeasured ?? "fail";
  if (value <= LEVEL) return "pass";
  const direction = METRIC_RULES[metric].better;
  const limit = worstAllowed(claim, direction);
  const isWrong = direction === "low" ? interval[0] > limit : interval[1] < limit;
  return isWrong ? "fail" : "unsure";
}
