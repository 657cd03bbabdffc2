import { describe, expect, it } from "vitest";
import { claimsOf, LEAST_PAIRS } from "./claims.ts";
import { SessionIndex } from "./pairs.ts";
import type { BenchSession, Claim } from "./report.ts";
import { sessions } from "./sessions.contract.ts";

const SEEDS = 30;

function claims(all: readonly BenchSession[], strategies = ["smart", "nearest"]): Claim[] {
  const networks = new Map(all.map(({ scenario, kind }) => [scenario, kind]));
  return claimsOf({ tier: "sim", index: new SessionIndex(all), networks, strategies, seed: 1 });
}

function claim(all: readonly BenchSession[], id: string): Claim {
  const found = claims(all).find((one) => one.id === id);
  if (found === undefined) throw new Error(`No claim is called ${id}`);
  return found;
}

const NEAREST = { strategy: "nearest" };

describe("claimsOf()", () => {
  it("makes five claims of not being worse for each network and baseline, two of being better on independent paths", () => {
    const all = [...sessions({}, 1), ...sessions({ scenario: "a4", kind: "shared-access" }, 1)];
    const made = claims(all, ["smart", "nearest", "naive", "somebody"]);
    expect(made.filter(({ kind }) => kind === "not-worse")).toHaveLength(2 * 2 * 5);
    expect(made.filter(({ kind }) => kind === "better")).toHaveLength(2 * 1 * 2);
    expect(new Set(made.map(({ id }) => id)).size).toBe(made.length);
  });

  it("claims nothing of networks that are scripts of single faults", () => {
    expect(claims(sessions({ scenario: "scenario:hang" }, 1))).toEqual([]);
  });

  it("takes the same for not worse, and not for better", () => {
    const all = [...sessions({}, SEEDS), ...sessions(NEAREST, SEEDS)];
    expect(claim(all, "not-worse stallShare abr a1 nearest")).toMatchObject({ verdict: "pass", estimate: 0 });
    expect(claim(all, "not-worse startupMs abr a1 nearest").verdict).toBe("pass");
    expect(claim(all, "not-worse meanBitsPerSecond abr a1 nearest").verdict).toBe("pass");
    expect(claim(all, "better stallShare fixed a1 nearest").verdict).toBe("unsure");
  });

  it("fails what is worse by more than half a point of stall, 3 % of the bitrate", () => {
    const all = [
      ...sessions({}, SEEDS, (seed) => ({ stallMs: 2_000 + seed, meanBitsPerSecond: 3.8e6 + seed })),
      ...sessions(NEAREST, SEEDS),
    ];
    // 2 s in 182 s are 1.1 points.
    const stalls = claim(all, "not-worse stallShare abr a1 nearest");
    expect(stalls.verdict).toBe("fail");
    expect(stalls.estimate).toBeCloseTo(0.0111, 3);
    expect(claim(all, "not-worse meanBitsPerSecond abr a1 nearest").verdict).toBe("fail");
  });

  it("allows 50 ms of a short startup and 5 % of a long one", () => {
    const late = (more: number, ms: number) =>
      claim(
        [
          ...sessions({}, SEEDS, () => ({ startupMs: ms + more })),
          ...sessions(NEAREST, SEEDS, () => ({ startupMs: ms })),
        ],
        "not-worse startupMs abr a1 nearest",
      );
    expect(late(45, 100)).toMatchObject({ verdict: "pass", margin: 50 });
    expect(late(55, 100).verdict).toBe("fail");
    expect(late(180, 4_000)).toMatchObject({ verdict: "pass", margin: 200 });
    expect(late(220, 4_000).verdict).toBe("fail");
  });

  it("finds better what is better in every pair", () => {
    const all = [...sessions({}, SEEDS), ...sessions(NEAREST, SEEDS, (seed) => ({ stallMs: 1_000 * seed }))];
    const stalls = claim(all, "better stallShare fixed a1 nearest");
    expect(stalls.verdict).toBe("pass");
    expect(stalls.pValue).toBeLessThan(0.05);
  });

  it("fails what was not measured, and who never started where the baseline did", () => {
    expect(claim(sessions({}, SEEDS), "not-worse stallShare abr a1 nearest")).toMatchObject({
      ...{ verdict: "fail", estimate: null, pValue: null },
    });
    const all = [
      ...sessions({}, SEEDS, (seed) => ({ startupMs: seed === 7 ? null : 100 })),
      ...sessions(NEAREST, SEEDS),
    ];
    expect(claim(all, "not-worse startupMs abr a1 nearest").verdict).toBe("fail");
  });

  it("counts a baseline that never showed anything as waited for, not as quick", () => {
    const all = [...sessions({}, SEEDS), ...sessions(NEAREST, SEEDS, () => ({ startupMs: null, playedSeconds: 0 }))];
    expect(claim(all, "better startupMs abr a1 nearest")).toMatchObject({ verdict: "pass", estimate: 500 - 180_000 });
    // It has no stall to be compared with.
    expect(claim(all, "not-worse stallShare fixed a1 nearest")).toMatchObject({ verdict: "pass", estimate: null });
    expect(claim(all, "better stallShare fixed a1 nearest").verdict).toBe("unsure");
  });

  it("is unsure with few pairs, whatever they show", () => {
    const few = LEAST_PAIRS - 1;
    const all = [...sessions({}, few), ...sessions(NEAREST, few, () => ({ stallMs: 60_000 }))];
    expect(claim(all, "better stallShare fixed a1 nearest").verdict).toBe("unsure");
  });

  it("pairs by seed: the order of sessions changes nothing", () => {
    const all = [
      ...sessions({}, SEEDS, (seed) => ({ stallMs: 100 * (seed % 7) })),
      ...sessions(NEAREST, SEEDS, (seed) => ({ stallMs: 90 * (seed % 5) })),
    ];
    expect(claims(all.toReversed())).toEqual(claims(all));
  });

  it("leaves sessions out that do not count", () => {
    const all = [
      ...sessions({}, SEEDS),
      ...sessions(NEAREST, SEEDS),
      ...sessions({ invalidReason: "busy", scenario: "a1" }, 3, () => ({ stallMs: 1e6 })),
    ];
    expect(claim(all, "not-worse stallShare abr a1 nearest").verdict).toBe("pass");
  });
});
