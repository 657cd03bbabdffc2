import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byBegin, completionMs, fluidFinishMs, supplies } from "./node-supply.ts";
import { candidateOf, knownView, UNKNOWN } from "./situations.contract.ts";

const one = (view = knownView(1_000_000, 20), doubt = 0) => supplies([candidateOf("a", view)], doubt)[0];

describe("supplies()", () => {
  test("begins with the first byte, or when the node has delivered what it owes", () => {
    expect(one()?.beginsInMs).toBe(20);
    expect(one(knownView(1_000_000, 20, { inFlightBytes: 300_000 }))?.beginsInMs).toBe(300);
  });

  test("counts less on a node that fails, and with doubt on one that varies", () => {
    expect(one(knownView(1_000_000, 20, { reliability: 0.5 }))?.rate).toBe(500);
    const varies = knownView(1_000_000, 20, { rateDeviation: 400_000 });
    expect([one(varies, 0)?.rate, one(varies, 1)?.rate, one(varies, 2)?.rate]).toEqual([1_000, 600, 300]);
    expect(one(varies, 1)?.firstByteMs).toBe(40);
    // When it will be idle is no matter of doubt.
    expect(one(varies, 2)?.usualRate).toBe(1_000);
  });

  test("presumes an unknown node to be half as good as the known ones", () => {
    const [, unknown] = supplies([candidateOf("a", knownView(1_000_000)), candidateOf("b", UNKNOWN)], 0);
    expect(unknown).toMatchObject({ rate: 500, isKnown: false, firstByteMs: 100 });
    expect(one(UNKNOWN)?.rate).toBe(250);
  });
});

describe("fluidFinishMs()", () => {
  test("adds up rates of those who begin before the end", () => {
    const nodes = supplies(
      [
        candidateOf("a", knownView(1_000_000, 100)),
        candidateOf("b", knownView(3_000_000, 100)),
        candidateOf("c", knownView(9e9, 5_000)),
      ],
      0,
    );
    expect(fluidFinishMs(byBegin(nodes), 4_000_000)).toBeCloseTo(1_100);
  });

  test("is never later than the best node alone, and all bytes are delivered by then", () => {
    const views = fc.record({
      rate: fc.integer({ min: 1_000, max: 1e7 }),
      firstByteMs: fc.integer({ min: 1, max: 500 }),
    });
    const property = fc.property(
      fc.array(views, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 1e7 }),
      (all, bytes) => {
        const nodes = supplies(
          all.map(({ rate, firstByteMs }, at) => candidateOf(`n${at}`, knownView(rate, firstByteMs))),
          0,
        );
        const finishMs = fluidFinishMs(byBegin(nodes), bytes);
        expect(finishMs).toBeLessThanOrEqual(Math.min(...nodes.map((node) => completionMs(node, bytes))) + 1e-6);
        const delivered = nodes.reduce((sum, node) => sum + node.rate * Math.max(0, finishMs - node.beginsInMs), 0);
        expect(Math.abs(delivered - bytes)).toBeLessThan(1e-3 * bytes + 1);
      },
    );
    fc.assert(property, { seed: 20_264 });
  });

  test("is never for nobody", () => {
    expect(fluidFinishMs([], 1)).toBe(Infinity);
  });
});
