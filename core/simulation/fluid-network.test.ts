import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FaultKind, NetworkPlan, PathConditions, ScheduledChange } from "../network/conditions.ts";
import { FREE_PATH } from "../network/path-phases.ts";
import { constantRate, rateCurve } from "../network/rate-curve.ts";
import { seededRandom } from "../random.ts";
import { FluidNetwork } from "./fluid-network.ts";
import { VirtualClock } from "./virtual-clock.ts";

const RATE = 100_000;
const ROUND_TRIP_MS = 20;

interface Layout {
  readonly path?: Partial<PathConditions>;
  readonly access?: number;
  readonly changes?: readonly ScheduledChange[];
}

/** Two nodes, `a` and `b`, with the same path; everything that is told is noted with its time. */
function network({ path = {}, access = 1e9, changes = [] }: Layout = {}) {
  const clock = new VirtualClock(seededRandom(1));
  const all = { ...FREE_PATH, rate: constantRate(RATE), roundTripMs: ROUND_TRIP_MS, ...path };
  const plan: NetworkPlan = {
    ...{ id: "test", expect: "", kind: "independent", access: constantRate(access), changes },
    nodes: ["a", "b"].map((nodeId) => ({ nodeId, path: all })),
  };
  const fluid = new FluidNetwork({ clock, plan, random: seededRandom(2), readEveryMs: 50 });
  const told: string[] = [];
  const at = () => `at ${Math.round(clock.nowMs)}`;
  const start = (name: string, nodeId: string, blockEnds: readonly number[], then?: () => void) => {
    let received = 0;
    let reads = 0;
    return fluid.start(nodeId, blockEnds, {
      firstByte: () => told.push(`${name} answers ${at()}`),
      bytes: (bytes, isCorrupt) => {
        received += bytes;
        reads += 1;
        if (blockEnds.includes(received)) told.push(`${name} has ${received}${isCorrupt ? " corrupt" : ""} ${at()}`);
      },
      ended: () => {
        told.push(`${name} ended ${at()} in ${reads} reads`);
        then?.();
      },
      failed: (kind, detail) => {
        told.push(`${name} failed ${at()}: ${kind}, ${detail}`);
        then?.();
      },
    });
  };
  const run = () => clock.run(() => clock.nowMs > 60_000);
  return { clock, fluid, start, run, told };
}

const fault = (atMs: number, kind: FaultKind | null): ScheduledChange => ({
  ...{ atMs, nodeId: "a", change: { fault: kind === null ? null : { kind } } },
});

describe("FluidNetwork", () => {
  it("takes two round trips to a first byte on a new connection, one on a warm one, then the rate", () => {
    const { start, run, told } = network();
    start("one", "a", [5_000, 10_000], () => start("two", "a", [10_000]));
    run();
    expect(told).toEqual([
      // The first read is a packet: 14 ms at 100 kB/s.
      "one answers at 54",
      "one has 5000 at 90",
      "one has 10000 at 140",
      "one ended at 140 in 3 reads",
      "two answers at 174",
      "two has 10000 at 260",
      "two ended at 260 in 3 reads",
    ]);
  });

  it("shares a path between its transfers, and gives all of it to the one that is left", () => {
    const { start, run, told } = network();
    start("short", "a", [10_000]);
    start("long", "a", [20_000]);
    run();
    expect(told.filter((text) => text.includes("ended"))).toEqual([
      "short ended at 240 in 5 reads",
      "long ended at 340 in 7 reads",
    ]);
  });

  it("shares the access link between nodes", () => {
    const { start, run, told } = network({ access: RATE });
    start("a", "a", [10_000]);
    start("b", "b", [10_000]);
    run();
    expect(told.filter((text) => text.includes("ended")).map((text) => text.slice(2, 14))).toEqual([
      "ended at 240",
      "ended at 240",
    ]);
  });

  it("follows a curve from step to step, through an outage", () => {
    const steps = [
      { atMs: 0, bytesPerSecond: RATE },
      { atMs: 100, bytesPerSecond: 0 },
      { atMs: 500, bytesPerSecond: 2 * RATE },
    ];
    const { start, run, told } = network({ path: { rate: rateCurve(steps, 100_000) } });
    start("one", "a", [10_000]);
    run();
    // 6 kB until 100 ms, the rest at twice the rate from 500 ms.
    expect(told.at(-1)).toContain("ended at 520");
  });

  it("opens six connections to a node, lets the seventh wait, and closes what is stopped", () => {
    const { clock, fluid, start, run, told } = network();
    const first = start("0", "a", [100_000]);
    for (let at = 1; at < 6; at += 1) start(`${at}`, "a", [100_000]);
    start("seventh", "a", [1_000]);
    clock.at(100, () => fluid.stop(first));
    run();
    expect(told.filter((text) => text.startsWith("0 "))).toEqual([]);
    // Free at 100 ms; a new connection, then a sixth of the path.
    expect(told.find((text) => text.startsWith("seventh ended"))).toBe("seventh ended at 200 in 1 reads");
  });

  it("fails what is refused after a round trip, and breaks what was under way", () => {
    const { clock, start, run, told } = network({ changes: [fault(100, "refuse")] });
    start("running", "a", [100_000]);
    clock.at(90, () => start("waiting", "a", [1_000]));
    clock.at(200, () => start("later", "a", [1_000]));
    run();
    const failed = told.filter((text) => text.includes("failed")).toSorted();
    expect(failed).toEqual([
      "later failed at 220: refused, connection refused",
      "running failed at 100: broken, connection reset",
      "waiting failed at 100: refused, connection reset",
    ]);
  });

  it("stops while a node hangs, and goes on when it wakes", () => {
    const { clock, start, run, told } = network({ changes: [fault(90, "hang"), fault(1_090, null)] });
    start("running", "a", [10_000]);
    clock.at(500, () => start("asked", "a", [10_000]));
    run();
    expect(told.filter((text) => text.includes("ended")).map((text) => text.slice(0, -11))).toEqual([
      "running ended at 1190",
      "asked ended at 1240",
    ]);
  });

  it.each([
    ["unavailable", "one failed at 40: status, status 503"],
    ["truncate", "one failed at 90: truncated, 5000 bytes instead of 10000"],
    ["corrupt", "one ended at 140 in 3 reads"],
    ["brown-out", "one ended at 1640 in 29 reads"],
    ["slow-disk", "one ended at 640 in 3 reads"],
  ] as const)("plays %s", (kind, last) => {
    const { clock, start, run, told } = network({ changes: [fault(0, kind)] });
    clock.at(0.001, () => start("one", "a", [5_000, 10_000]));
    run();
    expect(told.at(-1)).toBe(last);
    expect(told.some((text) => text.includes("corrupt"))).toBe(kind === "corrupt");
  });

  it("holds a new connection down while its window grows", () => {
    const at = (slowStart: boolean) => {
      const { start, run, told } = network({ path: { slowStart, roundTripMs: 100, rate: constantRate(1e7) } });
      start("one", "a", [1_000_000]);
      run();
      return Number(/ended at (\d+)/.exec(told.at(-1) ?? "")?.[1]);
    };
    expect(at(false)).toBe(300);
    // 14.6 kB in the first round, doubled six times to a megabyte.
    expect(at(true)).toBeGreaterThan(200 + 600);
    expect(at(true)).toBeLessThan(200 + 700);
  });

  it("says when it was busy, and what came", () => {
    const { clock, fluid, start, run } = network();
    start("one", "a", [10_000], () => start("follows", "b", [10_000]));
    clock.at(1_000, () => start("later", "a", [10_000]));
    run();
    const seen = fluid
      .busyIntervals()
      .map(({ fromMs, toMs, receivedBytes }) => [fromMs, toMs, receivedBytes].map(Math.round));
    expect(seen).toEqual([
      [0, 280, 20_000],
      [1_000, 1_120, 10_000],
    ]);
  });

  it("delivers every byte of every transfer that it does not fail, whatever happens", () => {
    const kinds: FaultKind[] = ["refuse", "hang", "brown-out", "unavailable", "truncate", "corrupt", "slow-disk"];
    const change = fc.record({ atMs: fc.nat(3_000), kind: fc.option(fc.constantFrom(...kinds)) });
    const transfer = fc.record({
      ...{ atMs: fc.nat(3_000), nodeId: fc.constantFrom("a", "b"), bytes: fc.integer({ min: 1, max: 60_000 }) },
      stopMs: fc.option(fc.nat(3_000)),
    });
    const faults = fc.array(change, { maxLength: 6 });
    const path = fc.record({ slowStart: fc.boolean(), jitterMs: fc.nat(20), lossRatio: fc.constantFrom(0, 0.02) });
    const property = fc.property(faults, fc.array(transfer, { maxLength: 30 }), path, (drawn, transfers, shape) => {
      const changes = drawn.toSorted((a, b) => a.atMs - b.atMs).map(({ atMs, kind }) => fault(atMs, kind));
      // In the end the node is well, so that nothing hangs for ever.
      const { clock, fluid } = network({ path: shape, changes: [...changes, fault(4_000, null)], access: 150_000 });
      let over = 0;
      for (const { atMs, nodeId, bytes, stopMs } of transfers) {
        clock.at(atMs, () => {
          let received = 0;
          let isOver = false;
          const end = () => {
            expect(isOver).toBe(false);
            isOver = true;
            over += 1;
          };
          const ended = () => {
            end();
            expect(received).toBe(bytes);
          };
          const count = (more: number) => {
            expect(isOver).toBe(false);
            received += more;
          };
          const started = fluid.start(nodeId, [bytes], { firstByte: () => 0, bytes: count, ended, failed: end });
          if (stopMs === null) return;
          clock.at(atMs + stopMs, () => {
            fluid.stop(started);
            if (!isOver) end();
          });
        });
      }
      clock.run(() => false);
      expect(over).toBe(transfers.length);
    });
    fc.assert(property, { seed: 20_265, numRuns: 200 });
  });
});
