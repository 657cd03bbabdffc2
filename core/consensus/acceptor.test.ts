import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AcceptorMemory, GroupMemory, Register, VotingRules, Write } from "./acceptor.ts";
import { answerEntries, answerSeal } from "./acceptor.ts";
import type { Ballot } from "./ballot.ts";
import { compareBallots } from "./ballot.ts";
import type { GroupConfig } from "./group.ts";
import type { EntriesAnswer, Entry, KeyState, SealAnswer } from "./messages.ts";
import { SOUND, without } from "./rules.ts";
import type { Value } from "./value.ts";

/** An acceptor whose every write is kept at once. */
class Acceptor implements AcceptorMemory<string> {
  readonly incarnation = "disk";
  readonly groups = new Map<number, GroupMemory>();
  readonly registers = new Map<string, Register<string>>();
  voting: VotingRules = { rules: SOUND, isGranted: (_key, { proposer }) => proposer === "owner" };

  group = (group: number) => this.groups.get(group);
  register = (key: string) => this.registers.get(key);
  accepted(_group: number, after: string, limit: number): KeyState<string>[] {
    const keys = [...this.registers.keys()].sort().filter((key) => key > after);
    const states = keys.flatMap((key) => {
      const accepted = this.registers.get(key)?.accepted ?? null;
      return accepted === null ? [] : [{ key, accepted }];
    });
    return states.slice(0, limit);
  }

  ask(entries: readonly Entry<string>[], epoch = 1, incarnation = "disk"): EntriesAnswer<string> {
    const { answer, writes } = answerEntries({ config: configOf(epoch), incarnation, entries }, this, this.voting);
    this.keep(writes);
    return answer;
  }

  say(entry: Entry<string>, epoch = 1): string {
    const answer = this.ask([entry], epoch);
    return answer.say === "answered" ? (answer.replies[0]?.say ?? "") : answer.say;
  }

  seal(toEpoch: number, after = "", limit = 10): SealAnswer<string> {
    const request = { group: 0, toEpoch, incarnation: "disk", after, limit };
    const { answer, writes } = answerSeal(request, this, this.voting.rules);
    this.keep(writes);
    return answer;
  }

  keep(writes: readonly Write<string>[]): void {
    for (const write of writes) {
      if (write.write === "group") this.groups.set(write.group, write.memory);
      else this.registers.set(write.key, write.register);
    }
  }
}

function configOf(epoch: number): GroupConfig {
  return { group: 0, epoch, members: [{ nodeId: "n1", incarnation: "disk" }] };
}

function valueOf(id: string): Value<string> {
  return { version: 1, id, previousId: null, body: id };
}

function ballotOf(round: number, proposer = "p", epoch = 1): Ballot {
  return { epoch, round, proposer };
}

const prepare = (ballot: Ballot, key = "a"): Entry<string> => ({ ask: "prepare", key, ballot });
const accept = (ballot: Ballot, id: string, key = "a"): Entry<string> => ({
  ask: "accept",
  key,
  ballot,
  value: valueOf(id),
});

describe("answerEntries()", () => {
  it("promises a ballot once, and no lower one after it", () => {
    const acceptor = new Acceptor();
    expect(acceptor.say(prepare(ballotOf(2)))).toBe("promised");
    // Two proposals of one program take the same ballots.
    expect(acceptor.say(prepare(ballotOf(2)))).toBe("rejected");
    expect(acceptor.say(prepare(ballotOf(1)))).toBe("rejected");
    expect(acceptor.say(accept(ballotOf(1), "x"))).toBe("rejected");
    expect(acceptor.say(accept(ballotOf(2), "x"))).toBe("accepted");
  });

  it("tells what it has accepted to whoever prepares", () => {
    const acceptor = new Acceptor();
    acceptor.say(accept(ballotOf(1), "x"));
    expect(acceptor.ask([prepare(ballotOf(2))])).toEqual({
      say: "answered",
      replies: [{ say: "promised", accepted: { ballot: ballotOf(1), value: valueOf("x") } }],
    });
  });

  it("promises what it accepts", () => {
    const acceptor = new Acceptor();
    acceptor.say(accept(ballotOf(3), "x"));
    expect(acceptor.say(prepare(ballotOf(2)))).toBe("rejected");
    expect(acceptor.say(accept(ballotOf(2), "y"))).toBe("rejected");
  });

  it("confirms a repeated accept, and refuses another value in the same ballot", () => {
    const acceptor = new Acceptor();
    acceptor.say(accept(ballotOf(1), "x"));
    expect(acceptor.say(accept(ballotOf(1), "x"))).toBe("accepted");
    expect(acceptor.ask([accept(ballotOf(1), "y")])).toMatchObject({
      replies: [{ say: "rejected", because: "taken" }],
    });
  });

  it("takes round 0 from whom the grant names", () => {
    const acceptor = new Acceptor();
    expect(acceptor.ask([accept(ballotOf(0, "rival"), "x")])).toMatchObject({
      replies: [{ say: "rejected", because: "no-grant" }],
    });
    expect(acceptor.say(accept(ballotOf(0, "owner"), "x"))).toBe("accepted");
    acceptor.voting = { ...acceptor.voting, rules: without("grant") };
    expect(acceptor.say(accept(ballotOf(0, "rival"), "x", "b"))).toBe("accepted");
  });

  it("lets a key that is named twice see its first entry's effect", () => {
    const acceptor = new Acceptor();
    expect(acceptor.ask([prepare(ballotOf(2)), accept(ballotOf(1), "x"), accept(ballotOf(2), "y")])).toMatchObject({
      replies: [{ say: "promised" }, { say: "rejected" }, { say: "accepted" }],
    });
    expect(acceptor.registers.get("a")?.accepted?.value.id).toBe("y");
  });

  it("changes nothing by being read but to remember who votes", () => {
    const acceptor = new Acceptor();
    acceptor.say(accept(ballotOf(1), "x"));
    const { writes } = answerEntries(
      { config: configOf(1), incarnation: "disk", entries: [{ ask: "read", key: "a" }] },
      acceptor,
      acceptor.voting,
    );
    expect(writes).toEqual([]);
  });

  it("answers nobody who means another disk", () => {
    const acceptor = new Acceptor();
    expect(acceptor.ask([prepare(ballotOf(1))], 1, "wiped")).toEqual({ say: "stranger", incarnation: "disk" });
    expect(acceptor.registers.size).toBe(0);
  });

  it("votes in no older epoch once it has voted in a newer one, or got values for it", () => {
    const voted = new Acceptor();
    voted.say(prepare(ballotOf(1, "p", 2)), 2);
    expect(voted.ask([prepare(ballotOf(9))], 1)).toEqual({ say: "sealed", sealedEpoch: 2 });
    const installed = new Acceptor();
    installed.say({ ask: "install", key: "a", ballot: ballotOf(0, "c", 3), value: valueOf("x") }, 3);
    expect(installed.ask([prepare(ballotOf(9, "p", 2))], 2)).toEqual({ say: "sealed", sealedEpoch: 3 });
    expect(installed.groups.get(0)).toMatchObject({ active: null, installed: { epoch: 3 } });
  });

  it("never lowers a promise nor the ballot of what it accepted, whatever it is asked", () => {
    const ballots = fc.record<Ballot>({
      epoch: fc.constant(1),
      round: fc.integer({ min: 0, max: 4 }),
      proposer: fc.constantFrom("owner", "p", "q"),
    });
    const entries = fc.oneof(
      ballots.map((ballot) => prepare(ballot)),
      fc.tuple(ballots, fc.constantFrom("x", "y")).map(([ballot, id]) => accept(ballot, id)),
      fc.constant<Entry<string>>({ ask: "read", key: "a" }),
    );
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 12 }), (asked) => {
        const acceptor = new Acceptor();
        let before: Register<string> = { promised: null, accepted: null };
        for (const entry of asked) {
          acceptor.ask([entry]);
          const now = acceptor.registers.get("a") ?? before;
          expect(compareBallots(now.promised, before.promised)).toBeGreaterThanOrEqual(0);
          const [ballot, old] = [now.accepted?.ballot ?? null, before.accepted?.ballot ?? null];
          expect(compareBallots(ballot, old)).toBeGreaterThanOrEqual(0);
          if (compareBallots(ballot, old) === 0) expect(now.accepted?.value.id).toBe(before.accepted?.value.id);
          expect(compareBallots(now.promised, ballot)).toBeGreaterThanOrEqual(0);
          before = now;
        }
      }),
    );
  });
});

describe("answerSeal()", () => {
  it("tells every accepted value, page by page, and ends the older epochs with the first page", () => {
    const acceptor = new Acceptor();
    for (const key of ["b", "a", "c"]) acceptor.say(accept(ballotOf(1), key, key));
    acceptor.say(prepare(ballotOf(1), "d"));
    expect(acceptor.seal(2, "", 2)).toMatchObject({ say: "page", states: [{ key: "a" }, { key: "b" }], isLast: false });
    expect(acceptor.say(accept(ballotOf(5), "late", "a"))).toBe("sealed");
    expect(acceptor.seal(2, "b", 2)).toMatchObject({ states: [{ key: "c" }], isLast: true });
  });

  it("refuses a coordinator of an older epoch than the newest that sealed", () => {
    const acceptor = new Acceptor();
    acceptor.seal(3);
    expect(acceptor.seal(2)).toEqual({ say: "sealed", sealedEpoch: 3 });
  });
});
