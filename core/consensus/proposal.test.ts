import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../random.ts";
import type { Ballot } from "./ballot.ts";
import type { GroupConfig } from "./group.ts";
import type { Accepted, Reply } from "./messages.ts";
import type { Proposal, ProposalCommand, ProposalEvent, ProposalOutcome } from "./proposal.ts";
import { beginProposal, MAX_TURNS, onProposalEvent } from "./proposal.ts";
import { SOUND } from "./rules.ts";
import type { Change, Value } from "./value.ts";

const NODES = ["n1", "n2", "n3"];
const CREATE: Change<string> = { change: "create", id: "mine", body: "new" };
const KEEP: Change<string> = { change: "keep" };

function configOf(epoch: number): GroupConfig {
  return { group: 0, epoch, members: NODES.map((nodeId) => ({ nodeId, incarnation: `${nodeId}-1` })) };
}

/** A proposal and what it last wanted. */
class Proposer {
  proposal: Proposal<string>;
  commands: readonly ProposalCommand<string>[];
  readonly #random = seededRandom(1);

  constructor(change: Change<string>, isOwner = false) {
    const begun = beginProposal({ key: "a", proposer: "p", change, config: configOf(1), isOwner });
    this.proposal = begun.proposal;
    this.commands = begun.commands;
  }

  see(event: ProposalEvent<string>): void {
    const step = onProposalEvent(this.proposal, event, { rules: SOUND, random: this.#random });
    this.proposal = step.proposal;
    this.commands = step.commands;
  }

  reply(from: string, reply: Reply<string>, turn = this.proposal.turn): void {
    this.see({ saw: "reply", from, turn, reply });
  }

  get sent(): Extract<ProposalCommand<string>, { do: "send" }>[] {
    return this.commands.filter((command) => command.do === "send");
  }

  get outcome(): ProposalOutcome<string> | undefined {
    return this.commands.flatMap((command) => (command.do === "finish" ? [command.outcome] : []))[0];
  }

  get wants(): string[] {
    return [...new Set(this.commands.map((command) => (command.do === "send" ? command.entry.ask : command.do)))];
  }
}

function ballotOf(round: number, proposer = "q", epoch = 1): Ballot {
  return { epoch, round, proposer };
}

function acceptedIn(round: number, value: Value<string>): Accepted<string> {
  return { ballot: ballotOf(round), value };
}

const OTHER: Value<string> = { version: 1, id: "other", previousId: null, body: "old" };
const promised = (accepted: Accepted<string> | null = null): Reply<string> => ({ say: "promised", accepted });
const rejected = (round: number): Reply<string> => ({
  say: "rejected",
  because: "promised",
  promised: ballotOf(round),
});

describe("beginProposal()", () => {
  it("lets the owner skip the first phase, in round 0, and asks everybody", () => {
    const { sent } = new Proposer(CREATE, true);
    expect(sent.map(({ to }) => to.nodeId)).toEqual(NODES);
    expect(sent[0]?.entry).toMatchObject({ ask: "accept", ballot: { epoch: 1, round: 0, proposer: "p" } });
  });

  it("lets everybody else prepare first, and a reader ask what stands", () => {
    expect(new Proposer(CREATE).sent[0]?.entry).toMatchObject({ ask: "prepare", ballot: { round: 1 } });
    expect(new Proposer(KEEP).sent[0]?.entry).toMatchObject({ ask: "read" });
    // Round 0 is for the first value alone.
    const change: Change<string> = { change: "replace", id: "x", expectedVersion: 1, body: "new" };
    expect(new Proposer(change, true).sent[0]?.entry).toMatchObject({ ask: "prepare" });
  });
});

describe("onProposalEvent()", () => {
  it("ends an undisturbed owner with the second answer of three, in one round trip and one ballot", () => {
    const owner = new Proposer(CREATE, true);
    owner.reply("n1", { say: "accepted" });
    expect(owner.commands).toEqual([]);
    owner.reply("n3", { say: "accepted" });
    expect(owner.outcome).toMatchObject({ outcome: "chosen", value: { id: "mine", version: 1 } });
    expect(owner.proposal).toMatchObject({ turn: 1, ballots: 1 });
  });

  it("counts a member once, and answers of an older turn not at all", () => {
    const owner = new Proposer(CREATE, true);
    owner.reply("n1", { say: "accepted" });
    owner.reply("n1", { say: "accepted" });
    owner.reply("n2", { say: "accepted" }, 0);
    expect(owner.outcome).toBeUndefined();
  });

  it("makes an owner that was refused pause, then prepare a higher round", () => {
    const owner = new Proposer(CREATE, true);
    owner.reply("n2", rejected(4));
    expect(owner.wants).toEqual(["wake"]);
    owner.see({ saw: "wake" });
    expect(owner.sent[0]?.entry).toMatchObject({ ask: "prepare", ballot: { round: 5, proposer: "p" } });
    expect(owner.proposal.isOwner).toBe(false);
  });

  it("lets an owner that nobody answered repeat the same ballot and value", () => {
    const owner = new Proposer(CREATE, true);
    const first = owner.sent[0]?.entry;
    for (const from of ["n1", "n2"]) owner.see({ saw: "lost", from, turn: owner.proposal.turn });
    owner.see({ saw: "wake" });
    expect(owner.sent[0]?.entry).toEqual(first);
    expect(owner.proposal.ballots).toBe(1);
  });

  it("goes on with the accepted value of the highest ballot, and tells the loser who won", () => {
    const rival = new Proposer(CREATE);
    rival.reply("n1", promised(acceptedIn(1, { ...OTHER, id: "lower" })));
    rival.reply("n2", promised(acceptedIn(2, OTHER)));
    expect(rival.sent[0]?.entry).toMatchObject({ ask: "accept", value: OTHER });
    rival.reply("n1", { say: "accepted" });
    rival.reply("n2", { say: "accepted" });
    expect(rival.outcome).toEqual({ outcome: "conflict", value: OTHER, isCertain: true });
  });

  it("replaces the version that was expected, naming the one before", () => {
    const changer = new Proposer({ change: "replace", id: "mine", expectedVersion: 1, body: null });
    changer.reply("n1", promised(acceptedIn(1, OTHER)));
    changer.reply("n2", promised());
    expect(changer.sent[0]?.entry).toMatchObject({
      ask: "accept",
      value: { version: 2, id: "mine", previousId: "other", body: null },
    });
  });

  it("does not deny what an earlier ballot of it may have left with a minority", () => {
    const changer = new Proposer({ change: "replace", id: "mine", expectedVersion: 1, body: "new" });
    changer.reply("n1", promised(acceptedIn(1, OTHER)));
    changer.reply("n2", promised());
    expect(changer.wants).toEqual(["accept"]);
    for (const from of ["n1", "n2"]) changer.reply(from, rejected(3));
    changer.see({ saw: "wake" });
    for (const from of ["n2", "n3"]) changer.reply(from, promised());
    expect(changer.outcome).toEqual({ outcome: "conflict", value: null, isCertain: false });
  });

  it("reads in one round trip when a majority agrees, and finishes what is half done otherwise", () => {
    const state = (accepted: Accepted<string> | null): Reply<string> => ({ say: "state", accepted });
    const agreed = new Proposer(KEEP);
    for (const from of ["n1", "n2"]) agreed.reply(from, state(acceptedIn(3, OTHER)));
    expect(agreed.outcome).toEqual({ outcome: "chosen", value: OTHER });
    const empty = new Proposer(KEEP);
    for (const from of ["n1", "n2"]) empty.reply(from, state(null));
    expect(empty.outcome).toEqual({ outcome: "empty" });
    const half = new Proposer(KEEP);
    half.reply("n1", state(acceptedIn(3, OTHER)));
    half.reply("n2", state(null));
    expect(half.sent[0]?.entry).toMatchObject({ ask: "prepare", ballot: { round: 4 } });
  });

  it("asks the config master when its epoch is sealed, and goes on in the newer one without the grant", () => {
    const owner = new Proposer(CREATE, true);
    const refusal = { say: "sealed", sealedEpoch: 2 } as const;
    for (const from of ["n1", "n2"]) owner.see({ saw: "refusal", from, turn: 1, refusal });
    expect(owner.wants).toEqual(["refresh"]);
    owner.see({ saw: "config", config: configOf(1) });
    expect(owner.wants).toEqual(["wake"]);
    owner.see({ saw: "wake" });
    for (const from of ["n1", "n2"]) owner.see({ saw: "refusal", from, turn: owner.proposal.turn, refusal });
    owner.see({ saw: "config", config: configOf(2) });
    expect(owner.sent[0]).toMatchObject({
      config: { epoch: 2 },
      entry: { ask: "prepare", ballot: { epoch: 2, round: 1 } },
    });
  });

  it("gives up after a bounded number of turns, and at once when nobody waits any more", () => {
    const lonely = new Proposer(CREATE);
    const isDone = () => lonely.proposal.phase === "done";
    for (let guard = 0; !isDone() && guard < 2 * MAX_TURNS; guard += 1) {
      const { turn } = lonely.proposal;
      for (const from of NODES) if (!isDone()) lonely.see({ saw: "lost", from, turn });
      if (!isDone()) lonely.see({ saw: "wake" });
    }
    expect(lonely.outcome).toEqual({ outcome: "unknown" });
    expect(lonely.proposal.turn).toBe(MAX_TURNS);
    const stopped = new Proposer(CREATE);
    stopped.see({ saw: "stop" });
    expect(stopped.outcome).toEqual({ outcome: "unknown" });
    stopped.reply("n1", promised());
    expect(stopped.commands).toEqual([]);
  });

  it("always finishes, waits for open answers, or asks for something, whatever it is told in whatever order", () => {
    const replies = fc.oneof(
      fc.constantFrom<Reply<string>>(promised(), { say: "accepted" }, { say: "state", accepted: null }, rejected(2)),
      fc.integer({ min: 0, max: 3 }).map((round) => promised(acceptedIn(round, OTHER))),
    );
    const events = fc.record({
      from: fc.constantFrom(...NODES),
      isLost: fc.boolean(),
      isSealed: fc.boolean(),
      reply: replies,
    });
    fc.assert(
      fc.property(
        fc.constantFrom(CREATE, KEEP),
        fc.boolean(),
        fc.array(events, { maxLength: 40 }),
        (change, isOwner, told) => {
          const proposer = new Proposer(change, isOwner);
          for (const { from, isLost, isSealed, reply } of told) {
            const { phase, turn } = proposer.proposal;
            if (phase === "done") return;
            if (phase === "pausing") proposer.see({ saw: "wake" });
            else if (phase === "refreshing") proposer.see({ saw: "config", config: configOf(isSealed ? 2 : 1) });
            else if (isSealed) proposer.see({ saw: "refusal", from, turn, refusal: { say: "sealed", sealedEpoch: 2 } });
            else if (isLost) proposer.see({ saw: "lost", from, turn });
            else proposer.reply(from, reply);
            const { phase: now, replies: heard } = proposer.proposal;
            const isWaiting = now === "read" || now === "prepare" || now === "accept";
            if (isWaiting) expect(heard.size).toBeLessThan(NODES.length);
            if (now === "pausing") expect(proposer.proposal.turn).toBeLessThan(MAX_TURNS);
          }
        },
      ),
    );
  });
});
