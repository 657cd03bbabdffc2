/** `vstack bench worker`: what the worker's own work costs per MiB, beside its limits. */
import { figureText, limitText } from "#core/benchmark/figure-text.ts";
import { BENCH_SCHEMA } from "#core/benchmark/report.ts";
import { targetsOf } from "#core/benchmark/targets.ts";
import { invariant } from "#core/invariant.ts";
import { interrupted } from "../interrupted.ts";
import { printJson, printTable, remark } from "../print.ts";
import { measureWorkerCost } from "../worker-cost.ts";

export interface BenchWorkerOptions {
  readonly seed: number;
  readonly json: boolean;
}

/** Its row is of the browser tier: the limits are the same, what is measured is less, and is said. */
const ID = "worker-cost";

/** @returns exit code: 1 when the limit is not kept */
export async function benchWorker({ seed, json }: BenchWorkerOptions): Promise<number> {
  const { msPerMiB, worstMsPerMiB, requestsPerMiB, rounds } = await measureWorkerCost({ seed }, interrupted());
  const measurements = [{ id: ID, measured: msPerMiB, interval: null, detail: "" }];
  const head = { schema: BENCH_SCHEMA, tier: "browser", chromium: null, sessions: [], notRun: [] } as const;
  const video = { ladderBitsPerSecond: [], segmentSeconds: 0, seconds: 0 };
  const targets = targetsOf({ parts: [{ ...head, video, measurements }], claims: [] });
  const target = targets.find(({ id }) => id === ID);
  invariant(target !== undefined, `Cannot find the promise ${ID}`);
  const { promise, unit, must, aim, verdict } = target;
  if (!json) {
    const limits = [limitText(must, unit), aim === null ? "-" : limitText(aim, unit)];
    const figure = `${figureText(msPerMiB, unit)} (worst round ${figureText(worstMsPerMiB, unit)})`;
    printTable(
      ["PROMISE", "MEASURED IN", "MEASURED", "MUST", "AIM", "VERDICT"],
      [[promise, "Node", figure, ...limits, verdict]],
    );
  }
  remark(
    `Median of ${rounds} rounds, ${requestsPerMiB.toFixed(1)} requests a MiB; without the browser's network, hand-over and database`,
  );
  printJson({ verdict, measuredIn: "node", msPerMiB, worstMsPerMiB, requestsPerMiB, rounds, must, aim });
  return verdict === "fail" ? 1 : 0;
}
