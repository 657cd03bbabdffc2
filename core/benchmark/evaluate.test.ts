import { describe, expect, it } from "vitest";
import { compareReports } from "./compare-reports.ts";
import type { EvaluationInput } from "./evaluate.ts";
import { evaluate } from "./evaluate.ts";
import { htmlReport } from "./html-report/html-report.ts";
import type { BenchReport, BenchSession } from "./report.ts";
import { sessions } from "./sessions.contract.ts";

const VIDEO = { seconds: 180, segmentSeconds: 4, ladderBitsPerSecond: [1e6] };

const INPUT = {
  run: {
    ...{ id: "test", startedAt: "2026-01-01T00:00:00.000Z", durationSeconds: 1, mode: "custom", tiers: ["sim"] },
    ...{ seed: 1, version: "0.0.0" },
    machine: { cpus: 2, cpuModel: "any", memoryBytes: 1, platform: "any", node: "v20", chromium: null },
  },
  inputs: { scenarios: ["a1", "a2"], strategies: ["smart", "nearest"], seeds: [1, 2], files: [] },
} as const satisfies Partial<EvaluationInput>;

function report(all: readonly BenchSession[], cpuModel = "any"): BenchReport {
  return evaluate({
    ...INPUT,
    run: { ...INPUT.run, machine: { ...INPUT.run.machine, cpuModel } },
    parts: [{ schema: 1, tier: "sim", chromium: null, video: VIDEO, sessions: all, measurements: [], notRun: [] }],
    twins: [],
  });
}

const TWO = [...sessions({}, 6), ...sessions({ strategy: "nearest" }, 6, (seed) => ({ stallMs: 900 * seed }))];
const OTHER = TWO.map((one) => ({ ...one, scenario: "a2" }));

describe("evaluate()", () => {
  it("gives the same report whatever the order of the sessions of a pair", () => {
    const one = report([...TWO, ...OTHER]);
    const shuffled = [...TWO.toReversed(), ...OTHER.toReversed()];
    const other = report(shuffled);
    const sorted = (all: readonly object[]) => all.map((row) => JSON.stringify(row)).sort();
    expect(sorted(other.comparisons)).toEqual(sorted(one.comparisons));
    expect(sorted(other.aggregates)).toEqual(sorted(one.aggregates));
    expect(other.claims).toEqual(one.claims);
  });

  it("compares in points of stall, as hand-computed", () => {
    // nearest: 0.9 x (1 + ... + 6) = 18.9 s of 1080 s played.
    const found = report(TWO).comparisons.find(
      ({ metric, quality, scenario }) => metric === "stallShare" && quality === "abr" && scenario === "a1",
    );
    expect(found).toMatchObject({ baseline: "nearest", pairs: 6, effect: "difference" });
    expect(found?.estimate).toBeCloseTo(-18.9 / 1098.9, 12);
    expect(found?.interval[1]).toBeLessThan(0);
  });

  it("is as bad as the worst of its rows", () => {
    // Nothing was measured of throughput and failover, which the simulator owes.
    expect(report(TWO)).toMatchObject({ verdict: "fail" });
    expect(evaluate({ ...INPUT, parts: [], twins: [] }).verdict).toBe("not-run");
  });
});

describe("compareReports()", () => {
  it("finds no change in the same", () => {
    const { changes, verdicts, unmatched } = compareReports(report(TWO), report(TWO));
    expect(changes.every(({ is }) => is === "same")).toBe(true);
    expect([verdicts.length, unmatched]).toEqual([0, 0]);
  });

  it("tells better from worse by the metric's own direction", () => {
    const faster = TWO.map((one) => ({ ...one, metrics: { ...one.metrics, startupMs: 100, meanBitsPerSecond: 1e6 } }));
    const { changes } = compareReports(report(TWO), report(faster));
    const by = (metric: string) => new Set(changes.filter(({ cell }) => cell.metric === metric).map(({ is }) => is));
    expect(by("startupMs")).toEqual(new Set(["better"]));
    expect(by("meanBitsPerSecond")).toEqual(new Set(["worse"]));
    expect(by("switches")).toEqual(new Set(["same"]));
  });

  it("counts cells that one report does not have", () => {
    const { unmatched } = compareReports(report(TWO), report([...TWO, ...OTHER]));
    expect(unmatched).toBeGreaterThan(0);
  });
});

describe("htmlReport()", () => {
  const page = htmlReport(report([...TWO, ...OTHER], "<img src=x onerror=alert(1)>"));

  it("needs nothing from outside and runs nothing", () => {
    expect(page).not.toMatch(/<script|<link|<img|<[^>]*\b(src|href)=|url\(|@import/);
  });

  it("escapes what it did not write", () => {
    expect(page).toContain("&lt;img src=x");
  });

  it("says simulated wherever a picture is, and draws only numbers", () => {
    expect(page.match(/<h2>[^<]*<span class="tag">simulated<\/span>/g)).toHaveLength(5);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("names every cell of a promise, as a phone shows each as a card", () => {
    expect(page).toMatch(/<td data-name="Measured">[^]*?<td data-name="Must">[^]*?<td data-name="Verdict">/);
  });

  it("calls nothing better or worse by a handful of pairs", () => {
    const marks = (all: string) => all.match(/class="whisker (better|worse)"/g) ?? [];
    expect(marks(htmlReport(report(TWO)))).toEqual([]);
    const many = [...sessions({}, 12), ...sessions({ strategy: "nearest" }, 12, () => ({ startupMs: 900 }))];
    expect(marks(htmlReport(report(many)))).not.toEqual([]);
  });

  it("begins with the verdict and ends with the method", () => {
    const at = ["What is promised", "Whether to trust it", "Stalls and bitrate", "Paired differences", "How it was"];
    const places = at.map((title) => page.indexOf(title));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
  });
});
