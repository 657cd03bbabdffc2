/** A report as tables for people. */
import { errorsByMetric, pageStartupText } from "#core/benchmark/calibrate.ts";
import { METRIC_RULES } from "#core/benchmark/metrics.ts";
import { figureText, limitText } from "#core/benchmark/figure-text.ts";
import type { Aggregate, BenchReport, Metric, Target } from "#core/benchmark/report.ts";
import { printLine, printTable } from "../print.ts";

const SHOWN: readonly Metric[] = ["startupMs", "startupShare", "stallShare", "meanBitsPerSecond", "duplicateShare"];

export function printReport({ targets, controls, claims, aggregates, calibration }: BenchReport): void {
  printAggregates(aggregates);
  printLine("");
  printTargets(targets);
  printLine("");
  printTable(
    ["CONTROL", "MEASURED", "LIMIT", "VERDICT"],
    controls.map(({ id, measured, limit, unit, verdict }) => [
      ...[id, measured === null ? "not run" : figureText(measured, unit), figureText(limit, unit), verdict],
    ]),
  );
  const open = claims.filter(({ verdict }) => verdict !== "pass");
  if (claims.length > 0) printLine(`Claims: ${claims.length - open.length} of ${claims.length} pass`);
  if (calibration !== null) {
    const error = figureText(calibration.meanError, "share");
    const each = errorsByMetric(calibration).map(
      ({ metric, error: own }) => `${METRIC_RULES[metric].name} ${figureText(own, "share")}`,
    );
    const verdict = calibration.isValid ? "valid" : "NOT VALID";
    printLine(`Simulator against browser: off by ${error} (${each.join(", ")}), ${verdict}`);
    const { pageStartup } = calibration;
    if (pageStartup !== undefined) printLine(pageStartupText(pageStartup));
  }
}

export function printTargets(targets: readonly Target[]): void {
  printTable(
    ["PROMISE", "TIER", "MEASURED", "MUST", "AIM", "VERDICT", "ON"],
    targets.map(({ promise, tier, measured, unit, must, aim, verdict, detail }) => [
      ...[promise, tier === "sim" ? "simulated" : tier, measured === null ? "not run" : figureText(measured, unit)],
      ...[limitText(must, unit), aim === null ? "-" : limitText(aim, unit), verdict, shortened(detail)],
    ]),
  );
}

function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function printAggregates(aggregates: readonly Aggregate[]): void {
  const names = new Map<string, Map<Metric, Aggregate>>();
  for (const aggregate of aggregates) {
    const { scenario, quality, strategy, tier } = aggregate;
    const name = [scenario, quality, strategy, tier === "sim" ? "simulated" : tier].join("\t");
    names.set(name, (names.get(name) ?? new Map<Metric, Aggregate>()).set(aggregate.metric, aggregate));
  }
  printTable(
    ["SCENARIO", "QUALITY", "STRATEGY", "TIER", ...SHOWN.map((metric) => METRIC_RULES[metric].name.toUpperCase())],
    [...names].map(([name, found]) => [
      ...name.split("\t"),
      ...SHOWN.map((metric) => {
        const aggregate = found.get(metric);
        return aggregate === undefined ? "-" : figureText(aggregate.estimate, METRIC_RULES[metric].unit);
      }),
    ]),
  );
}
