/** The pictures of one tier of a report: the same for simulated and measured sessions. */
import { EVERYWHERE } from "../aggregates.ts";
import { BASELINES, CLAIMANT } from "../claims.ts";
import { figureText } from "../figure-text.ts";
import { METRIC_RULES } from "../metrics.ts";
import type { Aggregate, BenchReport, BenchSession, Metric, Quality, Tier } from "../report.ts";
import { worstSessions } from "../worst-sessions.ts";
import { cdfChart } from "./cdf-chart.ts";
import { legend } from "./colours.ts";
import { type ForestColumn, forestChart } from "./forest-chart.ts";
import { scatterChart } from "./scatter-chart.ts";
import { type ShareBar, shareBars } from "./share-bars.ts";
import { escaped, figure, grid, table } from "./svg.ts";
import { timelineChart } from "./timeline-chart.ts";
import { tierTag } from "./verdict-sections.ts";

/** What a tier of the report has. */
interface Shown {
  readonly tier: Tier;
  readonly sessions: readonly BenchSession[];
  readonly scenarios: readonly string[];
  readonly strategies: readonly string[];
  readonly report: BenchReport;
}

export function tierSections(report: BenchReport, tier: Tier): string {
  const sessions = report.sessions.filter((session) => session.tier === tier && session.invalidReason === null);
  if (sessions.length === 0) return "";
  const scenarios = [...new Set(sessions.map(({ scenario }) => scenario))];
  const strategies = [...new Set(sessions.map(({ strategy }) => strategy))];
  const shown = { tier, sessions, scenarios, strategies, report };
  return [scatters(shown), forests(shown), heatMaps(shown), startups(shown), nodeShares(shown), timelines(shown)].join(
    "",
  );
}

function heading({ tier }: Shown, title: string, about: string): string {
  return `<h2>${title} ${tierTag(tier)}</h2><p class="soft">${about}</p>`;
}

function aggregateOf({ tier, report }: Shown, cell: Pick<Aggregate, "scenario" | "quality" | "strategy" | "metric">) {
  return report.aggregates.find(
    (one) =>
      one.tier === tier &&
      one.metric === cell.metric &&
      one.strategy === cell.strategy &&
      one.quality === cell.quality &&
      one.scenario === cell.scenario,
  );
}

function scatters(shown: Shown): string {
  const { scenarios, strategies } = shown;
  const charts = [EVERYWHERE, ...scenarios].flatMap((scenario) => {
    const points = strategies.flatMap((strategy) => {
      const cell = { scenario, strategy, quality: "abr" } as const;
      const stall = aggregateOf(shown, { ...cell, metric: "stallShare" });
      const bitrate = aggregateOf(shown, { ...cell, metric: "meanBitsPerSecond" });
      return stall === undefined || bitrate === undefined ? [] : [{ strategy, stall, bitrate }];
    });
    const name = scenario === EVERYWHERE ? "all networks" : scenario;
    return points.length === 0 ? [] : [figure(`<b>${escaped(name)}</b>`, scatterChart(name, points))];
  });
  if (charts.length === 0) return "";
  const about =
    "hls.js chooses the quality. Crosses are 95 % intervals over networks and seeds. Better is up and to the right.";
  return heading(shown, "Stalls and bitrate", about) + legend(strategies) + grid(charts);
}

/** How much worse is still not worse; the startup's is shown as its relative part. */
const FORESTS: readonly { title: string; metric: Metric; quality: Quality; margin: number }[] = [
  { title: "stalls, ABR", metric: "stallShare", quality: "abr", margin: 0.005 },
  { title: "stalls, fixed quality", metric: "stallShare", quality: "fixed", margin: 0.005 },
  { title: "bitrate, ABR", metric: "meanBitsPerSecond", quality: "abr", margin: -Math.log(0.97) },
  { title: "startup, ABR", metric: "startupMs", quality: "abr", margin: Math.log(1.05) },
];

function forests(shown: Shown): string {
  const { tier, report, scenarios } = shown;
  const rows = [EVERYWHERE, ...scenarios];
  const charts = BASELINES.flatMap((baseline) => {
    const own = report.comparisons.filter((one) => one.tier === tier && one.baseline === baseline);
    if (own.length === 0) return [];
    const columns = FORESTS.map(({ title, metric, quality, margin }): ForestColumn => {
      const cells = rows.map((scenario) =>
        own.find((one) => one.scenario === scenario && one.metric === metric && one.quality === quality),
      );
      return { title, margin, cells };
    });
    const names = rows.map((name) => (name === EVERYWHERE ? "all networks" : name));
    const caption = `<b>${CLAIMANT} against ${baseline}</b>`;
    return [figure(caption, forestChart(`${CLAIMANT} against ${baseline}`, names, columns))];
  });
  if (charts.length === 0) return "";
  const about =
    "The same networks, videos and chance for both. Right of the dashed line is better for smart; the shaded part counts as not worse. Lines are 95 % intervals; grey is on both sides of it, or of too few pairs to tell.";
  return `${heading(shown, "Paired differences", about)}<div class="stack">${charts.join("")}</div>`;
}

const HEAT: readonly { title: string; metric: Metric; quality: Quality }[] = [
  { title: "Time stalled at fixed quality", metric: "stallShare", quality: "fixed" },
  { title: "Time stalled where hls.js chooses", metric: "stallShare", quality: "abr" },
  { title: "Bitrate where hls.js chooses", metric: "meanBitsPerSecond", quality: "abr" },
  { title: "Startup where hls.js chooses", metric: "startupMs", quality: "abr" },
];

function heatMaps(shown: Shown): string {
  const tables = HEAT.flatMap((heat) => {
    const rows = shown.scenarios.map((scenario) => heatRow(shown, scenario, heat));
    const isEmpty = rows.every((row) => row.every((cell) => cell === EMPTY_CELL));
    if (isEmpty) return [];
    const body = rows.map(
      (cells, at) => `<tr><th scope="row">${escaped(shown.scenarios[at] ?? "")}</th>${cells.join("")}</tr>`,
    );
    const head = ["", ...shown.strategies].map((name) => `<th scope="col" class="figure">${escaped(name)}</th>`);
    const content = `<div class="wide"><table><thead><tr>${head.join("")}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
    return [figure(`<b>${heat.title}</b>`, content)];
  });
  const about = "Green is the best of its row, the redder the further from it.";
  return `${heading(shown, "Every network, every strategy", about)}<div class="stack">${tables.join("")}</div>`;
}

const EMPTY_CELL = '<td class="figure">-</td>';
/** Shades of a heat map. */
const SHADES = 5;

function heatRow(shown: Shown, scenario: string, { metric, quality }: { metric: Metric; quality: Quality }): string[] {
  const cells = shown.strategies.map((strategy) => {
    const all = shown.sessions.filter(
      (one) => one.scenario === scenario && one.strategy === strategy && one.quality === quality,
    ).length;
    return { all, found: aggregateOf(shown, { scenario, strategy, quality, metric }) };
  });
  const present = cells.flatMap(({ found }) => found?.estimate ?? []);
  const { better, unit } = METRIC_RULES[metric];
  const best = better === "low" ? Math.min(...present) : Math.max(...present);
  const spread = Math.max(...present) - Math.min(...present);
  // Shades of differences that mean nothing would mislead.
  const scaleBy = Math.max(spread, unit === "share" ? 0.01 : Math.abs(best) * 0.1, Number.MIN_VALUE);
  return cells.map(({ all, found }) => {
    if (all === 0) return EMPTY_CELL;
    if (found === undefined) return `<td class="heat" style="--far:${SHADES}">never started</td>`;
    const { estimate, sessions } = found;
    const far = Math.round((Math.abs(estimate - best) / scaleBy) * SHADES);
    // A mean of those that started is not one of all.
    const some = sessions < all ? ` <span class="soft">${sessions} of ${all}</span>` : "";
    const kind = estimate === best && sessions === all ? "heat best" : "heat";
    return `<td class="${kind}" style="--far:${far}">${figureText(estimate, unit)}${some}</td>`;
  });
}

function startups(shown: Shown): string {
  const curves = shown.strategies.map((strategy) => {
    const own = shown.sessions.filter((session) => session.strategy === strategy && session.quality === "abr");
    return { strategy, startupsMs: own.map(({ metrics }) => metrics.startupMs) };
  });
  const about =
    "Share of all sessions that had shown their first frame by when, over all networks; hls.js chooses the quality.";
  return heading(shown, "Startup", about) + legend(shown.strategies) + figure("", cdfChart(curves));
}

function nodeShares(shown: Shown): string {
  const charts = shown.scenarios.map((scenario) => {
    const bars = shown.strategies.map((strategy): ShareBar => {
      const bytes = new Map<string, number>();
      for (const session of shown.sessions) {
        if (session.scenario !== scenario || session.strategy !== strategy || session.quality !== "abr") continue;
        for (const { nodeId, receivedBytes } of session.nodes) {
          bytes.set(nodeId, (bytes.get(nodeId) ?? 0) + receivedBytes);
        }
      }
      return { strategy, nodes: [...bytes].map(([nodeId, receivedBytes]) => ({ nodeId, receivedBytes })) };
    });
    return figure(`<b>${escaped(scenario)}</b>`, shareBars(scenario, bars));
  });
  const about = "Bytes by node, in the order of the network, the nearest first on most.";
  return heading(shown, "Who delivered", about) + grid(charts);
}

function timelines(shown: Shown): string {
  const worst = worstSessions(shown.sessions, shown.tier).filter(({ timeline }) => timeline !== null);
  if (worst.length === 0) return "";
  const sessions = worst.map((session, at) => {
    const { scenario, quality, seed, metrics, nodes, timeline } = session;
    const started =
      metrics.startupMs === null ? "never started" : `started after ${figureText(metrics.startupMs, "ms")}`;
    const name = `${scenario}, ${quality === "abr" ? "hls.js chooses" : "fixed quality"}, seed ${seed}`;
    const summary = `<b>${escaped(name)}</b>: ${started}, stalled ${figureText(metrics.stallMs, "ms")} in ${metrics.stallCount}`;
    const ids = nodes.map(({ nodeId }) => nodeId);
    const chart = timeline === null ? "" : timelineChart(timeline, ids, `Course of ${name}`);
    const beyond =
      metrics.excessStallMs === null ? "" : `, ${figureText(metrics.excessStallMs, "ms")} beyond the bound`;
    const share =
      metrics.throughputShare === null
        ? ""
        : `; throughput ${figureText(metrics.throughputShare, "share")} of the supply`;
    return `<details name="worst-${shown.tier}"${at === 0 ? " open" : ""}><summary>${summary}${beyond}${share}</summary>${chart}</details>`;
  });
  const about =
    "The sessions in which smart did worst. Above the buffer, below what each node was asked for: coloured was read to its end, grey was stopped by us, red was the node's fault. Red bands are stalls, yellow bands are faults of a node.";
  return heading(shown, "Worst sessions", about) + sessions.join("");
}

/** Sessions of a tier as numbers, for those who want all of them. */
export function sessionCounts(report: BenchReport): string {
  return table(
    ["Tier", "Sessions", "Do not count"],
    report.run.tiers.map((tier) => {
      const own = report.sessions.filter((session) => session.tier === tier);
      return [
        tierTag(tier),
        String(own.length),
        String(own.filter(({ invalidReason }) => invalidReason !== null).length),
      ];
    }),
  );
}
