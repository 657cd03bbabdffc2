import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../random.ts";
import type { PathConditions } from "./conditions.ts";
import type { Flow } from "./path-pacer.ts";
import { PathPacer } from "./path-pacer.ts";
import { FREE_PATH, pathPhases } from "./path-phases.ts";
import { bytesBetween, constantRate, rateCurve } from "./rate-curve.ts";

const ALL = 1e12;
const path = (conditions: Partial<PathConditions>): PathConditions => ({ ...FREE_PATH, ...conditions });
const pacerOf = (conditions: Partial<PathConditions>) =>
  new PathPacer([{ atMs: 0, path: path(conditions) }], seededRandom(1), 0);
const connection = () => ({ window: null, lastSentMs: 0 });

/** Looks at the clock at these times. */
function run(pacer: PathPacer, timesMs: readonly number[]): void {
  for (const atMs of timesMs) pacer.advance(atMs);
}

const trace = rateCurve(
  [
    { atMs: 0, bytesPerSecond: 1_000_000 },
    { atMs: 300, bytesPerSecond: 0 },
    { atMs: 500, bytesPerSecond: 250_000 },
  ],
  1000,
);

describe("PathPacer", () => {
  it("passes what the curve lets through, however often and unevenly it is asked", () => {
    const gaps = fc.array(fc.double({ min: 0.01, max: 400, noNaN: true }), { minLength: 1, maxLength: 60 });
    const property = fc.property(gaps, fc.integer({ min: 1, max: 5 }), (gapsMs, flowCount) => {
      const pacer = pacerOf({ rate: trace });
      const flows = Array.from({ length: flowCount }, () => pacer.open(connection(), ALL, 0));
      let nowMs = 0;
      run(
        pacer,
        gapsMs.map((gapMs) => (nowMs += gapMs)),
      );
      const passed = flows.reduce((sum, flow) => sum + flow.passedBytes, 0);
      const due = bytesBetween(trace, 0, nowMs);
      expect(passed).toBeLessThanOrEqual(due + 1e-6);
      expect(passed).toBeGreaterThan(due - flowCount - 1);
      const each = flows.map((flow) => flow.passedBytes);
      expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(gapsMs.length);
    });
    fc.assert(property, { seed: 20_265 });
  });

  it("gives what one transfer cannot use to the others", () => {
    const pacer = pacerOf({ rate: constantRate(1_000_000) });
    const [small, large] = [pacer.open(connection(), 1000, 0), pacer.open(connection(), ALL, 0)];
    pacer.advance(100);
    expect([small.passedBytes, large.passedBytes]).toEqual([1000, 99_000]);
  });

  it("saves nothing up while nobody wants anything", () => {
    const pacer = pacerOf({ rate: constantRate(1_000_000) });
    const flow = pacer.open(connection(), 0, 0);
    pacer.advance(900);
    flow.wantedBytes = ALL;
    pacer.advance(1000);
    expect(flow.passedBytes).toBeLessThan(102_000);
  });

  it("does not make up for a sleep of the whole process", () => {
    const pacer = pacerOf({ rate: constantRate(1_000_000) });
    const flow = pacer.open(connection(), ALL, 0);
    pacer.advance(60_000);
    expect(flow.passedBytes).toBe(1_000_000);
  });

  it.each([1, 5, 7, 33])("doubles the window every round trip, asked every %d ms", (stepMs) => {
    const pacer = pacerOf({ rate: constantRate(1e9), roundTripMs: 50, slowStart: true });
    const flow = pacer.open(connection(), ALL, 0);
    const passed: number[] = [];
    for (let nowMs = stepMs; nowMs <= 250; nowMs += stepMs) pacer.advance(nowMs);
    for (const atMs of [250, 300, 350]) {
      pacer.advance(atMs);
      passed.push(flow.passedBytes);
    }
    // 14,600 bytes * (2^rounds - 1), evenly within a round.
    expect(passed[0]).toBeCloseTo(14_600 * 31, -4);
    expect(passed[1]).toBeCloseTo(14_600 * 63, -4);
    expect(passed[2]).toBeCloseTo(14_600 * 127, -4);
  });

  it("keeps a connection's window for its next transfer, and not for a new connection", () => {
    const pacer = pacerOf({ rate: constantRate(1e9), roundTripMs: 50, slowStart: true });
    const warm = connection();
    const first = pacer.open(warm, ALL, 0);
    run(pacer, [100, 200]);
    pacer.close(first);
    const flows: Flow[] = [pacer.open(warm, ALL, 210), pacer.open(connection(), ALL, 210)];
    pacer.advance(250);
    expect(flows[0]?.passedBytes).toBeGreaterThan(10 * (flows[1]?.passedBytes ?? Infinity));
  });

  it("stops while the node hangs, and crawls in a brown-out", () => {
    const plan = {
      ...({ id: "x", expect: "", kind: "independent", access: constantRate(1) } as const),
      nodes: [{ nodeId: "n1", path: path({ rate: constantRate(1_000_000) }) }],
      changes: [
        { atMs: 100, nodeId: "n1", change: { fault: { kind: "hang" } } as const },
        { atMs: 300, nodeId: "n2", change: { fault: null } },
        { atMs: 400, nodeId: "n1", change: { fault: { kind: "brown-out" } } as const },
      ],
    };
    const pacer = new PathPacer(pathPhases(plan, "n1") ?? [], seededRandom(1), 0);
    const flow = pacer.open(connection(), ALL, 0);
    pacer.advance(390);
    expect(flow.passedBytes).toBe(100_000);
    pacer.advance(1200);
    expect(flow.passedBytes).toBe(105_000);
    expect(pathPhases(plan, "n9")).toBeUndefined();
  });
});
