/** What comes first in the report: the verdict, every promise with its measurement, and whether the run can be trusted. */
import { figureText } from "../figure-text.ts";
import type { BenchReport, Control, Limit, Target, Unit, Verdict } from "../report.ts";
import { escaped, table } from "./svg.ts";

export function verdictMark(verdict: Verdict): string {
  return `<span class="verdict ${verdict}">${verdict === "not-run" ? "not run" : verdict}</span>`;
}

/** `simulated` or `measured`, wherever a figure stands. */
export function tierTag(tier: string): string {
  return `<span class="tag">${tier === "sim" ? "simulated" : "measured in Chromium"}</span>`;
}

export function verdictStrip({ targets, claims, controls, calibration }: BenchReport): string {
  const cards = [card("promises", targets), card("controls", controls)];
  if (claims.length > 0) cards.push(card("claims", claims));
  if (calibration !== null) {
    const { isValid, meanError } = calibration;
    const about = `simulator against browser: off by ${figureText(meanError, "share")}`;
    cards.push(oneCard(isValid ? "pass" : "fail", isValid ? "valid" : "not valid", about));
  }
  return `<div class="strip">${cards.join("")}</div>`;
}

function card(name: string, rows: readonly { readonly verdict: Verdict }[]): string {
  const count = (verdict: Verdict) => rows.filter((row) => row.verdict === verdict).length;
  const worst = count("fail") > 0 ? "fail" : count("unsure") > 0 ? "unsure" : "pass";
  const rest = [
    ...(count("fail") > 0 ? [`${count("fail")} fail`] : []),
    ...(count("unsure") > 0 ? [`${count("unsure")} unsure`] : []),
    ...(count("not-run") > 0 ? [`${count("not-run")} not run`] : []),
  ];
  return oneCard(
    worst,
    `${count("pass")} of ${rows.length}`,
    `${name} pass${rest.length > 0 ? `; ${rest.join(", ")}` : ""}`,
  );
}

function oneCard(verdict: Verdict, figure: string, about: string): string {
  return `<div class="card ${verdict}"><b>${figure}</b><span>${about}</span></div>`;
}

/** What was no part of the run is folded away. */
export function targetTable(targets: readonly Target[]): string {
  const away = targets.filter(({ verdict }) => verdict === "not-run");
  const here = targets.filter(({ verdict }) => verdict !== "not-run");
  const rest = `<details><summary>Not part of this run: ${away.length}</summary>${targetRows(away)}</details>`;
  return targetRows(here) + (away.length === 0 ? "" : rest);
}

function targetRows(targets: readonly Target[]): string {
  return table(
    ["Promise", "Measured", "Must", "Aim", "Verdict", "On"],
    targets.map(({ promise, tier, measured, unit, must, aim, verdict, meetsAim, detail }) => [
      `<span class="promise">${escaped(promise)}</span> ${tierTag(tier)}`,
      measured === null ? "not run" : `<b class="whole">${figureText(measured, unit)}</b>`,
      ...[sign(must, unit), aim === null ? "" : sign(aim, unit)],
      `<span>${verdictMark(verdict)}${meetsAim === true ? " aim met" : ""}</span>`,
      `<span class="soft">${escaped(detail)}</span>`,
    ]),
  );
}

function sign({ is, value }: Limit, unit: Unit): string {
  return `<span class="whole">${is === "at-least" ? "≥" : "≤"} ${figureText(value, unit)}</span>`;
}

export function controlTable(controls: readonly Control[]): string {
  return table(
    ["Control", "Measured", "Limit", "Verdict"],
    controls.map(({ id, about, measured, limit, unit, verdict }) => [
      `${escaped(about)} <span class="soft">(${escaped(id)})</span>`,
      ...[measured === null ? "not run" : figureText(measured, unit), figureText(limit, unit), verdictMark(verdict)],
    ]),
  );
}
