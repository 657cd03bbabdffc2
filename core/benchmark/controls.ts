/**
 * Whether the benchmark itself can be trusted: where nothing can be won nobody wins, nobody beats what is physically
 * possible, and no rule that must hold in every session was broken. The limits of product.md, section 6, and the issue.
 */
import { METRIC_RULES, ratioOfSums } from "./metrics.ts";
import type { BenchSession, Control, Metric, Tier, Verdict } from "./report.ts";
import { figureOf } from "./statistics.ts";

/** Between any two strategies behind one weak access link. */
const NULL_STALL_POINTS = 0.01;
const NULL_GOODPUT_SHARE = 0.03;
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
      verdict: shares.every((share) => share <= 1 + BOUND_TOLERANCE) ? "pass" : "fail",
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
  const stall = spread(sessions, "stallShare", (least, most) => most - least);
  const goodput = spread(sessions, "goodputBytesPerSecond", (least, most) => (most === 0 ? 0 : 1 - least / most));
  const where = `${tier}-null ${first.scenario}`;
  return [
    atMost(`${where} stalls`, `Nobody may win: largest difference in time stalled${between(stall)}`, {
      ...{ measured: stall?.apart ?? null, limit: NULL_STALL_POINTS, unit: "share" },
    }),
    atMost(`${where} goodput`, `Nobody may win: largest difference in goodput${between(goodput)}`, {
      ...{ measured: goodput?.apart ?? null, limit: NULL_GOODPUT_SHARE, unit: "share" },
    }),
  ];
}

function between(spread: Spread | undefined): string {
  return spread === undefined ? "" : `, ${spread.least} and ${spread.most}, ${spread.quality}`;
}

/** The two strategies that are furthest apart. */
interface Spread {
  readonly apart: number;
  readonly least: string;
  readonly most: string;
  readonly quality: string;
}

/** Undefined with one strategy only. */
function spread(
  sessions: readonly BenchSession[],
  metric: Metric,
  apart: (least: number, most: number) => number,
): Spread | undefined {
  const { of } = METRIC_RULES[metric];
  const found = (["abr", "fixed"] as const).flatMap((quality): Spread[] => {
    const own = sessions.filter((session) => session.quality === quality);
    const figures = [...new Set(own.map(({ strategy }) => strategy))].flatMap((strategy) => {
      const members = own.filter((session) => session.strategy === strategy).map((session) => of(session));
      const present = members.filter((member) => member !== null);
      return present.length === 0 ? [] : [{ strategy, value: figureOf([present], ratioOfSums) }];
    });
    const rising = figures.toSorted((a, b) => a.value - b.value);
    const [least, most] = [rising[0], rising.at(-1)];
    if (least === undefined || most === undefined || least === most) return [];
    return [{ apart: apart(least.value, most.value), least: least.strategy, most: most.strategy, quality }];
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
