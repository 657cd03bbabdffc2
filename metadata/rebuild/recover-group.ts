/**
 * Takes a group of a lost catalogue over: seals every epoch that may have voted last under a new one, and installs what its
 * members have accepted on the members of the new epoch. The same two steps as a change of members
 * (core/consensus/reconfiguration.ts), from several epochs at once.
 */
import { compareBallots } from "#core/consensus/ballot.ts";
import type { GroupConfig, Member } from "#core/consensus/group.ts";
import { quorumOf } from "#core/consensus/group.ts";
import type { Accepted, Entry } from "#core/consensus/messages.ts";
import { PAGE_KEYS } from "#core/consensus/reconfiguration.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { AcceptorTarget, Asking } from "#wire/client/acceptor-client.ts";
import { askEntries, askSeal } from "#wire/client/acceptor-client.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { ConfigMaster } from "../consensus/config-master.ts";
import type { GroupEvidence } from "./group-evidence.ts";

const PAGE_DEADLINE_MS = 10_000;

export interface RecoverPorts {
  readonly master: Pick<ConfigMaster, "adopt" | "activate">;
  readonly coordinator: string;
  readonly targetOf: (nodeId: string) => AcceptorTarget | undefined;
  readonly mint: Asking["mint"];
  readonly fetch: FetchPort;
}

type States = Map<string, Accepted<ChunkRecord>>;

/**
 * @param members that shall vote from now on
 * @throws VStackError `unavailable` when a majority of any epoch, or of the new members, does not go along: it may be repeated
 */
export async function recoverGroup(
  evidence: GroupEvidence,
  members: readonly Member[],
  { ports, signal }: { readonly ports: RecoverPorts; readonly signal: AbortSignal },
): Promise<GroupConfig> {
  const { group, usedEpoch, configs } = evidence;
  const config = await ports.master.adopt(group, members, usedEpoch);
  const states: States = new Map();
  const sealed = new Set<string>();
  const old = new Map(configs.flatMap((one) => one.members.map((member) => [nameOf(member), member])));
  await Promise.all(
    [...old.values()].map(async (member) => {
      if (await sealMember(member, { config, states }, { ports, signal })) sealed.add(nameOf(member));
    }),
  );
  for (const { epoch, members: voters } of configs) {
    const count = voters.filter((member) => sealed.has(nameOf(member))).length;
    if (count < quorumOf({ group, epoch, members: voters })) throw tooFew(group, `the members of epoch ${epoch}`);
  }
  const installed = await Promise.all(
    members.map((member) => installMember(member, { config, states }, { ports, signal })),
  );
  if (installed.filter(Boolean).length < quorumOf(config)) throw tooFew(group, "its new members");
  if (!(await ports.master.activate(config))) throw tooFew(group, "the config master");
  return config;
}

interface Recovering {
  readonly config: GroupConfig;
  readonly states: States;
}

interface Around {
  readonly ports: RecoverPorts;
  readonly signal: AbortSignal;
}

/** @returns whether everything that it has accepted is known, and it votes no more in older epochs */
async function sealMember(member: Member, { config, states }: Recovering, around: Around): Promise<boolean> {
  const target = around.ports.targetOf(member.nodeId);
  if (target === undefined) return false;
  let after = "";
  try {
    for (;;) {
      const { group, epoch: toEpoch } = config;
      const request = { group, toEpoch, incarnation: member.incarnation, after, limit: PAGE_KEYS };
      const answer = await askSeal(target, request, askingOf(around));
      if (answer.say !== "page") return false;
      for (const { key, accepted } of answer.states) {
        const known = states.get(key);
        if (known === undefined || compareBallots(accepted.ballot, known.ballot) > 0) states.set(key, accepted);
      }
      if (answer.isLast) return true;
      after = answer.states.at(-1)?.key ?? after;
    }
  } catch (error) {
    around.signal.throwIfAborted();
    if (error instanceof VStackError) return false;
    throw error;
  }
}

/** @returns whether it has everything */
async function installMember(member: Member, { config, states }: Recovering, around: Around): Promise<boolean> {
  const target = around.ports.targetOf(member.nodeId);
  if (target === undefined) return false;
  const ballot = { epoch: config.epoch, round: 0, proposer: around.ports.coordinator };
  const entries = [...states]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { value }]): Entry<ChunkRecord> => ({ ask: "install", key, ballot, value }));
  try {
    // A group without keys sends an empty message: the member must know the epoch all the same.
    for (let from = 0; from === 0 || from < entries.length; from += PAGE_KEYS) {
      const some = entries.slice(from, from + PAGE_KEYS);
      const request = { config, incarnation: member.incarnation, entries: some, grants: [] };
      const answer = await askEntries(target, request, askingOf(around));
      if (answer.say !== "answered" || answer.replies.some(({ say }) => say === "rejected")) return false;
    }
    return true;
  } catch (error) {
    around.signal.throwIfAborted();
    if (error instanceof VStackError) return false;
    throw error;
  }
}

function askingOf({ ports: { mint, fetch }, signal }: Around): Asking {
  return { mint, fetch, signal, deadlineMs: PAGE_DEADLINE_MS };
}

function nameOf({ nodeId, incarnation }: Member): string {
  return `${nodeId} ${incarnation}`;
}

function tooFew(group: number, who: string): VStackError {
  return new VStackError("unavailable", `Cannot take over group ${group} as a majority of ${who} does not go along`);
}
