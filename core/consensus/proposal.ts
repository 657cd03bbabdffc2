/**
 * The proposer of one key: a state machine that its driver feeds with answers and that says what to send, to whom, and when
 * to be woken. Whoever owns a new key begins with the second phase in round 0, one round trip; everybody else prepares
 * first. Drivers bundle what many keys have to say to one acceptor into one message.
 *
 * Sources: Lamport, "Paxos Made Simple"; the change as a function of the current value after Rystsov, "CASPaxos"; the skipped
 * first phase of the owner is the usual one of a known leader, with the grant in the place of the election.
 */
import type { Random } from "../random.ts";
import type { Ballot } from "./ballot.ts";
import type { GroupConfig, Member } from "./group.ts";
import { quorumOf } from "./group.ts";
import type { Replies } from "./heard.ts";
import { agreedOf, heardOf, highestOf, roundOf, withReply } from "./heard.ts";
import type { Accepted, Entry, Refusal, Reply } from "./messages.ts";
import type { Rules } from "./rules.ts";
import type { Change, ChangeOutcome, Value } from "./value.ts";
import { applyChange, outcomeOf } from "./value.ts";

/** Attempts after which a proposer gives up: whatever keeps it from a majority is no passing rivalry. */
export const MAX_TURNS = 64;
/** Longest pause before the first retry; doubles with each, to {@link MAX_PAUSE_MS}. Random, so that rivals part. */
const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 2000;

export type ProposalEvent<Body> =
  /** An acceptor's reply to what was sent in a turn. */
  | { readonly saw: "reply"; readonly from: string; readonly turn: number; readonly reply: Reply<Body> }
  | { readonly saw: "refusal"; readonly from: string; readonly turn: number; readonly refusal: Refusal }
  /** No answer: unreachable, or its deadline is over. It may have come to pass all the same. */
  | { readonly saw: "lost"; readonly from: string; readonly turn: number }
  /** The time of the last `wake` has come. */
  | { readonly saw: "wake" }
  /** What the config master says now. */
  | { readonly saw: "config"; readonly config: GroupConfig }
  /** Nobody waits any more. */
  | { readonly saw: "stop" };

export type ProposalCommand<Body> =
  | {
      readonly do: "send";
      readonly to: Member;
      readonly config: GroupConfig;
      /** To be named in the event that answers it. */
      readonly turn: number;
      readonly entry: Entry<Body>;
    }
  /** Replaces an earlier `wake`. */
  | { readonly do: "wake"; readonly afterMs: number }
  /** Ask the config master; answer with `config`. */
  | { readonly do: "refresh" }
  | { readonly do: "finish"; readonly outcome: ProposalOutcome<Body> };

export type ProposalOutcome<Body> =
  | ChangeOutcome<Body>
  /** No majority answered in time. The change may have been made, or be made yet by somebody who finds it. */
  | { readonly outcome: "unknown" };

type Phase = "read" | "prepare" | "accept" | "pausing" | "refreshing" | "done";

export interface Proposal<Body> {
  readonly key: string;
  /** This start of the program; see {@link Ballot.proposer}. */
  readonly proposer: string;
  readonly change: Change<Body>;
  readonly config: GroupConfig;
  readonly phase: Phase;
  /** Counts what was sent in vain, too: an answer to an older turn means nothing any more. */
  readonly turn: number;
  /** Whether round 0 may still be used: the driver says so at the beginning, the first refusal ends it. */
  readonly isOwner: boolean;
  /** Highest round heard of in this epoch. */
  readonly round: number;
  readonly ballot: Ballot | null;
  /** What the present ballot proposes; null before the second phase. */
  readonly value: Value<Body> | null;
  /** Replies of this turn by node id. A reply that does not help is null. */
  readonly replies: Replies<Body>;
  /** An acceptor has been sealed for a newer epoch: the config may be old. */
  readonly isOutdated: boolean;
  /** Whether an acceptor may have accepted the change's own value. */
  readonly hasOffered: boolean;
  /** Ballots that were begun, for figures: 1 for an undisturbed owner. */
  readonly ballots: number;
}

export interface Proposing {
  readonly rules: Rules;
  readonly random: Random;
}

export interface ProposalStep<Body> {
  readonly proposal: Proposal<Body>;
  readonly commands: readonly ProposalCommand<Body>[];
}

export interface ProposalRequest<Body> {
  readonly key: string;
  readonly proposer: string;
  readonly change: Change<Body>;
  readonly config: GroupConfig;
  /**
   * That this start of this proposer owns the key by a grant of the config's epoch, and proposes for it the first time. Being
   * wrong here is the one way to break agreement from outside: see rule `fresh-owner`.
   */
  readonly isOwner: boolean;
}

/** Begins. `keep` first reads: when a majority agrees, one round trip is all. */
export function beginProposal<Body>(request: ProposalRequest<Body>): ProposalStep<Body> {
  const { key, proposer, change, config, isOwner } = request;
  const isKeeping = change.change === "keep";
  const proposal: Proposal<Body> = {
    key,
    proposer,
    change,
    config,
    phase: isKeeping ? "read" : "pausing",
    turn: 0,
    isOwner,
    round: 0,
    ballot: null,
    value: null,
    replies: NO_REPLIES,
    isOutdated: false,
    hasOffered: false,
    ballots: 0,
  };
  if (isKeeping) return ask(proposal, { ask: "read", key });
  return isOwner && change.change === "create" ? acceptOwn(proposal, change) : prepare(proposal);
}

const NO_REPLIES: ReadonlyMap<string, never> = new Map<string, never>();

/**
 * A copy with some fields changed, field by field: a spread of so many fields took 20 times as long (1.2 us against 0.06 in
 * Node 20), and the simulator makes a hundred million of them.
 */
function altered<Body>(one: Proposal<Body>, change: Partial<Proposal<Body>>): Proposal<Body> {
  return {
    key: one.key,
    proposer: one.proposer,
    change: one.change,
    config: change.config ?? one.config,
    phase: change.phase ?? one.phase,
    turn: change.turn ?? one.turn,
    isOwner: change.isOwner ?? one.isOwner,
    round: change.round ?? one.round,
    ballot: change.ballot ?? one.ballot,
    value: change.value === undefined ? one.value : change.value,
    replies: change.replies ?? one.replies,
    isOutdated: change.isOutdated ?? one.isOutdated,
    hasOffered: change.hasOffered ?? one.hasOffered,
    ballots: change.ballots ?? one.ballots,
  };
}

/** Goes on with what was seen. */
export function onProposalEvent<Body>(
  proposal: Proposal<Body>,
  event: ProposalEvent<Body>,
  proposing: Proposing,
): ProposalStep<Body> {
  if (proposal.phase === "done") return { proposal, commands: [] };
  switch (event.saw) {
    case "stop":
      return finish(proposal, { outcome: "unknown" });
    case "wake":
      return proposal.phase === "pausing" ? restart(proposal) : { proposal, commands: [] };
    case "config":
      return onConfig(proposal, event.config, proposing);
    case "reply":
    case "refusal":
    case "lost":
      if (event.turn !== proposal.turn || !isAsking(proposal) || proposal.replies.has(event.from)) {
        return { proposal, commands: [] };
      }
      return onAnswer(proposal, event, proposing);
  }
}

type AnswerEvent<Body> = Extract<ProposalEvent<Body>, { saw: "reply" | "refusal" | "lost" }>;

function onAnswer<Body>(before: Proposal<Body>, event: AnswerEvent<Body>, proposing: Proposing): ProposalStep<Body> {
  const reply = event.saw === "reply" && event.reply.say !== "rejected" ? event.reply : null;
  const rejection = event.saw === "reply" && event.reply.say === "rejected" ? event.reply : null;
  const proposal = altered(before, {
    replies: withReply(before.replies, event.from, reply),
    round: Math.max(before.round, roundOf(rejection?.promised ?? null, before.config.epoch)),
    // Somebody else prepared, or the ballot is not ours: the second phase alone will not do.
    isOwner: before.isOwner && rejection === null,
    isOutdated: before.isOutdated || (event.saw === "refusal" && event.refusal.say === "sealed"),
  });
  const { rules } = proposing;
  const helpful = [...proposal.replies.values()].filter((each) => each !== null);
  const needed = proposal.phase === "prepare" && !rules.majority ? 1 : quorumOf(proposal.config);
  if (helpful.length >= needed) return onQuorum(proposal, helpful, proposing);
  const open = proposal.config.members.length - proposal.replies.size;
  // An owner that was told of a rival need not wait for the others.
  const isHopeless = helpful.length + open < needed || (rejection !== null && before.isOwner);
  if (!isHopeless) return { proposal, commands: [] };
  return proposal.isOutdated
    ? { proposal: altered(proposal, { phase: "refreshing" }), commands: [{ do: "refresh" }] }
    : pause(proposal, proposing);
}

function onQuorum<Body>(
  proposal: Proposal<Body>,
  replies: readonly Reply<Body>[],
  { rules }: Proposing,
): ProposalStep<Body> {
  const { change, value, key, ballot } = proposal;
  switch (proposal.phase) {
    case "read": {
      const heard = heardOf(replies);
      if (heard.length === 0) return finish(proposal, outcomeOf(null, change));
      // A majority in one ballot is what "chosen" means; anything less has to be finished.
      const agreed = heard.length === replies.length ? agreedOf(heard) : null;
      return agreed === null ? prepare(withRounds(proposal, heard)) : finish(proposal, outcomeOf(agreed.value, change));
    }
    case "prepare": {
      const heard = heardOf(replies);
      const current = rules.adoption ? (highestOf(heard)?.value ?? null) : null;
      const next = applyFreely(current, change, rules);
      if (next === null || ballot === null) return finish(proposal, outcomeOfEmpty(proposal));
      const hasOffered = proposal.hasOffered || (change.change !== "keep" && next.id === change.id);
      return ask(altered(proposal, { phase: "accept", value: next, hasOffered }), {
        ask: "accept",
        key,
        ballot,
        value: next,
      });
    }
    case "accept":
      return finish(proposal, outcomeOf(value, change));
    case "pausing":
    case "refreshing":
    case "done":
      return { proposal, commands: [] };
  }
}

/**
 * Nothing was accepted by this majority. What an earlier ballot of ours offered may stand with the minority, and come to be
 * chosen: found by the simulator, which was told that it never would.
 */
function outcomeOfEmpty<Body>({ change, hasOffered }: Proposal<Body>): ChangeOutcome<Body> {
  const outcome = outcomeOf(null, change);
  return outcome.outcome === "conflict" ? { ...outcome, isCertain: !hasOffered } : outcome;
}

/** {@link applyChange}; the mutant `compare` writes its version over whatever stands. */
function applyFreely<Body>(current: Value<Body> | null, change: Change<Body>, rules: Rules): Value<Body> | null {
  if (rules.compare || change.change !== "replace" || current === null) return applyChange(current, change);
  return { version: change.expectedVersion + 1, id: change.id, previousId: current.id, body: change.body };
}

function withRounds<Body>(proposal: Proposal<Body>, heard: readonly Accepted<Body>[]): Proposal<Body> {
  const rounds = heard.map(({ ballot }) => roundOf(ballot, proposal.config.epoch));
  return altered(proposal, { round: Math.max(proposal.round, ...rounds) });
}

function onConfig<Body>(before: Proposal<Body>, config: GroupConfig, proposing: Proposing): ProposalStep<Body> {
  if (before.phase !== "refreshing") return { proposal: before, commands: [] };
  // Sealed, and not yet active: the reconfiguration is under way, or whoever began it is gone.
  if (config.epoch <= before.config.epoch) return pause(before, proposing);
  // The grant was for the old epoch.
  return restart(altered(before, { config, round: 0, isOwner: false }));
}

/** An owner repeats itself, everybody else takes a higher ballot. */
function restart<Body>(proposal: Proposal<Body>): ProposalStep<Body> {
  const { change, key, isOwner } = proposal;
  if (isOwner && change.change === "create") return acceptOwn(proposal, change);
  if (change.change === "keep" && proposal.ballots === 0)
    return ask(altered(proposal, { phase: "read" }), { ask: "read", key });
  return prepare(proposal);
}

function acceptOwn<Body>(
  proposal: Proposal<Body>,
  change: Extract<Change<Body>, { change: "create" }>,
): ProposalStep<Body> {
  const { key, proposer, config } = proposal;
  const ballot: Ballot = { epoch: config.epoch, round: 0, proposer };
  const value = applyChange(null, change);
  if (value === null) return prepare(proposal);
  const begun = altered(proposal, { phase: "accept", ballot, value, ballots: Math.max(1, proposal.ballots) });
  return ask(begun, { ask: "accept", key, ballot, value });
}

function prepare<Body>(proposal: Proposal<Body>): ProposalStep<Body> {
  const { key, proposer, config } = proposal;
  const round = proposal.round + 1;
  const ballot: Ballot = { epoch: config.epoch, round, proposer };
  const begun = altered(proposal, { phase: "prepare", round, ballot, value: null, ballots: proposal.ballots + 1 });
  return ask(begun, { ask: "prepare", key, ballot });
}

function ask<Body>(before: Proposal<Body>, entry: Entry<Body>): ProposalStep<Body> {
  const proposal = altered(before, { turn: before.turn + 1, replies: NO_REPLIES, isOutdated: false });
  const { config, turn } = proposal;
  return {
    proposal,
    commands: config.members.map((to) => ({ do: "send", to, config, turn, entry })),
  };
}

/** Waits a random while, so that rivals part. */
function pause<Body>(proposal: Proposal<Body>, { random }: Proposing): ProposalStep<Body> {
  if (proposal.turn >= MAX_TURNS) return finish(proposal, { outcome: "unknown" });
  const longestMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (proposal.turn - 1));
  return {
    proposal: altered(proposal, { phase: "pausing" }),
    commands: [{ do: "wake", afterMs: random() * longestMs }],
  };
}

function finish<Body>(proposal: Proposal<Body>, outcome: ProposalOutcome<Body>): ProposalStep<Body> {
  return { proposal: altered(proposal, { phase: "done" }), commands: [{ do: "finish", outcome }] };
}

function isAsking<Body>({ phase }: Proposal<Body>): boolean {
  return phase === "read" || phase === "prepare" || phase === "accept";
}
