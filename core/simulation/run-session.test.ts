import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FAULT_KINDS, type NetworkPlan, type ScheduledChange } from "../network/conditions.ts";
import { planFor, topologyNodeIds } from "../network/named-plans.ts";
import { FREE_PATH } from "../network/path-phases.ts";
import { constantRate } from "../network/rate-curve.ts";
import { DEFAULT_VIDEO, videoModel } from "../playback/video-model.ts";
import { naiveStrategy } from "../schedule/naive-strategy.ts";
import { boundOf } from "./bound.ts";
import { COMPETITORS } from "./run-matrix.ts";
import { ABR_PLAYER, fixedPlayer, runSession } from "./run-session.ts";

const MEGABIT = 125_000;

/** Nodes n1, n2, ... of so many Mbit/s, 20 ms away. */
function planOf(megabits: readonly number[], more: Partial<NetworkPlan> = {}): NetworkPlan {
  return {
    ...{ id: "test", expect: "", kind: "independent", access: constantRate(1e9), changes: [] },
    nodes: megabits.map((rate, at) => ({
      nodeId: `n${at + 1}`,
      path: { ...FREE_PATH, rate: constantRate(rate * MEGABIT), roundTripMs: 20 },
    })),
    ...more,
  };
}

/** One rendition of segments of one size. */
function steadyVideo(megabits: number, seconds: number) {
  const ladderBitsPerSecond = [megabits * 1e6];
  return videoModel({ ladderBitsPerSecond, segmentSeconds: 4, seconds, spread: 0, seed: 1 });
}

describe("runSession()", () => {
  it("plays a video from one node as arithmetic says", () => {
    const input = { plan: planOf([4]), video: steadyVideo(2, 40), strategy: naiveStrategy, player: fixedPlayer(0) };
    const result = runSession({ ...input, seed: 1 });
    // Header: two round trips and 1 kB; segment: one round trip and 1 MB at 4 Mbit/s.
    expect(result.startupMs).toBeCloseTo(40 + 2 + 20 + 2_000, 0);
    expect(result).toMatchObject({ outcome: "ended", stallMs: 0, playedSeconds: 40, usefulBytes: 10_000_000 });
    expect(result).toMatchObject({ duplicateBytes: 0, lostBytes: 0, requests: 11, violations: [] });
    expect(result.endMs).toBeCloseTo((result.startupMs ?? 0) + 40_000, 0);
  });

  it("costs what hashing costs, behind each block", () => {
    const input = {
      plan: planOf([4]),
      video: steadyVideo(2, 40),
      strategy: naiveStrategy,
      player: fixedPlayer(0),
      seed: 1,
    };
    const [free, slow] = [0, 100].map((verifyMsPerMiB) => runSession({ ...input, verifyMsPerMiB }));
    // Only the last blocks of header and segment, which are short, are waited for.
    const laterMs = (slow?.startupMs ?? 0) - (free?.startupMs ?? 0);
    expect(laterMs).toBeGreaterThan(0.5);
    expect(laterMs).toBeLessThan(5);
    expect(slow).toMatchObject({ usefulBytes: free?.usefulBytes, requests: 11, violations: [] });
  });

  it("begins nothing ahead before what the player has just asked for", () => {
    const input = { plan: planOf([1, 2, 2]), video: steadyVideo(4, 80), strategy: smart(), player: fixedPlayer(0) };
    const { records } = runSession({ ...input, seed: 1 });
    const segments = records.filter(({ slot }) => slot === "segment");
    const startOf = (seq: number) => segments.find((record) => record.seq === seq)?.attempts[0]?.startedMs ?? 0;
    const ahead = segments.filter(({ wasAhead, seq }) => wasAhead && seq > 0).map(({ seq }) => seq);
    expect(ahead.length).toBeGreaterThan(5);
    expect(ahead.filter((seq) => startOf(seq) <= startOf(seq - 1))).toEqual([]);
  });

  it("stalls by what a node is too slow, and no more", () => {
    const input = { plan: planOf([2]), video: steadyVideo(4, 40), strategy: naiveStrategy, player: fixedPlayer(0) };
    const result = runSession({ ...input, seed: 1 });
    // Each further segment takes 8.02 s and plays 4 s.
    expect(result.stallMs).toBeCloseTo(9 * 4_020, -1);
    expect(result.stallCount).toBe(9);
  });

  it("asks for nothing while the buffer is full", () => {
    const input = { plan: planOf([50]), video: steadyVideo(2, 120), strategy: naiveStrategy, player: fixedPlayer(0) };
    const result = runSession({ ...input, seed: 1 });
    expect(result.bufferMeanSeconds).toBeLessThan(34);
    expect(result.played[7]?.appendedMs).toBeLessThan(2_000);
    // 32 s are there; the ninth is asked for when 30 s are left.
    expect((result.played[8]?.appendedMs ?? 0) - (result.played[0]?.appendedMs ?? 0)).toBeGreaterThan(2_000);
  });

  it("remembers for a second session what the first has learnt", () => {
    const video = videoModel({ ...DEFAULT_VIDEO, seconds: 40 });
    const input = { plan: planOf([1, 8]), video, strategy: smart(), player: fixedPlayer(3) };
    const cold = runSession({ ...input, seed: 1 });
    const warm = runSession({ ...input, seed: 2, warmBook: cold.book });
    expect(warm.startupMs ?? Infinity).toBeLessThanOrEqual((cold.startupMs ?? 0) * 1.1);
    expect(warm.violations).toEqual([]);
  });

  it("gives the same result for the same seed, for everybody", () => {
    const nodeIds = topologyNodeIds("s5-mobile-paths") ?? [];
    const video = videoModel({ ...DEFAULT_VIDEO, seconds: 16 });
    for (const strategy of COMPETITORS.values()) {
      const run = () => {
        const plan = planFor("s5-mobile-paths", { seed: 3, nodeIds }) ?? planOf([1]);
        return JSON.stringify(runSession({ plan, video, strategy, player: ABR_PLAYER, seed: 3 }));
      };
      expect(run(), strategy.name).toBe(run());
    }
  });

  it("keeps its rules under any faults, and nobody beats the bound", () => {
    const nodeIds = ["n1", "n2", "n3"];
    const fault = fc.record({
      ...{ atMs: fc.nat(40_000), nodeId: fc.constantFrom(...nodeIds), kind: fc.constantFrom(...FAULT_KINDS) },
      lastsMs: fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.constant(Infinity)),
    });
    const path = fc.record({
      ...{ megabits: fc.double({ min: 0.2, max: 12, noNaN: true }), roundTripMs: fc.nat(200), jitterMs: fc.nat(30) },
      ...{ slowStart: fc.boolean(), lossRatio: fc.constantFrom(0, 0, 0.01) },
    });
    const paths = fc.tuple(path, path, path);
    const drawn = fc.record({
      ...{ faults: fc.array(fault, { maxLength: 6 }), paths, access: fc.constantFrom(2, 8, 1_000) },
      ...{ strategy: fc.constantFrom(...COMPETITORS.keys()), level: fc.option(fc.nat(5)), seed: fc.nat(1_000_000) },
    });
    const property = fc.property(drawn, ({ faults, paths: three, access, strategy: name, level, seed }) => {
      const changes = faults
        .flatMap(({ atMs, nodeId, kind, lastsMs }): ScheduledChange[] => {
          const begins = { atMs, nodeId, change: { fault: { kind } } };
          return lastsMs === Infinity ? [begins] : [begins, { atMs: atMs + lastsMs, nodeId, change: { fault: null } }];
        })
        .toSorted((a, b) => a.atMs - b.atMs);
      const plan: NetworkPlan = {
        ...planOf([], { changes, access: constantRate(access * MEGABIT) }),
        nodes: three.map(({ megabits, ...rest }, at) => ({
          nodeId: `n${at + 1}`,
          path: { ...FREE_PATH, ...rest, rate: constantRate(megabits * MEGABIT) },
        })),
      };
      const video = videoModel({ ...DEFAULT_VIDEO, seconds: 24, seed });
      const strategy = COMPETITORS.get(name) ?? naiveStrategy;
      const player = level === null ? ABR_PLAYER : fixedPlayer(level);
      const result = runSession({ plan, video, strategy, player, seed });
      expect(result.violations).toEqual([]);
      expect(boundOf({ plan, video, player }, result).beaten).toEqual([]);
    });
    fc.assert(property, { seed: 20_266, numRuns: 40 });
  }, 60_000);
});

function smart() {
  return COMPETITORS.get("smart") ?? naiveStrategy;
}
