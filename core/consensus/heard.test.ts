import { describe, expect, it } from "vitest";
import { agreedOf, heardOf, highestOf, roundOf, withReply } from "./heard.ts";
import type { Accepted } from "./messages.ts";

function acceptedIn(epoch: number, round: number, id: string): Accepted<string> {
  return { ballot: { epoch, round, proposer: "p" }, value: { version: 1, id, previousId: null, body: id } };
}

describe("heardOf()", () => {
  it("takes the values out of promises and states, and nothing out of the others", () => {
    const accepted = acceptedIn(1, 1, "x");
    expect(
      heardOf([
        { say: "promised", accepted },
        { say: "state", accepted: null },
        { say: "accepted" },
        { say: "installed" },
      ]),
    ).toEqual([accepted]);
  });
});

describe("highestOf()", () => {
  it("prefers the newer epoch to the higher round, whatever the order", () => {
    const [old, young] = [acceptedIn(1, 9, "old"), acceptedIn(2, 0, "young")];
    expect(highestOf([old, young])).toBe(young);
    expect(highestOf([young, old])).toBe(young);
    expect(highestOf([])).toBeNull();
  });
});

describe("agreedOf()", () => {
  it("is the one value when all have one ballot, and null otherwise", () => {
    const one = acceptedIn(1, 1, "x");
    expect(agreedOf([one, acceptedIn(1, 1, "x")])).toBe(one);
    // The same value in two ballots is not yet decided in either.
    expect(agreedOf([one, acceptedIn(1, 2, "x")])).toBeNull();
    expect(agreedOf([])).toBeNull();
  });
});

describe("roundOf()", () => {
  it("counts rounds of the present epoch alone", () => {
    expect(roundOf({ epoch: 2, round: 5, proposer: "p" }, 2)).toBe(5);
    expect(roundOf({ epoch: 1, round: 5, proposer: "p" }, 2)).toBe(0);
    expect(roundOf(null, 2)).toBe(0);
  });
});

describe("withReply()", () => {
  it("leaves the replies that it was given as they are", () => {
    const before = withReply<string>(new Map(), "n1", { say: "accepted" });
    const after = withReply(before, "n2", null);
    expect([...before.keys()]).toEqual(["n1"]);
    expect([...after]).toEqual([
      ["n1", { say: "accepted" }],
      ["n2", null],
    ]);
  });
});
