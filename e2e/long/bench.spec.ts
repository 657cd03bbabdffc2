/** The long form of the benchmark's simulated tier: every topology, every strategy that is compared, 30 seeds. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { BenchReportSchema } from "#wire/contract/bench-report.ts";
import { spawnProgram } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";

/** Some 4,000 sessions on two cores that others keep busy as well. */
const RUN_MS = 40 * 60_000;

test("the whole simulated benchmark passes its controls, and nothing that was to be measured is missing", async () => {
  test.setTimeout(RUN_MS);
  const folder = mkdtempSync(join(tmpdir(), "vstack-bench-"));
  try {
    const program = spawnProgram(["bench", "--tier", "sim", "--out", folder, "--json"]);
    let said = "";
    program.stdout?.on("data", (part: Buffer) => {
      said += part.toString();
    });
    await once(program, "close");
    const last = v.parse(v.object({ report: v.string() }), JSON.parse(said.trim().split("\n").at(-1) ?? ""));
    const report = v.parse(BenchReportSchema, JSON.parse(readFileSync(last.report, "utf8")));
    expect(report.controls.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
    expect(report.targets.filter(({ tier, measured }) => tier === "sim" && measured === null)).toEqual([]);
    expect(report.claims.filter(({ estimate }) => estimate === null)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
