import { describe, expect, it } from "vitest";
import { FREE_PATH } from "../network/path-phases.ts";
import { constantRate } from "../network/rate-curve.ts";
import { DEFAULT_VIDEO } from "../playback/video-model.ts";
import { median, summarize } from "./matrix-summary.ts";
import { promisesOf } from "./promises.ts";
import type { Competitor, MatrixOptions } from "./run-matrix.ts";
import { COMPETITORS, matrixSize, runMatrix } from "./run-matrix.ts";

function named(...names: readonly string[]): Competitor[] {
  return names.flatMap((name) => COMPETITORS.get(name) ?? []);
}

const options: MatrixOptions = {
  ...{ scenarios: ["slow", "fast"], qualities: ["abr", "fixed"], seeds: [1, 2], remembers: true },
  competitors: named("naive", "nearest", "hls-tuned"),
  video: { ...DEFAULT_VIDEO, seconds: 16 },
  planOf: (id, seed) => ({
    ...{ id, expect: "", kind: "independent", access: constantRate(1e9), changes: [] },
    nodes: [1, 2].map((at) => ({
      nodeId: `n${at}`,
      path: { ...FREE_PATH, rate: constantRate((id === "slow" ? 2e5 : 2e6) * seed), roundTripMs: 10 * at, jitterMs: 5 },
    })),
  }),
};

describe("runMatrix()", () => {
  it("runs every competitor on the same networks, whoever else plays and in whatever order", () => {
    const all = [...runMatrix(options)];
    expect(all.length).toBe(matrixSize(options));
    const turned = { ...options, scenarios: ["fast", "slow"], seeds: [2, 1], competitors: named("nearest") };
    for (const row of runMatrix(turned)) expect(all).toContainEqual(row);
  });

  it("picks a fixed rendition by the network, not by who plays", () => {
    const fixed = [...runMatrix(options)].filter(({ quality }) => quality === "fixed");
    const rates = (scenario: string) =>
      fixed.filter((row) => row.scenario === scenario && row.seed === 1).map((row) => row.meanBitsPerSecond);
    // 0.8 of two nodes of 1.6 and of 16 Mbit/s.
    expect(rates("slow")).toEqual([1_500_000, 1_500_000, 1_500_000]);
    expect(rates("fast")).toEqual([8_000_000, 8_000_000, 8_000_000]);
  });
});

describe("summarize()", () => {
  it("puts the sessions of a competitor together", () => {
    const rows = [...runMatrix(options)];
    const summaries = summarize(rows);
    expect(summaries.length).toBe(2 * 2 * 3);
    for (const summary of summaries) {
      const own = rows.filter((row) =>
        (["scenario", "quality", "competitor"] as const).every((field) => row[field] === summary[field]),
      );
      expect(summary.sessions).toBe(2);
      expect(summary.startupMsMedian).toBe(median(own.flatMap(({ startupMs }) => startupMs ?? [])));
      expect(summary.stallRatio).toBeLessThanOrEqual(1);
    }
  });

  it("takes the middle of an even number", () => {
    expect([median([]), median([3]), median([9, 1, 2, 4])]).toEqual([null, 3, 3]);
  });
});

describe("promisesOf()", () => {
  it("says of each promise what must be and what was, or that it was not run", () => {
    const [naive] = named("naive");
    if (naive === undefined) throw new Error("no naive strategy");
    const promises = promisesOf(naive, summarize([...runMatrix(options)]), 1);
    const measured = new Map(promises.map((one) => [one.promise, one]));
    // One node after the other, whole segments: a quarter of four equal nodes.
    const equal = measured.get("throughput of 4 equal nodes, share of their sum");
    expect(equal?.measured ?? 1).toBeLessThan(0.26);
    expect(equal?.isKept).toBe(false);
    expect(promisesOf(naive, [], 1).find(({ promise }) => promise.startsWith("startup"))?.isKept).toBeNull();
  });
});
