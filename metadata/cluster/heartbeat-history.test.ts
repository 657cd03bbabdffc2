import { expect, test } from "vitest";
import type { NodeId } from "#core/ids.ts";
import { parseNodeId } from "#core/ids.ts";
import { BEAT_SLOT_MS, BEAT_SLOTS } from "#wire/contract/cluster-live-api.ts";
import { present } from "../placement/placement-register.contract.ts";
import { HeartbeatHistory } from "./heartbeat-history.ts";

const N1 = present(parseNodeId("n1"));
const N2 = present(parseNodeId("n2"));

/** A heartbeat each second, and a tick of our own, from `fromMs` to `toMs`. */
function live(history: HeartbeatHistory, nodes: readonly NodeId[], fromMs: number, toMs: number): void {
  for (let nowMs = fromMs; nowMs < toMs; nowMs += 1000) {
    history.awake(nowMs);
    for (const node of nodes) history.heard(node, nowMs);
  }
}

test("HeartbeatHistory.beats() counts heartbeats in slots that are over, and knows nothing before the first", () => {
  const history = new HeartbeatHistory();
  live(history, [N1], 0, 10_000);
  const beats = history.beats(N1, 10_000);
  expect(beats).toHaveLength(BEAT_SLOTS);
  expect(beats.slice(-5)).toEqual([null, 2, 2, 2, 2]);
  expect(beats.slice(0, -5).every((beat) => beat === null)).toBe(true);
  expect(history.beats(N2, 10_000).every((beat) => beat === null)).toBe(true);
});

test("HeartbeatHistory.beats() shows a silent node as 0, and our own sleep as not known", () => {
  const history = new HeartbeatHistory();
  live(history, [N1, N2], 0, 6_000);
  live(history, [N2], 6_000, 10_000);
  // From 10 to 14 seconds nothing ran here.
  live(history, [N2], 14_000, 16_000);
  expect(history.beats(N1, 16_000).slice(-7)).toEqual([2, 2, 0, 0, null, null, 0]);
  expect(history.beats(N2, 16_000).slice(-7)).toEqual([2, 2, 2, 2, null, null, 2]);
});

test("HeartbeatHistory forgets slots that nobody can ask for, and nodes that are gone", () => {
  const history = new HeartbeatHistory();
  live(history, [N1, N2], 0, 3 * BEAT_SLOTS * BEAT_SLOT_MS);
  history.keepOnly(new Map([[N2, true]]));
  const nowMs = 3 * BEAT_SLOTS * BEAT_SLOT_MS;
  expect(history.beats(N1, nowMs)).toEqual(Array.from({ length: BEAT_SLOTS }, () => null));
  expect(history.beats(N2, nowMs)).toEqual(Array.from({ length: BEAT_SLOTS }, () => 2));
});
