import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Holder } from "../placement/record.ts";
import { pieces, SCHEME } from "./clusters.contract.ts";
import type { Standing } from "./durability.ts";
import { lossesSurvived, lossProbabilityPerYear, meanSecondsToLoss } from "./durability.ts";

function standing(holders: readonly Holder[], domains: Readonly<Record<string, string>> = {}): Standing {
  const scheme = holders.some(({ holds }) => holds === "shard") ? SCHEME : { kind: "replication" as const };
  return { scheme, pieces: holders.map((piece) => ({ piece, domain: domains[piece.nodeId] ?? piece.nodeId })) };
}

/** Tries every set of domains; slow and plain. */
function byTrial({ scheme, pieces: all }: Standing): number {
  const domains = [...new Set(all.map(({ domain }) => domain))];
  let least = Infinity;
  for (let set = 0; set < 2 ** domains.length; set += 1) {
    const left = all.filter(({ domain }) => (set & (1 << domains.indexOf(domain))) === 0);
    const shards = new Set(left.flatMap(({ piece }) => (piece.holds === "shard" ? [piece.shard] : [])));
    const isReadable =
      left.some(({ piece }) => piece.holds === "replica") ||
      (scheme.kind === "erasure" && shards.size >= scheme.dataShards);
    if (!isReadable) least = Math.min(least, domains.filter((_, at) => (set & (1 << at)) !== 0).length);
  }
  return least - 1;
}

describe("lossesSurvived()", () => {
  test("is two for three replicas and for 3+2, and three with a replica on a domain of its own", () => {
    expect(lossesSurvived(standing(pieces("a/replica b/replica c/replica")))).toBe(2);
    expect(lossesSurvived(standing(pieces("a/0 b/1 c/2 d/3 e/4")))).toBe(2);
    expect(lossesSurvived(standing(pieces("a/0 b/1 c/2 d/3 e/4 f/replica")))).toBe(3);
    expect(lossesSurvived(standing(pieces("a/0 b/1 c/2 d/3 e/4 e/replica")))).toBe(2);
  });

  test("counts what shares a domain once, and says -1 of what is lost", () => {
    expect(lossesSurvived(standing(pieces("a/0 b/1 c/2 d/3 e/4"), { a: "rack", b: "rack" }))).toBe(1);
    expect(lossesSurvived(standing(pieces("a/0 b/1 c/2 d/3 e/4"), { a: "r", b: "r", c: "r" }))).toBe(0);
    expect(lossesSurvived(standing(pieces("a/0 b/1")))).toBe(-1);
    expect(lossesSurvived({ scheme: { kind: "replication" }, pieces: [] })).toBe(-1);
  });

  test("agrees with trying every set of domains, and errs to the safe side for a shard that is there twice", () => {
    const piece = fc.record({ domain: fc.integer({ min: 0, max: 6 }), what: fc.integer({ min: -1, max: 4 }) });
    const property = fc.property(fc.array(piece, { minLength: 1, maxLength: 9 }), (drawn) => {
      const holders = drawn.flatMap(({ domain, what }) => pieces(`n${domain}/${what < 0 ? "replica" : what}`));
      const one: Standing = { ...standing(holders), scheme: SCHEME };
      const shards = drawn.filter(({ what }) => what >= 0).map(({ what }) => what);
      const answer = lossesSurvived(one);
      if (new Set(shards).size === shards.length) expect(answer).toBe(byTrial(one));
      else expect(answer).toBeLessThanOrEqual(byTrial(one));
    });
    fc.assert(property, { seed: 23, numRuns: 500 });
  });
});

describe("meanSecondsToLoss()", () => {
  const YEAR = 365.25 * 86_400;
  const input = { pieces: 3, losses: 2, failuresPerYear: 0.05, repairSeconds: 3600 };

  test("is 1/f for one copy and the textbook's r^2/(6 f^3), within a per cent, for three", () => {
    expect(meanSecondsToLoss({ ...input, pieces: 1, losses: 0 })).toBeCloseTo(YEAR / 0.05, 0);
    const [f, r] = [0.05 / YEAR, 1 / 3600];
    // Repairs go on side by side: with two pieces lost they come at twice the rate.
    expect(Math.abs(meanSecondsToLoss(input) / ((2 * r * r) / (6 * f ** 3)) - 1)).toBeLessThan(0.01);
  });

  test("gives 3+2 ten times the probability of three copies, and less of it the faster the repair", () => {
    const copies = lossProbabilityPerYear(input);
    const shards = lossProbabilityPerYear({ ...input, pieces: 5 });
    expect(shards / copies).toBeGreaterThan(9.9);
    expect(shards / copies).toBeLessThan(10.1);
    expect(lossProbabilityPerYear({ ...input, repairSeconds: 360 })).toBeLessThan(copies / 90);
  });

  test("refuses what cannot be", () => {
    expect(() => meanSecondsToLoss({ ...input, losses: 3 })).toThrow("Cannot compute a loss of 3 pieces");
    expect(() => meanSecondsToLoss({ ...input, repairSeconds: 0 })).toThrow("without a rate");
  });
});
