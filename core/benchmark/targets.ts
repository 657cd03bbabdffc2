/**
 * What the scheduler is promised to do: the rows of product.md, section 6, one by one, from sessions, claims and separate
 * measurements to a verdict. What a tier should have measured and did not is a fail.
 */
import { CLAIMANT, isTopology } from "./claims.ts";
import { METRIC_RULES, ratioOfSums } from "./metrics.ts";
import type { BenchPart, BenchSession, Claim, Limit, Measurement, Target, Tier, Unit, Verdict } from "./report.ts";
import { figureOf, quantile } from "./statistics.ts";

export interface TargetsInput {
  readonly parts: readonly BenchPart[];
  readonly claims: readonly Claim[];
}

interface Row {
  readonly id: string;
  readonly promise: string;
  readonly tiers: readonly Tier[];
  readonly unit: Unit;
  readonly must: Limit;
  readonly aim: Limit | null;
  /** Where there is no separate measurement of the same id. */
  readonly from?: (sessions: readonly BenchSession[], claims: readonly Claim[], part: BenchPart) => Found;
}

/** `notRun`: the run was never to contain it, so that nothing is missing. */
type Found = Omit<Measurement, "id"> & { readonly verdict?: Verdict; readonly notRun?: boolean };

const BOTH: readonly Tier[] = ["sim", "browser"];
const NETWORKS_TO_WIN = 5;

const ROWS: readonly Row[] = [
  row("startup-median", "startup, warm, median share of the bound", BOTH, {
    ...{ unit: "share", must: atLeast(0.65), aim: atLeast(0.85) },
    from: (sessions) =>
      medianOf(
        startupShares(sessions).map(({ share }) => share),
        "median over networks",
      ),
  }),
  row("startup-worst", "startup, warm, share of the bound on every network", BOTH, {
    ...{ unit: "share", must: atLeast(0.4), aim: null },
    from: (sessions) => {
      const [worst] = startupShares(sessions);
      return { measured: worst?.share ?? null, interval: null, detail: worst?.name ?? "no session was warm" };
    },
  }),
  row("throughput-equal", "throughput over 4 equal nodes, share of their sum", BOTH, {
    ...{ unit: "share", must: atLeast(0.92), aim: atLeast(0.97) },
  }),
  row("throughput-unequal", "throughput over nodes 1:2:4:9, share of their sum", BOTH, {
    ...{ unit: "share", must: atLeast(0.9), aim: atLeast(0.96) },
  }),
  row("excess-stall", "stall at fixed quality beyond the bound at 0.9 of the supply, worst session", ["sim"], {
    ...{ unit: "ms", must: atMost(500), aim: atMost(0), from: excessStall },
  }),
  row("failover-refuse", "failover noticed and moved, node refuses", BOTH, {
    ...{ unit: "ms", must: atMost(150), aim: atMost(40) },
  }),
  row("failover-hang", "failover noticed and moved, node hangs", BOTH, {
    ...{ unit: "ms", must: atMost(800), aim: atMost(400) },
  }),
  row("failover-stall", "stall by either", BOTH, { unit: "ms", must: atMost(0), aim: atMost(0) }),
  row("wrong-bytes", "wrong bytes shown", ["browser"], { unit: "count", must: atMost(0), aim: atMost(0) }),
  row("corrupt-blocks", "bad blocks taken from a lying node", ["browser"], {
    ...{ unit: "count", must: atMost(1), aim: atMost(1) },
  }),
  row("duplicate-bytes", "duplicate bytes, worst network", BOTH, {
    ...{ unit: "share", must: atMost(0.05), aim: atMost(0.03), from: duplicates },
  }),
  row("worker-cost", "worker's own cost per MiB, verified", ["browser"], {
    ...{ unit: "ms", must: atMost(12), aim: atMost(4) },
  }),
  row("abr-error", "ABR estimate error with everything prefetched", ["browser"], {
    ...{ unit: "share", must: atMost(0.15), aim: atMost(0.05) },
  }),
  row("access-link", "four nodes behind a 10 Mbit/s link deliver 10, error", ["browser"], {
    ...{ unit: "share", must: atMost(0.03), aim: atMost(0.03) },
  }),
  row("not-worse", "not worse than any baseline on any network: claims that do not hold", ["sim"], {
    ...{ unit: "count", must: atMost(0), aim: atMost(0), from: (_sessions, claims) => notWorse(claims) },
  }),
  row("better-stalls", "better on stalls: networks of independent paths, against the hardest baseline", ["sim"], {
    ...{ unit: "share", must: atLeast(NETWORKS_TO_WIN / 6), aim: atLeast(1) },
    from: (_sessions, claims) => better(claims, "stallShare"),
  }),
  row("better-startup", "better on startup: networks of independent paths, against the hardest baseline", ["sim"], {
    ...{ unit: "share", must: atLeast(NETWORKS_TO_WIN / 6), aim: atLeast(1) },
    from: (_sessions, claims) => better(claims, "startupMs"),
  }),
  row("simulator-speed", "simulator: sessions of 180 s over four nodes per second and core", ["sim"], {
    ...{ unit: "count", must: atLeast(100), aim: atLeast(1000) },
  }),
  row("ancestor-startup", "the ancestor's target: startup, p90", ["browser"], {
    ...{ unit: "ms", must: atMost(2_000), aim: null, from: startupOfBrowser },
  }),
  row("ancestor-stalls", "the ancestor's target: stalls of a session, the most", ["browser"], {
    ...{ unit: "count", must: atMost(1), aim: atMost(0), from: mostStalls },
  }),
  row("ancestor-buffer", "the ancestor's target: mean buffer, media of 120 s", ["browser"], {
    ...{ unit: "seconds", must: atLeast(20), aim: null, from: meanBuffer },
  }),
  row("ancestor-throughput", "the ancestor's target: throughput", ["browser"], {
    ...{ unit: "bits-per-second", must: atLeast(40e6), aim: null },
  }),
  row("ancestor-failover", "the ancestor's target: failover", ["browser"], {
    ...{ unit: "ms", must: atMost(5_000), aim: null },
  }),
  row("ancestor-load", "the ancestor's target: spread of load over equal nodes", ["browser"], {
    ...{ unit: "share", must: atMost(0.15), aim: null },
  }),
];

function row(id: string, promise: string, tiers: readonly Tier[], rest: Omit<Row, "id" | "promise" | "tiers">): Row {
  return { id, promise, tiers, ...rest };
}

function atLeast(value: number): Limit {
  return { is: "at-least", value };
}

function atMost(value: number): Limit {
  return { is: "at-most", value };
}

/** Every row for every tier that can measure it; rows of tiers that did not run are `not-run`. */
export function targetsOf({ parts, claims }: TargetsInput): Target[] {
  return ROWS.flatMap((one) =>
    one.tiers.map((tier): Target => {
      const part = parts.find((candidate) => candidate.tier === tier);
      const { id, promise, unit, must, aim } = one;
      const head = { id, promise, tier, unit, must, aim };
      if (part === undefined) {
        return {
          ...head,
          ...NOT_MEASURED,
          meetsAim: null,
          verdict: "not-run",
          detail: `not run: no ${tier} tier in this run`,
        };
      }
      const found = foundBy(
        one,
        part,
        claims.filter((claim) => claim.tier === tier),
      );
      const { measured, interval, detail } = found;
      if (measured === null) {
        const verdict = found.notRun === true ? "not-run" : "fail";
        return { ...head, ...NOT_MEASURED, meetsAim: null, verdict, detail };
      }
      const verdict = found.verdict ?? verdictOf(must, measured, interval);
      return { ...head, measured, interval, verdict, meetsAim: aim === null ? null : meets(aim, measured), detail };
    }),
  );
}

const NOT_MEASURED = { measured: null, interval: null } as const;

function foundBy({ id, from }: Row, part: BenchPart, claims: readonly Claim[]): Found {
  const found = part.measurements.find((measurement) => measurement.id === id);
  if (found !== undefined) return found;
  const own = part.sessions.filter(({ strategy, invalidReason }) => strategy === CLAIMANT && invalidReason === null);
  const read = from?.(own, claims, part);
  if (read !== undefined && (read.measured !== null || read.notRun === true)) return read;
  // Single promises belong to the longer forms in a browser.
  const isShort = part.tier === "browser" && part.measurements.length === 0 && part.notRun.length === 0;
  if (isShort) return { ...NOT_MEASURED, detail: "not run: bench --ci and --full measure it", notRun: true };
  return read ?? { ...NOT_MEASURED, detail: part.notRun.join("; ") || "was not measured" };
}

function verdictOf(must: Limit, measured: number, interval: readonly [number, number] | null): Verdict {
  const ends = interval ?? [measured, measured];
  const kept = ends.map((end) => meets(must, end));
  return kept.every(Boolean) ? "pass" : kept.some(Boolean) ? "unsure" : "fail";
}

function meets({ is, value }: Limit, measured: number): boolean {
  return is === "at-least" ? measured >= value : measured <= value;
}

/** Median of each network and quality, the worst first. */
function startupShares(sessions: readonly BenchSession[]): { name: string; share: number }[] {
  const shares = new Map<string, number[]>();
  for (const { scenario, quality, isWarm, metrics } of sessions) {
    if (!isWarm || metrics.startupShare === null || !isTopology(scenario)) continue;
    const name = `${scenario}, ${quality}`;
    shares.set(name, [...(shares.get(name) ?? []), metrics.startupShare]);
  }
  return [...shares].map(([name, values]) => ({ name, share: middle(values) })).toSorted((a, b) => a.share - b.share);
}

function middle(values: readonly number[], share = 0.5): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    share,
  );
}

function medianOf(values: readonly number[], detail: string): Found {
  return { measured: values.length === 0 ? null : middle(values), interval: null, detail };
}

function excessStall(sessions: readonly BenchSession[]): Found {
  const found = sessions
    .filter(({ quality, metrics }) => quality === "fixed" && metrics.excessStallMs !== null)
    .toSorted((a, b) => (b.metrics.excessStallMs ?? 0) - (a.metrics.excessStallMs ?? 0));
  const [worst] = found;
  if (worst === undefined) return { measured: null, interval: null, detail: "no session at fixed quality" };
  const detail = `${worst.scenario}, seed ${worst.seed}; of ${found.length} sessions`;
  return { measured: worst.metrics.excessStallMs, interval: null, detail };
}

function duplicates(sessions: readonly BenchSession[]): Found {
  const { of } = METRIC_RULES.duplicateShare;
  const names = [...new Set(sessions.map(({ scenario }) => scenario))];
  const shares = names.flatMap((name) => {
    const own = sessions.filter(({ scenario }) => scenario === name).map((session) => of(session));
    const members = own.filter((member) => member !== null);
    return members.length === 0 ? [] : [{ name, share: figureOf([members], ratioOfSums) }];
  });
  const [worst] = shares.toSorted((a, b) => b.share - a.share);
  return { measured: worst?.share ?? null, interval: null, detail: worst?.name ?? "no session counts them" };
}

function startupOfBrowser(sessions: readonly BenchSession[]): Found {
  const values = sessions.flatMap(({ metrics }) => metrics.startupMs ?? []);
  const measured = values.length === 0 ? null : middle(values, 0.9);
  return { measured, interval: null, detail: `${values.length} sessions` };
}

function mostStalls(sessions: readonly BenchSession[]): Found {
  const [worst] = sessions.toSorted((a, b) => b.metrics.stallCount - a.metrics.stallCount);
  const detail = worst === undefined ? "no session" : `${worst.scenario}; of ${sessions.length} sessions`;
  return { measured: worst?.metrics.stallCount ?? null, interval: null, detail };
}

/** A shorter video is in the buffer as a whole before it is full. */
const BUFFERED_VIDEO_SECONDS = 120;

function meanBuffer(sessions: readonly BenchSession[], _claims: readonly Claim[], { video }: BenchPart): Found {
  if (video.seconds < BUFFERED_VIDEO_SECONDS) {
    const detail = `not run: it needs a video of ${BUFFERED_VIDEO_SECONDS} s, this one has ${video.seconds}`;
    return { measured: null, interval: null, detail, notRun: true };
  }
  const means = sessions.flatMap(({ metrics }) => metrics.bufferMeanSeconds ?? []);
  const measured = means.length === 0 ? null : means.reduce((sum, one) => sum + one, 0) / means.length;
  return { measured, interval: null, detail: `${means.length} sessions` };
}

const NO_BASELINES: Found = {
  measured: null,
  interval: null,
  detail: "not run: no baseline in this run",
  notRun: true,
};

function notWorse(claims: readonly Claim[]): Found {
  const own = claims.filter(({ kind }) => kind === "not-worse");
  if (own.length === 0) return NO_BASELINES;
  const failed = own.filter(({ verdict }) => verdict === "fail");
  const open = own.filter(({ verdict }) => verdict === "unsure");
  const names = [...failed, ...open].map(({ id }) => id.replace("not-worse ", ""));
  const detail = `of ${own.length}: ${failed.length} fail, ${open.length} unsure${names.length > 0 ? `: ${names.slice(0, 6).join("; ")}` : ""}`;
  const verdict = failed.length > 0 ? "fail" : open.length > 0 ? "unsure" : "pass";
  return { measured: failed.length + open.length, interval: null, detail, verdict };
}

/** The share of networks on which it is better, for the baseline against which it is so on the fewest. */
function better(claims: readonly Claim[], metric: Claim["metric"]): Found {
  const own = claims.filter((claim) => claim.kind === "better" && claim.metric === metric);
  const rows = [...new Set(own.map(({ baseline }) => baseline))].map((baseline) => {
    const against = own.filter((claim) => claim.baseline === baseline);
    const count = (verdict: Verdict) => against.filter((claim) => claim.verdict === verdict).length;
    return { baseline, of: against.length, pass: count("pass"), unsure: count("unsure") };
  });
  const [hardest] = rows.toSorted((a, b) => a.pass / a.of - b.pass / b.of);
  if (hardest === undefined) return NO_BASELINES;
  const detail = rows.map(({ baseline, pass, of }) => `${baseline} ${pass} of ${of}`).join(", ");
  const needed = atLeast(NETWORKS_TO_WIN / 6);
  const couldBe = rows.every(({ pass, unsure, of }) => meets(needed, (pass + unsure) / of));
  const isKept = rows.every(({ pass, of }) => meets(needed, pass / of));
  const measured = hardest.pass / hardest.of;
  return { measured, interval: null, detail, verdict: isKept ? "pass" : couldBe ? "unsure" : "fail" };
}
