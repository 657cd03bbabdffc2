/**
 * Decides records: drives the proposer of ChunkPaxos (core/consensus/proposal.ts) over links to the acceptors. Many positions
 * decided at once travel together; the Accept of a new chunk travels with its bytes to the nodes that get them.
 */
import type { GroupConfig, Member } from "#core/consensus/group.ts";
import { quorumOf } from "#core/consensus/group.ts";
import type { EntriesAnswer } from "#core/consensus/messages.ts";
import type {
  Proposal,
  ProposalCommand,
  ProposalEvent,
  ProposalOutcome,
  ProposalStep,
} from "#core/consensus/proposal.ts";
import { beginProposal, onProposalEvent } from "#core/consensus/proposal.ts";
import { SOUND } from "#core/consensus/rules.ts";
import type { Change, Value } from "#core/consensus/value.ts";
import type { VideoId } from "#core/ids.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { Random } from "#core/random.ts";
import { beginLimit } from "#wire/client/limit.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { GrantedRequest } from "#wire/contract/consensus-api.ts";
import type { AcceptorAnswer, AcceptorLinks } from "./acceptor-links.ts";

/** Whoever has no majority by then will hardly get one soon: the asker is told, and may come again. */
const DECIDE_DEADLINE_MS = 10_000;

type RecordProposal = Proposal<ChunkRecord>;
type SendCommand = Extract<ProposalCommand<ChunkRecord>, { do: "send" }>;

/** The PUT of the bytes to one node. It begins when it is called, with the Accept or (null) without, and tells the vote. */
export type Carrier = (accept: GrantedRequest | null) => Promise<EntriesAnswer<ChunkRecord>>;

export interface DecideRequest {
  readonly position: Position;
  readonly change: Change<ChunkRecord>;
  /** By node id. Each is called once, at the beginning; those that are no members of the group carry nothing. */
  readonly carriers?: ReadonlyMap<string, Carrier>;
}

export interface Decision {
  readonly outcome: ProposalOutcome<ChunkRecord>;
  /** Who voted in the end. */
  readonly config: GroupConfig;
  /** Ballots that were begun: 1 for an undisturbed owner, 0 for a read that a majority agreed on. */
  readonly ballots: number;
}

/** Something that a proposer said or saw, for figures and for people who watch. */
export interface ProposerEvent {
  /** Which proposal, counted from the start of the program. */
  readonly proposal: number;
  readonly kind: "send" | ProposalEvent<ChunkRecord>["saw"] | "finish";
  readonly key: string;
  readonly group: number;
  readonly epoch: number;
  readonly turn: number;
  /** The acceptor; null when it is none. */
  readonly nodeId: string | null;
  /** What was asked, said, or came out of it. */
  readonly what: string | null;
  /** The proposer's own ballot. */
  readonly ballot: RecordProposal["ballot"];
  /** What was offered, told of, or stands in the end; null when there is none. */
  readonly valueId: string | null;
  readonly version: number | null;
  /** Acceptors that decide. */
  readonly quorum: number;
}

/** Where the members of groups are asked: the config master. */
export interface Groups {
  /** The members that vote now; they are chosen when nobody needed the group before. @throws VStackError `unavailable` */
  current(group: number, signal: AbortSignal): Promise<GroupConfig>;
}

/** Who may skip the first phase. */
export interface Ownership {
  /**
   * The grant with which this proposer owns a key in the config's epoch; null when it does not. It is given once for a key:
   * whoever asked for it proposes with it, or nobody does.
   */
  take(position: Position, config: GroupConfig): Promise<string | null>;
  /** A fresh text of the same grant: capabilities last minutes. */
  renew(videoId: VideoId, config: GroupConfig): Promise<string>;
}

export interface DeciderPorts {
  readonly groups: Groups;
  readonly links: AcceptorLinks;
  readonly ownership: Ownership;
  /** Random, of this start of the program: see {@link import("#core/consensus/ballot.ts").Ballot}. */
  readonly proposer: string;
  readonly random: Random;
  readonly clock: Clock;
  readonly observe?: (event: ProposerEvent) => void;
}

export interface RecordDecider {
  /** @throws VStackError `unavailable` when the group has no members to ask */
  decide(request: DecideRequest, signal: AbortSignal): Promise<Decision>;
}

export function recordDecider(ports: DeciderPorts): RecordDecider {
  const { groups, ownership, proposer } = ports;
  let proposals = 0;
  return {
    async decide({ position, change, carriers = new Map() }, signal) {
      const config = await groups.current(groupOfVideo(position.videoId), signal);
      const grant = change.change === "create" ? await ownership.take(position, config) : null;
      const key = positionText(position);
      const isOwner = grant !== null;
      proposals += 1;
      const first = beginProposal<ChunkRecord>({ key, proposer, change, config, isOwner });
      return await drive(first, { number: proposals, position, grant, carriers, signal }, ports);
    },
  };
}

interface Driven {
  /** Which proposal it is. */
  readonly number: number;
  readonly position: Position;
  readonly grant: string | null;
  readonly carriers: ReadonlyMap<string, Carrier>;
  readonly signal: AbortSignal;
}

function drive(first: ProposalStep<ChunkRecord>, driven: Driven, ports: DeciderPorts): Promise<Decision> {
  const { clock, random } = ports;
  return new Promise((resolve) => {
    let { proposal } = first;
    const { number } = driven;
    const limit = beginLimit(driven.signal, DECIDE_DEADLINE_MS, () => {
      see({ saw: "stop" });
    });
    const see = (event: ProposalEvent<ChunkRecord>) => {
      if (proposal.phase === "done") return;
      ports.observe?.({ ...seenEvent(proposal, event), proposal: number });
      act(onProposalEvent(proposal, event, { rules: SOUND, random }));
    };
    const act = (step: ProposalStep<ChunkRecord>) => {
      ({ proposal } = step);
      for (const command of step.commands) {
        switch (command.do) {
          case "send":
            ports.observe?.({ ...sentEvent(proposal, command), proposal: number });
            void send(command, driven, ports).then(({ from, turn, answer }) => {
              see({ ...answer, from, turn });
            });
            break;
          case "wake":
            void clock.sleep(command.afterMs, limit.either).then(() => {
              see({ saw: "wake" });
            });
            break;
          case "refresh":
            // Without an answer the old one stands, and is asked about again after a pause.
            void ports.groups
              .current(proposal.config.group, limit.either)
              .catch(() => proposal.config)
              .then((config) => {
                see({ saw: "config", config });
              });
            break;
          case "finish":
            limit.end();
            ports.observe?.({ ...finishEvent(proposal, command.outcome), proposal: number });
            resolve({ outcome: command.outcome, config: proposal.config, ballots: proposal.ballots });
            break;
        }
      }
    };
    beginCarrying(first, driven);
    act(first);
  });
}

/** Bytes that carry no Accept go at once: to nodes that do not vote, or when the first phase comes first. */
function beginCarrying({ commands }: ProposalStep<ChunkRecord>, { carriers }: Driven): void {
  const accepting = commands.flatMap((command) =>
    command.do === "send" && command.entry.ask === "accept" ? [command.to.nodeId] : [],
  );
  for (const [nodeId, carry] of carriers) if (!accepting.includes(nodeId)) void carry(null).catch(() => undefined);
}

async function send(
  { to, config, turn, entry }: SendCommand,
  driven: Driven,
  { links, ownership }: DeciderPorts,
): Promise<{ readonly from: string; readonly turn: number; readonly answer: AcceptorAnswer }> {
  const isOwn = entry.ask === "accept" && entry.ballot.round === 0 && driven.grant !== null;
  const from = to.nodeId;
  const isFirst = turn === 1 && entry.ask === "accept";
  const carry = isFirst ? driven.carriers.get(from) : undefined;
  if (carry === undefined) {
    const grant = isOwn ? await ownership.renew(driven.position.videoId, config) : null;
    // Those who get the bytes are a majority by themselves.
    const isPatient = isFirst && carryingMembers(config, driven).length >= quorumOf(config);
    return { from, turn, answer: await links.ask(to, { config, entry, grant, isPatient }) };
  }
  const grants = driven.grant === null ? [] : [driven.grant];
  const answer = await carry({ config, incarnation: to.incarnation, entries: [entry], grants }).then(
    carriedAnswer,
    (): AcceptorAnswer => ({ saw: "lost" }),
  );
  if (answer.saw !== "reply") links.hurry();
  return { from, turn, answer };
}

function carryingMembers({ members }: GroupConfig, { carriers }: Driven): Member[] {
  return members.filter(({ nodeId }) => carriers.has(nodeId));
}

function carriedAnswer(answer: EntriesAnswer<ChunkRecord>): AcceptorAnswer {
  if (answer.say !== "answered") return { saw: "refusal", refusal: answer };
  const [reply] = answer.replies;
  return reply === undefined ? { saw: "lost" } : { saw: "reply", reply };
}

/** All but which proposal it was. */
type Said = Omit<ProposerEvent, "proposal">;

function eventOf(
  { key, config, turn, ballot }: RecordProposal,
  about: Pick<ProposerEvent, "kind" | "nodeId" | "what">,
  value: Value<ChunkRecord> | null,
): Said {
  const { group, epoch } = config;
  const said = { valueId: value?.id ?? null, version: value?.version ?? null, quorum: quorumOf(config) };
  return { ...about, ...said, key, group, epoch, turn, ballot };
}

function sentEvent(proposal: RecordProposal, { to, entry }: SendCommand): Said {
  const value = "value" in entry ? entry.value : null;
  return eventOf(proposal, { kind: "send", nodeId: to.nodeId, what: entry.ask }, value);
}

function seenEvent(proposal: RecordProposal, event: ProposalEvent<ChunkRecord>): Said {
  const nodeId = "from" in event ? event.from : null;
  const what = event.saw === "reply" ? event.reply.say : event.saw === "refusal" ? event.refusal.say : null;
  return eventOf(proposal, { kind: event.saw, nodeId, what }, event.saw === "reply" ? valueOf(event, proposal) : null);
}

/** What an acceptor told of, or took. */
function valueOf(
  { reply }: Extract<ProposalEvent<ChunkRecord>, { saw: "reply" }>,
  { value }: RecordProposal,
): Value<ChunkRecord> | null {
  if (reply.say === "accepted") return value;
  return reply.say === "state" || reply.say === "promised" ? (reply.accepted?.value ?? null) : null;
}

function finishEvent(proposal: RecordProposal, outcome: ProposalOutcome<ChunkRecord>): Said {
  const value = "value" in outcome ? outcome.value : null;
  return eventOf(proposal, { kind: "finish", nodeId: null, what: outcome.outcome }, value);
}
