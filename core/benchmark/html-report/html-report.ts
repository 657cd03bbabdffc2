/**
 * The report as one page that needs nothing else: no script, no font, no address. Light and dark by the reader's setting,
 * light when printed. The verdict first, the method last.
 */
import { errorsByMetric, pageStartupText } from "../calibrate.ts";
import { LEAST_PAIRS } from "../claims.ts";
import { METRIC_RULES } from "../metrics.ts";
import { figureText } from "../figure-text.ts";
import type { BenchReport, Calibration, Claim } from "../report.ts";
import { REPORT_STYLE } from "./style.ts";
import { escaped, table } from "./svg.ts";
import { sessionCounts, tierSections } from "./tier-sections.ts";
import { controlTable, targetTable, tierTag, verdictMark, verdictStrip } from "./verdict-sections.ts";

export function htmlReport(report: BenchReport): string {
  const { run, targets, controls, claims, calibration } = report;
  const title = `V-Stack benchmark, ${run.startedAt.slice(0, 16).replace("T", " ")} UTC`;
  const body = [
    `<h1>${title}</h1>`,
    `<p class="soft">${run.mode} run of ${report.sessions.length} sessions ${run.tiers.map(tierTag).join(" ")}, version ${escaped(run.version)}, seed ${run.seed}. Verdict of promises and controls together: ${verdictMark(report.verdict)}</p>`,
    verdictStrip(report),
    `<h2>What is promised</h2>${targetTable(targets)}`,
    `<h2>Whether to trust it</h2>${controlTable(controls)}`,
    ...(calibration === null ? [] : [calibrationSection(calibration)]),
    ...run.tiers.map((tier) => tierSections(report, tier)),
    ...(claims.length === 0 ? [] : [claimSection(claims)]),
    method(report),
  ];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${REPORT_STYLE}</style></head><body>${body.join("\n")}</body></html>\n`;
}

function calibrationSection(calibration: Calibration): string {
  const { cells, meanError, rankCorrelation, isValid, pageStartup } = calibration;
  const rank =
    rankCorrelation === null ? "too few cells to rank" : `rank correlation of bitrates ${rankCorrelation.toFixed(2)}`;
  const each = errorsByMetric(calibration).map(
    ({ metric, error }) => `${METRIC_RULES[metric].name} ${figureText(error, "share")}`,
  );
  const about = `The same sessions in both, off by ${figureText(meanError, "share")} on average over ${cells.length} figures: ${each.join(", ")}; ${rank}.`;
  const warning = isValid ? "" : " <b>More than a fifth: simulated figures of this run are not to be trusted.</b>";
  const rows = cells.map(({ scenario, strategy, metric, simulated, measured, error }) => {
    const { name, unit } = METRIC_RULES[metric];
    const figures = [simulated, measured].map((value) => figureText(value, unit));
    return [escaped(scenario), escaped(strategy), name, ...figures, figureText(error, "share")];
  });
  const head = ["Network", "Strategy", "Figure", "Simulated", "Measured", "Off by"];
  const page = pageStartup === undefined ? "" : ` ${pageStartupText(pageStartup)}.`;
  return `<h2>Simulator against browser</h2><p>${about}${page}${warning}</p><details><summary>Every figure</summary>${table(head, rows)}</details>`;
}

function claimSection(claims: readonly Claim[]): string {
  const open = claims.filter(({ verdict }) => verdict !== "pass");
  const about = `Declared before the run: ${claims.length}, of which ${claims.length - open.length} pass. One-sided, corrected by Holm over all of them; with fewer than ${LEAST_PAIRS} pairs none is more than unsure.`;
  const part = (name: string, rows: readonly Claim[]) =>
    rows.length === 0 ? "" : `<details><summary>${name}: ${rows.length}</summary>${claimTable(rows)}</details>`;
  const passed = claims.filter(({ verdict }) => verdict === "pass");
  return `<h2>Claims</h2><p class="soft">${about}</p>${part("Not passed", open)}${part("Passed", passed)}`;
}

function claimTable(claims: readonly Claim[]): string {
  return table(
    ["Claim", "Network", "Against", "Found", "95 %", "Allowed", "p", "Verdict"],
    claims.map(({ kind, metric, quality, scenario, baseline, estimate, interval, margin, effect, pValue, verdict }) => {
      const { name, unit } = METRIC_RULES[metric];
      const text = (value: number) => figureText(value, effect === "ratio" ? "ratio" : unit);
      return [
        ...[`${kind === "better" ? "better" : "not worse"}: ${name}, ${quality}`, escaped(scenario), escaped(baseline)],
        estimate === null ? "not measured" : text(estimate),
        interval === null ? "" : interval.map(text).join(" to "),
        ...[effect === "ratio" ? figureText(margin, "share") : text(margin), pValue === null ? "" : pValue.toFixed(4)],
        verdictMark(verdict),
      ];
    }),
  );
}

function method(report: BenchReport): string {
  const { run, inputs } = report;
  const { machine } = run;
  const videos = inputs.videos.map(
    ({ tier, video }) =>
      `${tierTag(tier)} ${video.seconds} s in segments of ${video.segmentSeconds} s, ${video.ladderBitsPerSecond.map((bits) => (bits / 1e6).toFixed(1)).join(", ")} Mbit/s`,
  );
  const seeds = `${inputs.seeds.length} from ${inputs.seeds[0] ?? "-"} to ${inputs.seeds.at(-1) ?? "-"}`;
  const rows = [
    ["Sessions", sessionCounts(report)],
    ["Video", videos.join("<br>")],
    ["Networks", inputs.scenarios.map(escaped).join(", ")],
    ["Strategies", inputs.strategies.map(escaped).join(", ")],
    ["Seeds", seeds],
    [
      "Machine",
      escaped(
        `${machine.cpus} x ${machine.cpuModel}, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB, ${machine.platform}`,
      ),
    ],
    [
      "Programs",
      escaped(
        `V-Stack ${run.version}, Node ${machine.node}${machine.chromium === null ? "" : `, ${machine.chromium}`}`,
      ),
    ],
    ["Took", `${run.durationSeconds.toFixed(0)} s`],
    ["Files", inputs.files.length === 0 ? "none: every network was generated" : fileList(report)],
  ];
  return `<h2>How it was measured</h2>
<p>A seed decides network, video and chance; every strategy plays the same. Differences are taken within such pairs. Intervals are 95 % by bootstrap, networks drawn first, then seeds; time stalled as a ratio of sums, startup and rates as geometric mean of ratios. Simulated sessions run on a virtual clock with the engine that the browser runs, and say so.</p>
${table(
  ["", ""],
  rows.map(([name = "", value = ""]) => [`<b>${name}</b>`, value]),
)}`;
}

function fileList({ inputs }: BenchReport): string {
  const items = inputs.files.map(
    ({ name, sha256 }) => `<li>${escaped(name)} <span class="soft">${sha256.slice(0, 16)}</span></li>`,
  );
  return `<details><summary>${inputs.files.length} files with their SHA-256</summary><ul>${items.join("")}</ul></details>`;
}
