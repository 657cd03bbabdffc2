/** `vstack bench targets`: every promise of the scheduler, as measured, with its limits and the verdict. */
import type { Tier } from "#core/benchmark/report.ts";
import { printTargets } from "../bench/print-report.ts";
import { interrupted } from "../interrupted.ts";
import { printJson, remark } from "../print.ts";
import { runBench } from "./bench.ts";

export interface TargetsOptions {
  readonly tier?: readonly Tier[];
  readonly traces?: string;
  readonly seeds?: number;
  readonly seed: number;
  readonly out?: string;
  readonly json: boolean;
}

/** @returns exit code: 1 when one is not kept */
export async function benchTargets(options: TargetsOptions): Promise<number> {
  const { report, json, html } = await runBench(options, interrupted());
  const { targets, verdict } = report;
  if (!options.json) printTargets(targets);
  remark(`Report in ${html}`);
  const rows = targets.map(({ id, tier, measured, unit, must, aim, verdict: own, meetsAim, detail }) => ({
    ...{ id, simulated: tier === "sim", measured, unit, must, aim, verdict: own, meetsAim, detail },
  }));
  const failed = targets.filter((target) => target.verdict === "fail").length;
  const passed = targets.filter((target) => target.verdict === "pass").length;
  remark(`${passed} passed, ${failed} failed`);
  printJson({ verdict, passed, failed, targets: rows, report: json, html });
  return failed === 0 ? 0 : 1;
}
