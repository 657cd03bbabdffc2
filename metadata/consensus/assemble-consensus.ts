/** Puts the proposer of ChunkPaxos together: who votes, how they are asked, who decides, what was learned. */
import { Counter, Gauge, type Registry } from "prom-client";
import { parseNodeId } from "#core/ids.ts";
import { DEFAULT_ACCEPTORS } from "#core/placement/groups.ts";
import type { AcceptorTarget } from "#wire/client/acceptor-client.ts";
import type { FetchPort } from "#wire/client/http.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { liveRandom } from "#wire/client/live-clock.ts";
import { MAX_CONSENSUS_BYTES } from "#wire/contract/consensus-api.ts";
import type { AcceptorLinks, MessageReport } from "#wire/exchange/acceptor-links.ts";
import { acceptorLinks } from "#wire/exchange/acceptor-links.ts";
import type { ProposerEvent, RecordDecider } from "#wire/exchange/decide-record.ts";
import { recordDecider } from "#wire/exchange/decide-record.ts";
import type { MintCapability } from "#wire/exchange/store-chunk.ts";
import type { Log } from "#wire/server/log.ts";
import { messageStreams } from "#wire/server/message-streams.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import type { Database } from "../database/open-database.ts";
import type { PlacementIndex } from "../placement/placement-index.ts";
import { sqlitePlacementIndex } from "../placement/placement-index.ts";
import type { PlacementRegister } from "../placement/placement-register.ts";
import type { AcceptorGroups } from "./acceptor-groups.ts";
import { acceptorGroups } from "./acceptor-groups.ts";
import type { AcceptorRegistry } from "./acceptor-registry.ts";
import { openAcceptorRegistry } from "./acceptor-registry.ts";
import { chunkPaxosRegister } from "./chunkpaxos-register.ts";
import type { ConfigMaster } from "./config-master.ts";
import { sqliteConfigMaster } from "./config-master.ts";
import { sqliteOwnership } from "./ownership.ts";

/** A capability to ask an acceptor is used for so long; it lasts five times that. */
const VOTE_CAPABILITY_MS = 60_000;

export interface ConsensusSettings {
  /** Acceptors of a group when there are nodes enough. */
  readonly acceptors: 3 | 5;
  /** A member that is silent for so long is replaced when there is another node. */
  readonly replaceAfterMs: number;
}

export const DEFAULT_SETTINGS: ConsensusSettings = { acceptors: DEFAULT_ACCEPTORS, replaceAfterMs: 600_000 };

export interface ConsensusWorld {
  readonly db: Database;
  readonly directory: Pick<NodeDirectory, "members" | "internalUrls">;
  readonly mint: MintCapability;
  readonly clock: Clock;
  readonly fetch: FetchPort;
  readonly log: Log;
  readonly registry: Registry;
  readonly settings: ConsensusSettings;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Everything that the proposer says and sees, for whoever watches. */
  readonly observe?: (event: ProposerEvent) => void;
}

export interface Consensus {
  /** This start of the program, as it names itself in ballots. */
  readonly proposer: string;
  /** As it names itself in the ballots of changes of members. */
  readonly coordinator: string;
  readonly master: ConfigMaster;
  readonly acceptors: AcceptorRegistry;
  readonly groups: AcceptorGroups;
  readonly links: AcceptorLinks;
  readonly decider: RecordDecider;
  readonly index: PlacementIndex;
  readonly register: PlacementRegister;
  readonly newValueId: () => string;
  /** For VOTE: signed anew now and then, as each message needs one. */
  readonly mint: MintCapability;
  readonly settings: ConsensusSettings;
  /** Where a node is asked; undefined when it is not known. */
  readonly targetOf: (nodeId: string) => AcceptorTarget | undefined;
}

export async function assembleConsensus(world: ConsensusWorld): Promise<Consensus> {
  const { db, directory, clock, fetch, log, settings, signal } = world;
  const proposer = randomToken();
  const mint = rememberedVotes(world.mint, clock);
  const master = sqliteConfigMaster(db);
  const acceptors = await openAcceptorRegistry({ db, clock, log });
  const groups = acceptorGroups({
    ...{ master, registry: acceptors, directory, mint, fetch, log },
    wanted: settings.acceptors,
    goneAfterMs: settings.replaceAfterMs,
    nowMs: () => clock.nowMs(),
  });
  const figures = consensusFigures(world.registry, { groups, master });
  const targetOf = (name: string) => {
    const nodeId = parseNodeId(name);
    const url = nodeId === undefined ? undefined : directory.internalUrls().get(nodeId);
    return nodeId === undefined || url === undefined ? undefined : { nodeId, url };
  };
  const atEndOfTurn = (run: () => void) => {
    setImmediate(run);
  };
  const links = acceptorLinks({
    atEndOfTurn,
    targetOf,
    mint,
    clock,
    fetch,
    stream: messageStreams({ nowMs: () => clock.nowMs(), maxBytes: MAX_CONSENSUS_BYTES, signal }),
    signal,
    report: (message) => {
      figures.message(message);
    },
  });
  const ownership = sqliteOwnership({ db, proposer, mint: world.mint, clock });
  const observe = (event: ProposerEvent) => {
    figures.event(event);
    world.observe?.(event);
  };
  const decider = recordDecider({ groups, links, ownership, proposer, random: liveRandom, clock, observe });
  const index = sqlitePlacementIndex(db);
  let values = 0;
  const newValueId = () => {
    values += 1;
    return `${proposer}.${values.toString(36)}`;
  };
  const register = chunkPaxosRegister({ decider, groups, index, newValueId, signal });
  const names = { proposer, coordinator: `${proposer}.c`, newValueId };
  return { ...names, master, acceptors, groups, links, decider, index, register, mint, settings, targetOf };
}

/** 128 random bits, hexadecimal. */
function randomToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex");
}

function rememberedVotes(mint: MintCapability, clock: Clock): MintCapability {
  const votes = new Map<string, { readonly text: Promise<string>; readonly signedMs: number }>();
  return (grant) => {
    if (grant.method !== "VOTE") return mint(grant);
    const known = votes.get(grant.subject);
    if (known !== undefined && clock.nowMs() - known.signedMs < VOTE_CAPABILITY_MS) return known.text;
    const text = mint(grant);
    votes.set(grant.subject, { text, signedMs: clock.nowMs() });
    return text;
  };
}

/** How a proposal ends. */
const OUTCOMES = ["chosen", "replaced", "conflict", "empty", "unknown"] as const;

function consensusFigures(
  registry: Registry,
  { groups, master }: { readonly groups: Pick<AcceptorGroups, "reach">; readonly master: ConfigMaster },
) {
  const registers = [registry];
  const messages = new Counter({
    name: "vstack_consensus_messages_total",
    help: "Messages to acceptors beside those that came with bytes, by whether they were answered",
    labelNames: ["outcome"],
    registers,
  });
  const entries = new Counter({
    name: "vstack_consensus_entries_total",
    help: "Questions about single positions in those messages",
    registers,
  });
  const decisions = new Counter({
    name: "vstack_decisions_total",
    help: "Proposals by their outcome",
    labelNames: ["outcome"],
    registers,
  });
  for (const outcome of ["answered", "lost"]) messages.inc({ outcome }, 0);
  for (const outcome of OUTCOMES) decisions.inc({ outcome }, 0);
  new Gauge({
    name: "vstack_acceptor_groups_count",
    help: "Acceptor groups by state: able to decide, below their quorum, changing members",
    labelNames: ["state"],
    registers,
    async collect() {
      const counts = { able: 0, "below-quorum": 0, changing: 0 };
      for (const { active, pending } of await master.states()) {
        if (pending !== null || active === null) counts.changing += 1;
        else counts[isAble(groups.reach(active)) ? "able" : "below-quorum"] += 1;
      }
      for (const [state, count] of Object.entries(counts)) this.set({ state }, count);
    },
  });
  return {
    message({ entries: count, isLost }: MessageReport) {
      messages.inc({ outcome: isLost ? "lost" : "answered" });
      entries.inc(count);
    },
    event({ kind, what }: ProposerEvent) {
      if (kind === "finish") decisions.inc({ outcome: what ?? "" });
    },
  };
}

function isAble({ reachable, quorum }: { readonly reachable: number; readonly quorum: number }): boolean {
  return reachable >= quorum;
}
