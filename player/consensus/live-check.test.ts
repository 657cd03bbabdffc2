import { describe, expect, it } from "vitest";
import type { LiveEvent } from "#wire/contract/consensus-live-api.ts";
import { LiveCheck } from "./live-check.ts";
import { logOf } from "./live-log.ts";
import { spaceTimeOf } from "./space-time-layout.ts";

const BALLOT = { epoch: 1, round: 0, proposer: "p" };

function event(parts: Partial<LiveEvent>): LiveEvent {
  return {
    ...{ atMs: 0, proposal: 1, kind: "send", key: "k", group: 3, epoch: 1, turn: 1, nodeId: null, what: null },
    ...{ ballot: BALLOT, valueId: null, version: null, quorum: 2 },
    ...parts,
  };
}

/** One proposal: an Accept to three, answers of some, an end. */
function proposal(number: number, valueId: string, more: { version?: number; accepts?: number; round?: number } = {}) {
  const { version = 1, accepts = 2, round = number } = more;
  const of = { proposal: number, valueId, version, ballot: { ...BALLOT, round } };
  const nodes = ["n1", "n2", "n3"];
  return [
    ...nodes.map((nodeId) => event({ ...of, nodeId, what: "accept", atMs: number * 10 })),
    ...nodes
      .slice(0, accepts)
      .map((nodeId, at) => event({ ...of, kind: "reply", nodeId, what: "accepted", atMs: number * 10 + 2 + at })),
    event({ ...of, kind: "finish", what: "chosen", atMs: number * 10 + 5 }),
  ];
}

function checkOf(events: readonly LiveEvent[]): LiveCheck {
  const check = new LiveCheck();
  for (const one of events) check.take(one);
  return check;
}

const namesOf = (check: LiveCheck) => check.violations.map(({ invariant }) => invariant);

describe("LiveCheck", () => {
  it("finds nothing wrong with decisions that a majority backs", () => {
    const check = checkOf([...proposal(1, "a"), ...proposal(2, "b", { version: 2 })]);
    expect(namesOf(check)).toEqual([]);
    expect(check.checked).toBe(2);
    expect(check.proposals.map(({ outcome, tookMs }) => [outcome, tookMs])).toEqual([
      ["chosen", 5],
      ["chosen", 5],
    ]);
  });

  it("finds an outcome that no majority had accepted", () => {
    expect(namesOf(checkOf(proposal(1, "a", { accepts: 1 })))).toEqual(["acknowledged-is-durable"]);
  });

  it("counts an acceptor once, and only for the turn that decided", () => {
    const twice = proposal(1, "a", { accepts: 1 });
    const repeated = event({ kind: "reply", nodeId: "n1", what: "accepted", valueId: "a" });
    twice.splice(4, 0, repeated);
    expect(namesOf(checkOf(twice))).toEqual(["acknowledged-is-durable"]);
  });

  it("finds two values of one version, and two in one ballot", () => {
    expect(namesOf(checkOf([...proposal(1, "a"), ...proposal(2, "b")]))).toEqual(["agreement"]);
    const sameBallot = [...proposal(1, "a"), ...proposal(2, "b", { version: 2, round: 1 })];
    expect(namesOf(checkOf(sameBallot))).toContain("one-value-per-ballot");
  });

  it("finds an older version told after a newer one, but not to whoever had begun before", () => {
    const newer = proposal(1, "b", { version: 2 });
    const older = proposal(2, "a", { version: 1 });
    expect(namesOf(checkOf([...newer, ...older]))).toEqual(["linearizable"]);
    const [first, ...rest] = older;
    expect(namesOf(checkOf([...(first === undefined ? [] : [first]), ...newer, ...rest]))).toEqual([]);
  });

  it("takes an empty register for empty when a majority says so", () => {
    const read = { proposal: 1, ballot: null } as const;
    const says = (nodeId: string) => event({ ...read, kind: "reply", nodeId, what: "state" });
    const finish = event({ ...read, kind: "finish", what: "empty" });
    expect(namesOf(checkOf([event({ ...read, nodeId: "n1", what: "read" }), says("n1"), says("n2"), finish]))).toEqual(
      [],
    );
    expect(namesOf(checkOf([says("n1"), finish]))).toEqual(["acknowledged-is-durable"]);
  });

  it("forgets what is under way when events were left out", () => {
    const check = checkOf(proposal(1, "a").slice(0, 4));
    check.cut();
    expect(check.proposals).toEqual([]);
  });
});

describe("logOf()", () => {
  it("draws every real message once, with the answer as one of its own, and a lost one crossed out", () => {
    const events = proposal(1, "a");
    const lost = event({ kind: "lost", nodeId: "n3", valueId: "a", atMs: 14 });
    const log = logOf({ events: [...events.slice(0, 5), lost, ...events.slice(5)], beganMs: 10 });
    expect(log.map(({ index }) => index)).toEqual(log.map((_, at) => at));
    const { arrows } = spaceTimeOf(log, log.length, ["n1", "n2", "n3"]);
    expect(arrows).toHaveLength(5);
    expect(arrows.filter(({ ended }) => ended?.kind === "drop").map(({ sent }) => sent.peer)).toEqual(["n3"]);
    expect(log.at(-1)).toMatchObject({ kind: "outcome", text: "it ends: chosen a" });
  });
});
