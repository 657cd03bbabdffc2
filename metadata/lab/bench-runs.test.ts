/** Runs by a real child process that says what it is told to, and stays when it is told to. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { liveClock } from "#wire/client/live-clock.ts";
import type { BenchState } from "#wire/contract/bench-api.ts";
import { MAX_BENCH_LINES } from "#wire/contract/bench-api.ts";
import { silentLog } from "#wire/server/log.ts";
import { BenchRuns } from "./bench-runs.ts";

describe("BenchRuns", () => {
  let folder: string;
  const runsOf = (script: string) => {
    const program = join(folder, "program.mjs");
    writeFileSync(program, script);
    return new BenchRuns({ folder: join(folder, "bench"), program, clock: liveClock, log: silentLog });
  };
  const until = async (runs: BenchRuns, wanted: (state: BenchState) => boolean) => {
    await expect.poll(async () => wanted(await runs.state()), { timeout: 10_000 }).toBe(true);
    return await runs.state();
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "vstack-runs-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const STAYS = "setInterval(() => undefined, 1000);";
  const REPORTS = `
    import { writeFileSync } from "node:fs";
    const folder = process.argv[process.argv.indexOf("--out") + 1];
    writeFileSync(folder + "/report.json", "{}");
    console.log("in " + process.argv[3]);
    console.log(JSON.stringify({ verdict: "unsure", report: folder }));`;

  it("starts the form that was asked for, and keeps its report and verdict for the next server", async () => {
    const runs = runsOf(REPORTS);
    await runs.start("ci");
    const [run] = (await until(runs, ({ running }) => running === null)).runs;
    expect(run).toMatchObject({ mode: "ci", outcome: "done", verdict: "unsure", lastWords: ["in --ci"] });
    expect(String(await runs.report(run?.id ?? "", "report.json"))).toBe("{}");
    await expect(runs.report(run?.id ?? "", "report.html")).rejects.toThrow("No benchmark left a report");
    expect((await runsOf(REPORTS).state()).runs).toEqual([run]);
  });

  it("says what a run is at, and its newest words", async () => {
    const runs = runsOf(`
      for (let line = 0; line < 100; line += 1) console.error("line " + line);
      console.error(JSON.stringify({ progress: { label: "simulating", ratio: 0.25, detail: "9 sessions" } }));
      ${STAYS}`);
    let changes = 0;
    runs.watch(() => (changes += 1));
    await runs.start("smoke");
    const { running } = await until(runs, (state) => state.running?.at !== null);
    expect(running?.at).toEqual({ label: "simulating", ratio: 0.25, detail: "9 sessions" });
    expect(running?.lines).toHaveLength(MAX_BENCH_LINES);
    expect(running?.lines.at(-1)).toBe("line 99");
    expect(changes).toBeGreaterThan(100);
    await runs.cancel();
  });

  it("runs one at a time", async () => {
    const runs = runsOf(STAYS);
    await runs.start("smoke");
    await expect(runs.start("smoke")).rejects.toThrow("one is running already");
    await runs.cancel();
    await runs.start("smoke");
    await runs.cancel();
  });

  it("ends everything that a cancelled run has started", async () => {
    const runs = runsOf(`
      import { spawn } from "node:child_process";
      const words = 'process.on("SIGTERM", () => undefined); console.log("here");' + ${JSON.stringify(STAYS)};
      spawn(process.execPath, ["-e", words], { stdio: "inherit" });
      ${STAYS}`);
    await runs.start("smoke");
    await until(runs, ({ running }) => running?.lines.includes("here") === true);
    // Over only when nobody holds the run's output any more: the one that does not hear the first signal neither.
    await runs.cancel();
    const { runs: over } = await runs.state();
    expect(over).toMatchObject([{ outcome: "cancelled", verdict: null }]);
  });

  it("keeps the last words of a run that failed", async () => {
    const runs = runsOf(`console.error("no disk"); process.exit(1);`);
    await runs.start("smoke");
    expect((await until(runs, ({ running }) => running === null)).runs).toMatchObject([
      { outcome: "failed", lastWords: ["no disk"] },
    ]);
  });

  it("answers no report outside its folder", async () => {
    const runs = runsOf(REPORTS);
    await expect(runs.report("..", "report.json")).rejects.toThrow("No benchmark left a report");
  });
});
