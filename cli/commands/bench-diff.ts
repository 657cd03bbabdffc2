/** `vstack bench diff A B`: what changed from one report to another. */
import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { compareReports } from "#core/benchmark/compare-reports.ts";
import { figureText } from "#core/benchmark/figure-text.ts";
import { METRIC_RULES } from "#core/benchmark/metrics.ts";
import type { BenchReport } from "#core/benchmark/report.ts";
import { BenchReportSchema } from "#wire/contract/bench-report.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { printJson, printLine, printTable } from "../print.ts";

export interface DiffOptions {
  readonly before: string;
  readonly after: string;
  readonly json: boolean;
}

/** @returns exit code: 1 when anything became worse */
export async function benchDiff({ before, after, json }: DiffOptions): Promise<number> {
  const { changes, verdicts, unmatched } = compareReports(await readReport(before), await readReport(after));
  const [better, worse] = (["better", "worse"] as const).map((word) => changes.filter(({ is }) => is === word));
  const changed = [...(worse ?? []), ...(better ?? [])];
  if (!json) {
    printTable(
      ["CHANGE", "SCENARIO", "QUALITY", "STRATEGY", "METRIC", "BEFORE", "AFTER"],
      changed.map(({ cell, is, before: from, after: to }) => {
        const { name, unit } = METRIC_RULES[cell.metric];
        const figures = [figureText(from.estimate, unit), figureText(to.estimate, unit)];
        return [is, cell.scenario, cell.quality, cell.strategy, name, ...figures];
      }),
    );
    for (const { id, before: from, after: to } of verdicts) printLine(`${id}: ${from} -> ${to}`);
    printLine(`${changes.length - changed.length} cells the same, ${unmatched} in one report only`);
  }
  const counts = { better: better?.length ?? 0, worse: worse?.length ?? 0, same: changes.length - changed.length };
  printJson({ verdict: counts.worse === 0 ? "pass" : "fail", ...counts, unmatched, verdicts });
  return counts.worse === 0 ? 0 : 1;
}

async function readReport(file: string): Promise<BenchReport> {
  const parsed = v.safeParse(BenchReportSchema, await readJson(file));
  if (parsed.success) return parsed.output;
  throw new VStackError("bad-request", `Cannot use ${file} as it is no report: ${v.summarize(parsed.issues)}`);
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new VStackError("bad-request", `Cannot read ${file} as a report`, { cause });
  }
}
