import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Ballot } from "./ballot.ts";
import { ballotText, compareBallots } from "./ballot.ts";

const ballots = fc.option(
  fc.record<Ballot>({
    epoch: fc.integer({ min: 1, max: 3 }),
    round: fc.integer({ min: 0, max: 3 }),
    proposer: fc.constantFrom("a", "b", "c"),
  }),
);

describe("compareBallots()", () => {
  it("is a total order: antisymmetric, transitive, equal for equal ballots alone", () => {
    fc.assert(
      fc.property(ballots, ballots, ballots, (a, b, c) => {
        expect(Math.sign(compareBallots(a, b))).toBe(-Math.sign(compareBallots(b, a)) + 0);
        expect(compareBallots(a, b) === 0).toBe(JSON.stringify(a) === JSON.stringify(b));
        if (compareBallots(a, b) <= 0 && compareBallots(b, c) <= 0) expect(compareBallots(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it("puts the epoch before the round, the round before the proposer, and no ballot before all", () => {
    const rising: (Ballot | null)[] = [
      null,
      { epoch: 1, round: 0, proposer: "z" },
      { epoch: 1, round: 9, proposer: "a" },
      { epoch: 1, round: 9, proposer: "b" },
      { epoch: 2, round: 0, proposer: "a" },
    ];
    expect([...rising].reverse().sort(compareBallots)).toEqual(rising);
  });
});

describe("ballotText()", () => {
  it("names epoch, round and proposer", () => {
    expect(ballotText({ epoch: 2, round: 5, proposer: "p" })).toBe("2.5 p");
    expect(ballotText(null)).toBe("none");
  });
});
