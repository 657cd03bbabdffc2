/**
 * The acceptor: what a storage node promises and accepts. Pure: it reads what the node remembers, and says what must be
 * written; the node writes, flushes, and only then lets the answer go (nodes/consensus).
 *
 * Source: the acceptor of Lamport, "Paxos Made Simple", once per key; owner ballot, seal and install as in docs/consensus.md.
 */
import type { Ballot } from "./ballot.ts";
import { compareBallots } from "./ballot.ts";
import type { GroupConfig } from "./group.ts";
import type {
  Accepted,
  EntriesAnswer,
  EntriesRequest,
  Entry,
  KeyState,
  Refusal,
  Reply,
  SealAnswer,
  SealRequest,
} from "./messages.ts";
import type { Rules } from "./rules.ts";

/** The memory of one key. */
export interface Register<Body> {
  /** No ballot below it is answered any more. */
  readonly promised: Ballot | null;
  readonly accepted: Accepted<Body> | null;
}

/** A key that nobody asked about yet. */
const EMPTY_REGISTER: Register<never> = { promised: null, accepted: null };

/** The memory of one group. */
export interface GroupMemory {
  /** Lowest epoch in which the acceptor still votes. */
  readonly sealedEpoch: number;
  /** Newest members in whose epoch somebody has proposed: that epoch was active. */
  readonly active: GroupConfig | null;
  /** Newest members for whose epoch values were installed; it may have become active or not. */
  readonly installed: GroupConfig | null;
}

/** A group that the acceptor was never told of. */
const UNKNOWN_GROUP: GroupMemory = { sealedEpoch: 0, active: null, installed: null };

/** What the node remembers, flushed or about to be. */
export interface AcceptorMemory<Body> {
  readonly incarnation: string;
  group(group: number): GroupMemory | undefined;
  register(key: string): Register<Body> | undefined;
  /** Accepted values of a group behind a key, in the order of their keys, `limit` at most. */
  accepted(group: number, after: string, limit: number): readonly KeyState<Body>[];
}

/** To be durable before the answer leaves. */
export type Write<Body> =
  | { readonly write: "group"; readonly group: number; readonly memory: GroupMemory }
  | { readonly write: "register"; readonly key: string; readonly register: Register<Body> };

export interface Answered<Body, Answer> {
  readonly answer: Answer;
  readonly writes: readonly Write<Body>[];
}

export interface VotingRules {
  readonly rules: Rules;
  /** Whether the owner's ballot of round 0 for this key is who sends it. Asked for `accept` in round 0 alone. */
  readonly isGranted: (key: string, ballot: Ballot) => boolean;
}

/** Answers the entries of a request, one key after the other; a key named twice sees its first entry's effect. */
export function answerEntries<Body>(
  request: EntriesRequest<Body>,
  memory: AcceptorMemory<Body>,
  voting: VotingRules,
): Answered<Body, EntriesAnswer<Body>> {
  const { config } = request;
  const known = memory.group(config.group) ?? UNKNOWN_GROUP;
  const meant = { incarnation: request.incarnation, epoch: config.epoch };
  const refusal = refusalOf(meant, { memory, known, rules: voting.rules });
  if (refusal !== null) return { answer: refusal, writes: [] };
  const writes: Write<Body>[] = [];
  const group = learned(known, request);
  if (group !== known) writes.push({ write: "group", group: config.group, memory: group });
  const changed = new Map<string, Register<Body>>();
  const replies = request.entries.map((entry) => {
    const { key } = entry;
    const before = changed.get(key) ?? memory.register(key) ?? EMPTY_REGISTER;
    const { register, reply } = answerEntry(before, entry, voting);
    if (register !== before) {
      writes.push({ write: "register", key, register });
      if (request.entries.length > 1) changed.set(key, register);
    }
    return reply;
  });
  return { answer: { say: "answered", replies }, writes };
}

/** Seals a group for a newer epoch, and tells a page of what was accepted until then. */
export function answerSeal<Body>(
  request: SealRequest,
  memory: AcceptorMemory<Body>,
  rules: Rules,
): Answered<Body, SealAnswer<Body>> {
  const { group, toEpoch, incarnation, after, limit } = request;
  const known = memory.group(group) ?? UNKNOWN_GROUP;
  const refusal = refusalOf({ incarnation, epoch: toEpoch }, { memory, known, rules });
  if (refusal !== null) return { answer: refusal, writes: [] };
  const states = memory.accepted(group, after, limit + 1);
  return {
    answer: { say: "page", states: states.slice(0, limit), isLast: states.length <= limit },
    writes:
      toEpoch > known.sealedEpoch && rules.seal
        ? [{ write: "group", group, memory: { ...known, sealedEpoch: toEpoch } }]
        : [],
  };
}

/** Whoever has begun to vote in an epoch votes in no older one, and knows who votes with it. */
function learned<Body>(known: GroupMemory, { config, entries }: EntriesRequest<Body>): GroupMemory {
  const isInstalling = entries.every(({ ask }) => ask === "install");
  const place = isInstalling ? "installed" : "active";
  if (config.epoch <= (known[place]?.epoch ?? 0)) return known;
  return { ...known, sealedEpoch: Math.max(known.sealedEpoch, config.epoch), [place]: config };
}

function refusalOf<Body>(
  { incarnation, epoch }: { readonly incarnation: string; readonly epoch: number },
  around: { readonly memory: AcceptorMemory<Body>; readonly known: GroupMemory; readonly rules: Rules },
): Refusal | null {
  const { memory, known, rules } = around;
  if (incarnation !== memory.incarnation && rules.incarnation) {
    return { say: "stranger", incarnation: memory.incarnation };
  }
  return epoch < known.sealedEpoch && rules.seal ? { say: "sealed", sealedEpoch: known.sealedEpoch } : null;
}

interface EntryAnswer<Body> {
  /** The same object when nothing changed. */
  readonly register: Register<Body>;
  readonly reply: Reply<Body>;
}

function answerEntry<Body>(register: Register<Body>, entry: Entry<Body>, voting: VotingRules): EntryAnswer<Body> {
  const { promised, accepted } = register;
  switch (entry.ask) {
    case "read":
      return { register, reply: { say: "state", accepted } };
    case "prepare":
      // Once for each ballot: two proposals of one program take the same ballots, and only one of them gets a majority.
      if (compareBallots(entry.ballot, promised) < (voting.rules["promise-once"] ? 1 : 0)) {
        return rejected(register, "promised");
      }
      return { register: { promised: entry.ballot, accepted }, reply: { say: "promised", accepted } };
    case "accept":
      if (entry.ballot.round === 0 && voting.rules.grant && !voting.isGranted(entry.key, entry.ballot)) {
        return rejected(register, "no-grant");
      }
      return take(register, entry, voting.rules, { say: "accepted" });
    case "install":
      return take(register, entry, voting.rules, { say: "installed" });
  }
}

function take<Body>(
  register: Register<Body>,
  { ballot, value }: Accepted<Body>,
  rules: Rules,
  reply: Reply<Body>,
): EntryAnswer<Body> {
  const { promised, accepted } = register;
  if (accepted !== null && compareBallots(accepted.ballot, ballot) === 0) {
    // A repetition, or two values in one ballot: whoever sent the second one broke the rules.
    return accepted.value.id === value.id ? { register, reply } : rejected(register, "taken");
  }
  if (compareBallots(ballot, promised) < 0) return rejected(register, "promised");
  return {
    register: { promised: rules["raise-on-accept"] ? ballot : promised, accepted: { ballot, value } },
    reply,
  };
}

function rejected<Body>(register: Register<Body>, because: "promised" | "taken" | "no-grant"): EntryAnswer<Body> {
  return { register, reply: { say: "rejected", because, promised: register.promised } };
}
