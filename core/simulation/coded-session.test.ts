/** Sessions of a video that is kept as shards: what two dead nodes of five cost. Times are simulated. */
import { describe, expect, test } from "vitest";
import { DEFAULT_CODE } from "../erasure/reed-solomon.ts";
import type { NetworkPlan, ScheduledChange } from "../network/conditions.ts";
import { FREE_PATH } from "../network/path-phases.ts";
import { constantRate } from "../network/rate-curve.ts";
import { DEFAULT_VIDEO, videoModel } from "../playback/video-model.ts";
import { STRATEGIES_BY_NAME } from "../schedule/strategies.ts";
import { fixedPlayer, runSession } from "./run-session.ts";
import type { SessionResult } from "./session-result.ts";

const NODE_IDS = ["n1", "n2", "n3", "n4", "n5"];
const VIDEO = videoModel({ ...DEFAULT_VIDEO, seconds: 60 });
const PLAYER = fixedPlayer(3);
/** Of the first segments some are small, or asked for while nobody knows anything. */
const LEARNING_SEGMENTS = 2;

function planWith(dead: readonly string[], atMs = 0): NetworkPlan {
  const path = { ...FREE_PATH, rate: constantRate(1e6), roundTripMs: 20 };
  const changes = dead.map((nodeId): ScheduledChange => ({ atMs, nodeId, change: { fault: { kind: "refuse" } } }));
  const nodes = NODE_IDS.map((nodeId) => ({ nodeId, path }));
  return { id: "shards", expect: "", kind: "independent", access: constantRate(1e9), nodes, changes };
}

function segmentMs({ records }: SessionResult): number[] {
  return records
    .filter(({ slot, outcome, seq }) => slot === "segment" && outcome === "delivered" && seq >= LEARNING_SEGMENTS)
    .map(({ startedMs, endedMs }) => (endedMs ?? Infinity) - startedMs)
    .sort((a, b) => a - b);
}

const medianOf = (sorted: readonly number[]) => sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;

describe("a session of shards", () => {
  test.each(["smart", "naive"] as const)("by %s plays with any two nodes dead", (name) => {
    const strategy = STRATEGIES_BY_NAME[name];
    for (const dead of [
      ["n1", "n2"],
      ["n1", "n5"],
      ["n4", "n5"],
      ["n2", "n3"],
    ]) {
      const session = runSession({
        plan: planWith(dead),
        video: VIDEO,
        strategy,
        player: PLAYER,
        seed: 4,
        code: DEFAULT_CODE,
      });
      expect(session.violations, dead.join()).toEqual([]);
      expect(new Set(session.records.map(({ outcome }) => outcome)), dead.join()).not.toContain("failed");
    }
  });

  test("stalls nobody when two nodes die in the middle", () => {
    const plan = planWith(["n1", "n2"], 10_000);
    const session = runSession({
      plan,
      video: VIDEO,
      strategy: STRATEGIES_BY_NAME.smart,
      player: PLAYER,
      seed: 5,
      code: DEFAULT_CODE,
    });
    expect([session.stallMs, session.violations]).toEqual([0, []]);
  });

  test("reads a degraded segment in 1.5 times a healthy one at the median, at most", () => {
    const run = (dead: readonly string[]) =>
      runSession({
        plan: planWith(dead),
        video: VIDEO,
        strategy: STRATEGIES_BY_NAME.smart,
        player: PLAYER,
        seed: 6,
        code: DEFAULT_CODE,
      });
    const healthyMs = medianOf(segmentMs(run([])));
    const ratios = [
      ["n1", "n2"],
      ["n1", "n4"],
      ["n2", "n3"],
    ].map((dead) => medianOf(segmentMs(run(dead))) / healthyMs);
    console.log(
      `Simulated: a healthy segment ${healthyMs.toFixed(0)} ms, degraded ${ratios.map((ratio) => ratio.toFixed(2)).join(", ")} times that`,
    );
    expect(Math.max(...ratios)).toBeLessThanOrEqual(1.5);
  });
});
