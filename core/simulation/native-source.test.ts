import { describe, expect, it } from "vitest";
import type { FaultKind, NetworkPlan } from "../network/conditions.ts";
import { FREE_PATH } from "../network/path-phases.ts";
import { constantRate } from "../network/rate-curve.ts";
import { videoModel } from "../playback/video-model.ts";
import type { NativePolicy } from "./native-source.ts";
import { HLS_DEFAULT, HLS_TUNED } from "./native-source.ts";
import { fixedPlayer, runSession } from "./run-session.ts";

/** A first node that fails from the start, and a good second one. */
function play(policy: NativePolicy, kind: FaultKind, lastsMs = Infinity) {
  const path = { ...FREE_PATH, rate: constantRate(1_000_000), roundTripMs: 20 };
  const ends = lastsMs === Infinity ? [] : [{ atMs: lastsMs, nodeId: "n1", change: { fault: null } }];
  const plan: NetworkPlan = {
    ...{ id: "test", expect: "", kind: "independent", access: constantRate(1e9), changes: ends },
    nodes: [
      { nodeId: "n1", path: { ...path, fault: { kind } } },
      { nodeId: "n2", path },
    ],
  };
  const video = videoModel({ ladderBitsPerSecond: [2e6], segmentSeconds: 4, seconds: 20, spread: 0, seed: 1 });
  return runSession({ plan, video, strategy: policy, player: fixedPlayer(0), seed: 1 });
}

/** Startup without a fault: header and first segment. */
const HEALTHY_MS = 40 + 1 + 20 + 1_000;

describe("NativeSource", () => {
  it.each([
    ["refuses: at once", "refuse", 20],
    ["hangs: five times ten seconds", "hang", 50_000],
    ["answers 503: six retries, 1 + 2 + 4 + 8 + 8 + 8 s", "unavailable", 31_000 + 40 + 6 * 20],
  ] as const)("leaves a node that %s", (_, kind, afterMs) => {
    const result = play(HLS_DEFAULT, kind);
    expect(result.startupMs).toBeCloseTo(HEALTHY_MS + afterMs, -1);
    expect(result.played.length).toBe(5);
    expect(result.nodes[0]?.receivedBytes).toBe(0);
  });

  it("is quicker when tuned", () => {
    expect(play(HLS_TUNED, "hang").startupMs).toBeCloseTo(HEALTHY_MS + 2 * 2_000, -1);
    expect(play(HLS_TUNED, "unavailable").startupMs).toBeCloseTo(HEALTHY_MS + 100 + 40 + 20, -1);
  });

  it("plays what a liar says, and does not come back to a node that is well again", () => {
    expect(play(HLS_DEFAULT, "corrupt")).toMatchObject({ outcome: "ended", violations: [] });
    expect(play(HLS_TUNED, "hang", 3_000).nodes.map(({ receivedBytes }) => receivedBytes > 0)).toEqual([true, false]);
    expect(play(HLS_TUNED, "hang", 4_500).nodes.map(({ receivedBytes }) => receivedBytes > 0)).toEqual([false, true]);
  });
});
