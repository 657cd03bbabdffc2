import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseNodeId } from "#core/ids.ts";
import type { Heartbeat } from "#wire/contract/cluster-api.ts";
import { MAX_NODES } from "#wire/contract/limits.ts";
import { present } from "../placement/placement-register.contract.ts";
import type { Membership } from "./membership.ts";
import {
  DEAD_AFTER_MS,
  NO_MEMBERS,
  onHeartbeat,
  onTick,
  rememberedMembers,
  SUSPECT_AFTER_MS,
  TICK_MS,
} from "./membership.ts";

const nodeId = (name: string) => present(parseNodeId(name));
const beat = (name = "node-1", over: Partial<Heartbeat> = {}): Heartbeat => ({
  nodeId: nodeId(name),
  internalUrl: "http://127.0.0.1:8081",
  publicUrl: "http://127.0.0.1:8081",
  incarnation: "disk-a",
  acceptor: { incarnation: "log-a", starts: 1, writes: 0, program: "p1" },
  pid: 10,
  chunkCount: 0,
  usedBytes: 0,
  freeBytes: 100,
  fillRatio: 0,
  ...over,
});
const state = (membership: Membership, name = "node-1") => membership.members.get(nodeId(name))?.state;

/** Ticks as the driver does, up to `untilMs`. */
function tickUntil(membership: Membership, untilMs: number): Membership {
  let next = membership;
  for (let now = (membership.lastEventMs ?? 0) + TICK_MS; now < untilMs; now += TICK_MS) next = onTick(next, now);
  return onTick(next, untilMs);
}

describe("membership", () => {
  it("onHeartbeat() takes a new node in as alive", () => {
    expect(state(onHeartbeat(NO_MEMBERS, beat(), 0))).toBe("alive");
  });

  it("onTick() makes a silent node suspect after 3 s and dead after 10 s", () => {
    const start = onHeartbeat(NO_MEMBERS, beat(), 0);
    expect(state(tickUntil(start, SUSPECT_AFTER_MS - 1))).toBe("alive");
    expect(state(tickUntil(start, SUSPECT_AFTER_MS))).toBe("suspect");
    expect(state(tickUntil(start, DEAD_AFTER_MS))).toBe("suspect");
    expect(state(tickUntil(start, DEAD_AFTER_MS + 1))).toBe("dead");
  });

  it("onHeartbeat() believes a silent node of the same incarnation at the second heartbeat in a row", () => {
    const silent = tickUntil(onHeartbeat(NO_MEMBERS, beat(), 0), 20_000);
    const once = onHeartbeat(silent, beat(), 20_100);
    expect(state(once)).toBe("dead");
    expect(state(onHeartbeat(tickUntil(once, 21_000), beat(), 21_100))).toBe("alive");
    const late = tickUntil(once, 24_000);
    expect(state(onHeartbeat(late, beat(), 24_100))).toBe("dead");
  });

  it("onHeartbeat() believes a restarted node at once", () => {
    const silent = tickUntil(onHeartbeat(NO_MEMBERS, beat(), 0), 20_000);
    expect(state(onHeartbeat(silent, beat("node-1", { pid: 11 }), 20_100))).toBe("alive");
    expect(state(onHeartbeat(silent, beat("node-1", { incarnation: "disk-b" }), 20_100))).toBe("alive");
  });

  it("onTick() does not charge nodes for the time that we slept", () => {
    const before = tickUntil(onHeartbeat(NO_MEMBERS, beat(), 0), 1000);
    const after = onTick(before, 61_000);
    expect(state(after)).toBe("alive");
    expect(state(tickUntil(after, 63_500))).toBe("suspect");
  });

  it("onHeartbeat() as the first event after our sleep does not kill the other nodes", () => {
    const both = onHeartbeat(onHeartbeat(NO_MEMBERS, beat("node-1"), 0), beat("node-2"), 0);
    const after = onHeartbeat(both, beat("node-1"), 60_000);
    expect(state(after, "node-2")).toBe("alive");
  });

  it("rememberedMembers() are suspect with their address until they speak, then alive at once", () => {
    const start = rememberedMembers([beat()], 500);
    expect(state(start)).toBe("suspect");
    expect(state(onHeartbeat(start, beat(), 800))).toBe("alive");
    expect(state(tickUntil(start, 500 + DEAD_AFTER_MS))).toBe("dead");
  });

  it("onHeartbeat() gives the place of the longest dead node to a newcomer, and none when all live", () => {
    let full = NO_MEMBERS;
    for (let index = 0; index < MAX_NODES; index += 1) full = onHeartbeat(full, beat(`n${index}`), index);
    expect(onHeartbeat(full, beat("late"), 100).members.has(nodeId("late"))).toBe(false);
    const dead = onHeartbeat(tickUntil(full, 20_000), beat("late"), 20_001);
    expect(dead.members.size).toBe(MAX_NODES);
    expect(dead.members.has(nodeId("late"))).toBe(true);
    expect(dead.members.has(nodeId("n0"))).toBe(false);
  });

  it("never flaps: a node whose heartbeats arrive within 2.9 s stays alive whatever the jitter", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2900 }), { minLength: 1, maxLength: 60 }), (gapsMs) => {
        let membership = onHeartbeat(NO_MEMBERS, beat(), 0);
        let now = 0;
        for (const gapMs of gapsMs) {
          membership = tickUntil(membership, now + gapMs);
          expect(state(membership)).toBe("alive");
          now += gapMs;
          membership = onHeartbeat(membership, beat(), now);
        }
      }),
    );
  });

  it("never flaps: a node heard only every 3 s or less often turns alive at most once", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 3000, max: 15_000 }), { minLength: 1, maxLength: 40 }), (gapsMs) => {
        let membership = onHeartbeat(NO_MEMBERS, beat(), 0);
        let now = 0;
        for (const gapMs of gapsMs) {
          membership = tickUntil(membership, now + gapMs);
          now += gapMs;
          membership = onHeartbeat(membership, beat(), now);
          expect(state(membership)).not.toBe("alive");
        }
      }),
    );
  });

  it("silence is never charged for sleeping, whatever we slept", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1001, max: 100_000 }), { minLength: 1, maxLength: 20 }), (sleepsMs) => {
        let membership = onHeartbeat(NO_MEMBERS, beat(), 0);
        let now = 0;
        for (const sleepMs of sleepsMs) {
          now += sleepMs;
          membership = onTick(membership, now);
          expect(state(membership)).toBe("alive");
          membership = onHeartbeat(membership, beat(), now);
        }
      }),
    );
  });
});
