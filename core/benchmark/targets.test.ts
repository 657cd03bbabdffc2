import { describe, expect, it } from "vitest";
import type { BenchPart, Claim, Measurement, Target } from "./report.ts";
import { session } from "./sessions.contract.ts";
import { targetsOf } from "./targets.ts";

function part(about: Partial<BenchPart>): BenchPart {
  return {
    ...{ schema: 1, tier: "sim", chromium: null, sessions: [], measurements: [], notRun: [] },
    video: { seconds: 180, segmentSeconds: 4, ladderBitsPerSecond: [1e6] },
    ...about,
  };
}

function target(id: string, about: Partial<BenchPart>, claims: readonly Claim[] = []): Target {
  const own = part(about);
  const found = targetsOf({ parts: [own], claims }).find((one) => one.id === id && one.tier === own.tier);
  if (found === undefined) throw new Error(`No target is called ${id}`);
  return found;
}

const measured = (value: number, interval: Measurement["interval"] = null) => ({
  measurements: [{ id: "throughput-equal", measured: value, interval, detail: "" }],
});

describe("targetsOf()", () => {
  it("reads a measurement against must and aim", () => {
    expect(target("throughput-equal", measured(0.975))).toMatchObject({ verdict: "pass", meetsAim: true });
    expect(target("throughput-equal", measured(0.93))).toMatchObject({ verdict: "pass", meetsAim: false });
    expect(target("throughput-equal", measured(0.5))).toMatchObject({ verdict: "fail" });
  });

  it("is unsure when the interval holds the limit", () => {
    expect(target("throughput-equal", measured(0.93, [0.91, 0.95]))).toMatchObject({ verdict: "unsure" });
    expect(target("throughput-equal", measured(0.9, [0.89, 0.91]))).toMatchObject({ verdict: "fail" });
  });

  it("fails what a tier should have measured and did not, and says why", () => {
    const missing = target("throughput-equal", { notRun: ["not run: no ffmpeg for the media"] });
    expect(missing).toMatchObject({ verdict: "fail", measured: null, detail: "not run: no ffmpeg for the media" });
  });

  it("says of single promises that a short browser run does not measure them", () => {
    const played = part({ tier: "browser", sessions: [session({ tier: "browser" })] });
    const rows = targetsOf({ parts: [played], claims: [] });
    const find = (id: string) => rows.find((one) => one.id === id && one.tier === "browser");
    expect(find("failover-hang")).toMatchObject({
      verdict: "not-run",
      detail: "not run: bench --ci and --full measure it",
    });
    expect(find("ancestor-stalls")).toMatchObject({ verdict: "pass", measured: 0 });
  });

  it("takes a mean buffer of videos alone that are longer than it", () => {
    const played = { tier: "browser", sessions: [session({ tier: "browser" }, { bufferMeanSeconds: 24 })] } as const;
    const video = { seconds: 24, segmentSeconds: 4, ladderBitsPerSecond: [1e6] };
    expect(target("ancestor-buffer", { ...played, video })).toMatchObject({ verdict: "not-run", measured: null });
    const long = { ...video, seconds: 120 };
    expect(target("ancestor-buffer", { ...played, video: long })).toMatchObject({ verdict: "pass", measured: 24 });
  });

  it("does not count what belongs to a tier that was no part of the run", () => {
    const rows = targetsOf({ parts: [part({})], claims: [] }).filter(({ tier }) => tier === "browser");
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.every(({ verdict }) => verdict === "not-run")).toBe(true);
  });

  it("takes the median over networks of the startup's share, and the worst network", () => {
    const sessions = [0.9, 0.9, 0.1].map((startupShare, at) => session({ seed: at }, { startupShare }));
    const other = session({ scenario: "a2" }, { startupShare: 0.5 });
    expect(target("startup-median", { sessions: [...sessions, other] }).measured).toBeCloseTo(0.7, 12);
    expect(target("startup-worst", { sessions: [...sessions, other] })).toMatchObject({
      measured: 0.5,
      verdict: "pass",
    });
  });

  it("judges smart alone", () => {
    const sessions = [
      session({ quality: "fixed" }),
      session({ quality: "fixed", strategy: "naive" }, { excessStallMs: 9e4 }),
    ];
    expect(target("excess-stall", { sessions })).toMatchObject({ measured: 0, verdict: "pass" });
  });

  it("shows the worst network's duplicates as a ratio of sums", () => {
    const sessions = [
      session({}, { duplicateBytes: 10, receivedBytes: 100 }),
      session({ seed: 2 }, { duplicateBytes: 0, receivedBytes: 900 }),
    ];
    expect(target("duplicate-bytes", { sessions })).toMatchObject({ measured: 0.01, verdict: "pass" });
  });

  it("wants five of six networks against each baseline alone", () => {
    const claim = (baseline: string, at: number, verdict: Claim["verdict"]): Claim => ({
      ...{
        id: `${baseline} ${at}`,
        kind: "better",
        tier: "sim",
        scenario: `a${at}`,
        quality: "fixed",
        strategy: "smart",
      },
      ...{ baseline, metric: "stallShare", margin: 0, effect: "difference", estimate: 0, interval: [0, 0], pValue: 0 },
      verdict,
    });
    const six = (baseline: string, passing: number, rest: Claim["verdict"]) =>
      Array.from({ length: 6 }, (_, at) => claim(baseline, at, at < passing ? "pass" : rest));
    const kept = [...six("naive", 6, "fail"), ...six("nearest", 5, "fail")];
    expect(target("better-stalls", {}, kept)).toMatchObject({ verdict: "pass", measured: 5 / 6 });
    expect(target("better-stalls", {}, [...six("naive", 6, "fail"), ...six("nearest", 4, "fail")]).verdict).toBe(
      "fail",
    );
    expect(target("better-stalls", {}, six("nearest", 4, "unsure")).verdict).toBe("unsure");
  });
});
