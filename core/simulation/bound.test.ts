import { describe, expect, it } from "vitest";
import type { NetworkPlan } from "../network/conditions.ts";
import { planFor, planNames, topologyNodeIds } from "../network/named-plans.ts";
import { FREE_PATH } from "../network/path-phases.ts";
import { constantRate, rateCurve } from "../network/rate-curve.ts";
import { DEFAULT_VIDEO, videoModel } from "../playback/video-model.ts";
import { naiveStrategy } from "../schedule/naive-strategy.ts";
import { boundOf, meanSupplyBytesPerSecond } from "./bound.ts";
import { COMPETITORS } from "./run-matrix.ts";
import { ABR_PLAYER, fixedPlayer, runSession } from "./run-session.ts";
import { Supply } from "./supply.ts";

function planOf(paths: readonly Partial<NetworkPlan["nodes"][number]["path"]>[]): NetworkPlan {
  return {
    ...{ id: "test", expect: "", kind: "independent", access: constantRate(300), changes: [] },
    nodes: paths.map((path, at) => ({ nodeId: `n${at + 1}`, path: { ...FREE_PATH, ...path } })),
  };
}

describe("Supply", () => {
  const steps = [
    { atMs: 0, bytesPerSecond: 100 },
    { atMs: 1_000, bytesPerSecond: 0 },
  ];
  const plan = planOf([
    { rate: rateCurve(steps, 2_000), roundTripMs: 100 },
    { rate: constantRate(250), roundTripMs: 50 },
  ]);

  it("adds up paths under the access link, and finds times back", () => {
    const supply = new Supply(plan);
    expect([1_000, 2_000, 3_000].map((ms) => supply.bytesBy(ms))).toEqual([300, 550, 850]);
    expect([0, 150, 300, 425, 850].map((bytes) => supply.timeOf(bytes))).toEqual([0, 500, 1_000, 1_500, 3_000]);
  });

  it("leaves out what was asked for and could not have come yet", () => {
    const supply = new Supply(plan);
    // Cold: nothing for 100 ms, 250/s for another 100 ms, then all.
    expect(supply.bytesBeforeAnswers(0, Infinity, true)).toBeCloseTo(30 + 5);
    expect(supply.bytesBeforeAnswers(0, Infinity, false)).toBeCloseTo(15 + 2.5);
    expect(supply.bytesBeforeAnswers(0, 20, false)).toBeCloseTo(6);
  });

  it("has nothing from a node that refuses, hangs or lies", () => {
    const changes = (["refuse", "hang", "corrupt"] as const).map((kind, at) => ({
      ...{ atMs: at * 1_000, nodeId: "n2", change: { fault: { kind } } },
    }));
    const supply = new Supply({ ...plan, changes });
    expect(supply.bytesBy(3_000)).toBe(200);
    expect(supply.timeOf(1_000_000)).toBe(Infinity);
  });
});

describe("boundOf()", () => {
  it("knows the least startup and the least stall of a steady network", () => {
    const plan = { ...planOf([{ rate: constantRate(250_000), roundTripMs: 20 }]), access: constantRate(1e9) };
    const video = videoModel({ ...DEFAULT_VIDEO, ladderBitsPerSecond: [4e6], seconds: 40, spread: 0 });
    const input = { plan, video, player: fixedPlayer(0) };
    const result = runSession({ ...input, strategy: naiveStrategy, seed: 1 });
    const bound = boundOf(input, result);
    expect(bound.startupMs).toBeCloseTo(40 + 4 + 8_000, 1);
    // The measured start was a round trip later; nine segments of 8 s then play for 4 s each.
    expect(bound.stallMs).toBeCloseTo(9 * 4_000 - ((result.startupMs ?? 0) - 8_000), -1);
    expect(bound.beaten).toEqual([]);
  });

  it("finds a trivial downloader on one node at 98 % of its limit and more", () => {
    const plan = { ...planOf([{ rate: constantRate(500_000), roundTripMs: 20 }]), access: constantRate(1e9) };
    const video = videoModel({ ...DEFAULT_VIDEO, ladderBitsPerSecond: [8e6] });
    const input = { plan, video, player: fixedPlayer(0) };
    const bound = boundOf(input, runSession({ ...input, strategy: naiveStrategy, seed: 1 }));
    expect(bound.throughputShare).toBeGreaterThan(0.98);
    expect(bound.throughputShare).toBeLessThanOrEqual(1);
  });

  it("says what a network gives on average", () => {
    const plan = planOf([{ rate: constantRate(100) }, { rate: constantRate(150) }]);
    expect(meanSupplyBytesPerSecond(plan, 60)).toBeCloseTo(250);
  });

  it("is beaten by nobody on any named network", () => {
    const video = videoModel({ ...DEFAULT_VIDEO, seconds: 24 });
    const names = planNames().map(({ name }) => name);
    const competitors = [...COMPETITORS];
    for (const [at, name] of names.entries()) {
      const nodeIds = topologyNodeIds(name) ?? ["n1", "n2", "n3", "n4"];
      // Two of them on each network, all of them on some.
      for (const more of [0, 1]) {
        const chosen = competitors[(2 * at + more) % competitors.length];
        if (chosen === undefined) continue;
        const [strategyName, strategy] = chosen;
        const seed = at + 1;
        const plan = planFor(name, { seed, nodeIds });
        if (plan === undefined) continue;
        const input = { plan, video, player: at % 2 === 0 ? ABR_PLAYER : fixedPlayer(4) };
        const result = runSession({ ...input, strategy, seed });
        const { beaten, startupShare, throughputShare } = boundOf(input, result);
        const where = `${strategyName} on ${name}, seed ${seed}`;
        expect([...beaten, ...result.violations], where).toEqual([]);
        expect(startupShare ?? 0, where).toBeLessThanOrEqual(1);
        expect(throughputShare, where).toBeLessThanOrEqual(1);
      }
    }
  }, 120_000);
});
