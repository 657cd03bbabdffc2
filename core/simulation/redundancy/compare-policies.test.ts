import { describe, expect, test } from "vitest";
import { seededRandom } from "../../random.ts";
import { comparePolicies } from "./compare-policies.ts";
import { SCHEME } from "./decisions.ts";
import { optimalCost } from "./optimum.ts";
import { FORMS, keepingPrice, MOVE_PRICE, movedPerByte, readingPrice } from "./prices.ts";
import { SIMULATED_POLICIES } from "./replay-policy.ts";
import { makeWorkload, WORKLOADS } from "./workloads.ts";

const SIZE = { videos: 40, days: 30 };

describe("comparePolicies()", () => {
  const all = [...comparePolicies({ policies: SIMULATED_POLICIES, seeds: [31, 32], size: SIZE })];
  const of = (workload: string, policy: string) => {
    const found = all.find((one) => one.workload === workload && one.policy === policy);
    if (found === undefined) throw new Error(`${policy} was not run on ${workload}`);
    return found;
  };

  test("never finds anybody better than the best choice afterwards", () => {
    expect(all).toHaveLength(WORKLOADS.length * SIMULATED_POLICIES.length);
    expect(all.filter(({ regret }) => regret < -1e-9)).toEqual([]);
  });

  test("keeps three bytes for one when always replicated, five thirds and the first hours when always erased", () => {
    for (const workload of WORKLOADS) {
      expect(of(workload, "always-replication").overhead).toBeCloseTo(3, 6);
      expect(of(workload, "always-erasure").overhead).toBeLessThan(1.68);
    }
  });

  test("adaptive regrets a third of what full replication does at most, and flaps less than once in five video-days", () => {
    for (const workload of WORKLOADS) {
      expect(of(workload, "adaptive").regret).toBeLessThan(of(workload, "always-replication").regret / 3);
      expect(of(workload, "adaptive").flapsPerVideoDay).toBeLessThan(0.2);
      expect(of(workload, "adaptive").changesPerVideoDay).toBeGreaterThan(0);
    }
  });

  test("adaptive serves crowds from copies where always-erasure cannot", () => {
    expect(of("crowds", "adaptive").fromShardsShare).toBeLessThan(of("crowds", "always-erasure").fromShardsShare / 2);
  });
});

describe("optimalCost()", () => {
  test("is the least of all ways through the forms", () => {
    const readings = [3, 0, 0, 40];
    let least = Infinity;
    const walk = (hour: number, form: number, cost: number): void => {
      if (hour === readings.length) {
        least = Math.min(least, cost);
        return;
      }
      for (const [to, target] of FORMS.entries()) {
        const from = FORMS[form];
        if (from === undefined) throw new Error("no form");
        const moved = MOVE_PRICE * movedPerByte(from, target, SCHEME);
        const hourly = keepingPrice(target, SCHEME, 1 / 24) + (readings[hour] ?? 0) * readingPrice(target);
        walk(hour + 1, to, cost + moved + hourly);
      }
    };
    walk(0, 0, 0);
    expect(optimalCost(readings, SCHEME)).toBeCloseTo(least, 9);
  });
});

test("makeWorkload() gives the same library again for the same seed, and crowds to one that has them", () => {
  const make = (seed: number) => makeWorkload("crowds", SIZE, seededRandom(seed));
  expect(make(5)).toEqual(make(5));
  const most = Math.max(
    ...make(5)
      .slice(10)
      .flatMap(({ readings }) => readings),
  );
  const steady = makeWorkload("steady", SIZE, seededRandom(5)).slice(10);
  expect(most).toBeGreaterThan(2 * Math.max(...steady.flatMap(({ readings }) => readings)));
});
