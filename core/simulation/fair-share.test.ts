import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Flow } from "./fair-share.ts";
import { shareFairly } from "./fair-share.ts";

const flow = (windowRate = Infinity): Flow => ({ windowRate, rate: -1 });
const rates = (flows: readonly Flow[]) => flows.map(({ rate }) => rate);

describe("shareFairly()", () => {
  it("gives everybody on a path the same, and what a window leaves to the rest", () => {
    const flows = [flow(), flow(100), flow()];
    shareFairly([{ rate: 900, flows }], 1e9);
    expect(rates(flows)).toEqual([400, 100, 400]);
  });

  it("shares the access link by transfers, and leaves to a slow path what it has", () => {
    const [slow, fast] = [[flow()], [flow(), flow()]];
    const links = [
      { rate: 100, flows: slow },
      { rate: 900, flows: fast },
    ];
    shareFairly(links, 700);
    expect([...rates(slow), ...rates(fast)]).toEqual([100, 300, 300]);
  });

  it("is max-min fair: nobody can get more but from one that has no more", () => {
    const amount = fc.double({ min: 1, max: 1000, noNaN: true });
    const window = fc.oneof(amount, fc.constant(Infinity));
    const link = fc.record({ rate: amount, windows: fc.array(window, { maxLength: 5 }) });
    const property = fc.property(fc.array(link, { maxLength: 5 }), amount, (drawn, accessRate) => {
      const links = drawn.map(({ rate, windows }) => ({ rate, flows: windows.map((one) => flow(one)) }));
      shareFairly(links, accessRate);
      const all = links.flatMap(({ flows }) => flows);
      const total = all.reduce((sum, { rate }) => sum + rate, 0);
      expect(total).toBeLessThanOrEqual(accessRate * (1 + 1e-9));
      const most = Math.max(...rates(all));
      for (const { rate, flows } of links) {
        const used = flows.reduce((sum, one) => sum + one.rate, 0);
        expect(used).toBeLessThanOrEqual(rate * (1 + 1e-9));
        for (const one of flows) {
          const heldByWindow = one.rate >= one.windowRate * (1 - 1e-9);
          const heldByPath = used >= rate * (1 - 1e-9) && one.rate >= Math.max(...rates(flows)) * (1 - 1e-9);
          const heldByAccess = total >= accessRate * (1 - 1e-9) && one.rate >= most * (1 - 1e-9);
          expect(heldByWindow || heldByPath || heldByAccess).toBe(true);
        }
      }
    });
    fc.assert(property, { seed: 20_264, numRuns: 500 });
  });
});
