import { describe, expect, test } from "vitest";
import { seededRandom } from "../random.ts";
import { nearestStrategy, originalScore, originalStrategy, randomStrategy } from "./simple-strategies.ts";
import { attemptOn, knownView, situationWith, UNKNOWN } from "./situations.contract.ts";
import type { Outlook } from "./strategy.ts";

describe("randomStrategy", () => {
  test("asks any node for all of it", () => {
    const views = { a: UNKNOWN, b: UNKNOWN, c: UNKNOWN };
    const random = seededRandom(5);
    const chosen = Array.from({ length: 60 }, () => randomStrategy.assign(situationWith(views, 3, { random })));
    expect(new Set(chosen.map(([first]) => first?.nodeId)).size).toBe(3);
    for (const [first, ...others] of chosen) expect([first?.run.endBlock, others]).toEqual([3, []]);
  });
});

describe("nearestStrategy", () => {
  test("asks all nodes for the init segment once, then the one that answered soonest", () => {
    const blocks = [{ index: 0, start: 0, end: 800 }];
    const init = { blocks, missing: [{ firstBlock: 0, endBlock: 1, start: 0, end: 800 }] };
    const unknown = situationWith({ a: UNKNOWN, b: UNKNOWN }, 1, init);
    expect(nearestStrategy.assign(unknown).map(({ nodeId }) => nodeId)).toEqual(["a", "b"]);
    const known = situationWith({ a: knownView(9e6, 30), b: knownView(1e5, 10) }, 9);
    expect(nearestStrategy.assign(known)).toMatchObject([{ nodeId: "b", run: { firstBlock: 0, endBlock: 9 } }]);
  });
});

describe("originalStrategy", () => {
  test("scores rate by success over latency and load, and presumes 50 Mbit/s of who was never measured", () => {
    const view = knownView(5_000_000, 10, { inFlightRequests: 2 });
    expect(originalScore(view)).toBeCloseTo(40 / 2 / 1.4);
    expect(originalScore(UNKNOWN)).toBeCloseTo(50 / 1.1);
  });

  test("locks in to the one node that it measured above its presumption, though all are equal", () => {
    const fast = knownView(60_000_000, 1);
    const alike = { ...UNKNOWN, firstByteMsP50: 1 };
    for (let load = 0; load <= 3; load += 1) {
      const views = { a: alike, b: { ...fast, inFlightRequests: load }, c: alike };
      expect(originalStrategy.assign(situationWith(views, 3))).toMatchObject([{ nodeId: "b" }]);
    }
  });

  test("has four segments under way for a player that stays with its quality", () => {
    const outlook: Outlook = {
      ...{
        waitsFor: "segment",
        hasMissingBlocks: false,
        slackMs: 9_000,
        sharesBottleneck: false,
        isQualityFixed: false,
      },
    };
    expect([0, 16].map((inARow) => originalStrategy.segmentsAhead(outlook, { inARow, hasSwitched: false }))).toEqual([
      0, 3,
    ]);
  });

  test("waits half a minute", () => {
    const attempt = attemptOn("a", [0, 1], { firstByteMs: null, startedMs: 0 });
    expect(originalStrategy.judge({ attempt, view: UNKNOWN, nowMs: 29_999 }).is).toBe("on-time");
    expect(originalStrategy.judge({ attempt, view: UNKNOWN, nowMs: 30_000 }).is).toBe("hopeless");
  });
});
