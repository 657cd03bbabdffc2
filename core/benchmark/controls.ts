/**
 * Whether the benchmark itself can be trusted: where nothing can be won nobody wins, nobody beats what is physically
 * possible, and no rule that must hold in every session was broken. The limits of product.md, section 6, and the issue.
 */
import { seededRandom } from "../random.ts";
import { figureText } from "./figure-text.ts";
import { differenceOfRatios, METRIC_RULES, type MetricRule, ratioOfRatios, ratioOfSums } from "./metrics.ts";
import { differenceAddends, estimateOf, sampleOf, SessionIndex } from "./pairs.ts";
import type { BenchSession, Control, Interval, Metric, Quality, Tier, Verdict } from "./report.ts";
import { type Figure, figureOf, middle95 } from "./statistics.ts";

/** Between any two strategies behind one weak access link. */
const NULL_STALL_POINTS = 0.01;
const NULL_GOODPUT_SHARE = 0.03;
const DRAWS = 2_000;
/** Rounding over a session. */
const BOUND_TOLERANCE = 1e-6;
/** More sessions than that thrown away, and the machine was too busy to measure. */
const INVALID_LIMIT = 0.1;

export function controlsOf(sessions: readonly BenchSession[], tier: Tier): Control[] {
  const all = sessions.filter((session) => session.tier === tier);
  if (all.length === 0) return [];
  const valid = all.filter(({ invalidReason }) => invalidReason === null);
  const broken = valid.filter(({ violations }) => violations.length > 0).length;
  const shares = valid.flatMap(({ metrics }) => [metrics.startupShare ?? [], metrics.throughputShare ?? []].flat());
  const nullNames = new Set(valid.filter(({ kind }) => kind === "shared-access").map(({ scenario }) => scenario));
  return [
    ...[...nullNames].flatMap((name) =>
      nullControls(
        valid.filter(({ scenario }) => scenario === name),
        tier,
      ),
    ),
    {
      ...{ id: `${tier}-bound`, about: "Nobody beats the bound: largest share of it", unit: "share", limit: 1 },
      measured: shares.length === 0 ? null : Math.max(...shares),
      verdict:
        shares.length === 0 ? "not-run" : shares.every((share) => share <= 1 + BOUND_TOLERANCE) ? "pass" : "fail",
    },
    atMost(`${tier}-rules`, "Sessions in which a rule was broken", { measured: broken, limit: 0, unit: "count" }),
    atMost(`${tier}-invalid`, "Sessions that do not count", {
      ...{ measured: 1 - valid.length / all.length, limit: INVALID_LIMIT, unit: "share" },
    }),
  ];
}

function nullControls(sessions: readonly BenchSession[], tier: Tier): Control[] {
  const [first] = sessions;
  if (first === undefined) return [];
  // A link that varies gives more to whoever is busy at its better times. What it could have given meanwhile is known of
  // simulated ones: the share of that is free of when somebody was busy.
  const isKnown = sessions.every(({ metrics }) => metrics.throughputShare !== null);
  const goodput = isKnown ? "throughputShare" : "goodputBytesPerSecond";
  const where = `${tier}-null ${first.scenario}`;
  const what = isKnown ? "goodput, over what the link could give meanwhile" : "goodput";
  return [
    nullControl(`${where} stalls`, "time stalled", spread(sessions, "stallShare", "difference"), NULL_STALL_POINTS),
    nullControl(`${where} goodput`, what, spread(sessions, goodput, "ratio"), NULL_GOODPUT_SHARE),
  ];
}

/** Beyond the limit it fails when all of its interval is. */
function nullControl(id: string, what: string, found: Spread | undefined, limit: number): Control {
  const head = { id, limit, unit: "share" } as const;
  const about = `Nobody may win: largest difference in ${what}`;
  if (found === undefined) return { ...head, about, measured: null, verdict: "not-run" };
  const { apart: measured, interval, least, most, quality } = found;
  const [low, high] = interval.map((end) => figureText(end, "share"));
  const verdict = measured <= limit ? "pass" : interval[0] > limit ? "fail" : "unsure";
  return { ...head, about: `${about}, ${least} and ${most}, ${quality}; 95 %: ${low} to ${high}`, measured, verdict };
}

/** The two strategies that are furthest apart. */
interface Spread {
  readonly apart: number;
  readonly interval: Interval;
  readonly least: string;
  readonly most: string;
  readonly quality: Quality;
}

/** How far the lesser is from the greater, by addends of a pair. */
const APART: Readonly<Record<MetricRule["effect"], Figure>> = {
  difference: differenceOfRatios,
  ratio: (sums) => 1 - 1 / Math.max(1, ratioOfRatios(sums)),
};

/** Undefined with one strategy only. */
function spread(sessions: readonly BenchSession[], metric: Metric, effect: MetricRule["effect"]): Spread | undefined {
  const { of } = METRIC_RULES[metric];
  const index = new SessionIndex(sessions);
  const found = (["abr", "fixed"] as const).flatMap((quality): Spread[] => {
    const own = sessions.filter((session) => session.quality === quality);
    const figures = [...new Set(own.map(({ strategy }) => strategy))].flatMap((strategy) => {
      const members = own.filter((session) => session.strategy === strategy).map((session) => of(session));
      const present = members.filter((member) => member !== null);
      return present.length === 0 ? [] : [{ strategy, value: figureOf([present], ratioOfSums) }];
    });
    const rising = figures.toSorted((a, b) => a.value - b.value);
    const [least, most, first] = [rising[0], rising.at(-1), own[0]];
    if (first === undefined || least === undefined || most === undefined || least === most) return [];
    const versus = { tier: first.tier, quality, strategy: most.strategy, baseline: least.strategy };
    const sample = sampleOf([index.pairs(versus, first.scenario)], (pair) => differenceAddends(metric, pair));
    if (sample.length === 0) return [];
    const { estimate, figures: drawn } = estimateOf(sample, APART[effect], { draws: DRAWS, random: seededRandom(1) });
    return [{ apart: estimate, interval: middle95(drawn), least: least.strategy, most: most.strategy, quality }];
  });
  return found.toSorted((a, b) => b.apart - a.apart)[0];
}

type Limited = Pick<Control, "measured" | "limit" | "unit">;

/** What was not measured passes nothing. */
function atMost(id: string, about: string, limited: Limited): Control {
  const { measured, limit } = limited;
  const verdict: Verdict = measured === null ? "not-run" : measured <= limit ? "pass" : "fail";
  return { id, about, ...limited, verdict };
}
