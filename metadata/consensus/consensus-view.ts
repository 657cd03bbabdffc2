/** What the API shows of ChunkPaxos: groups and acceptors as the master knows them, a position as its acceptors say it. */
import type { NodeId } from "#core/ids.ts";
import { quorumOf } from "#core/consensus/group.ts";
import type { GroupConfig, Member } from "#core/consensus/group.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { ask } from "#wire/client/http.ts";
import type { ConsensusAnswer, PositionAnswer } from "#wire/contract/consensus-view-api.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import { PATHS } from "#wire/contract/paths.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import type { Consensus } from "./assemble-consensus.ts";

const QUESTION_DEADLINE_MS = 2000;

export interface ConsensusViewPorts {
  readonly consensus: Consensus;
  readonly directory: Pick<NodeDirectory, "members" | "internalUrls">;
  readonly fetch: FetchPort;
}

export async function viewConsensus({ consensus, directory }: ConsensusViewPorts): Promise<ConsensusAnswer> {
  const { master, groups, acceptors, proposer, settings } = consensus;
  const states = await master.states();
  const nodes = new Map(directory.members().map((member) => [String(member.heartbeat.nodeId), member]));
  const isReachable = ({ nodeId, incarnation }: Member) => {
    const node = nodes.get(nodeId);
    return node !== undefined && node.state !== "dead" && node.heartbeat.acceptor.incarnation === incarnation;
  };
  const voters = ({ members }: GroupConfig) => members.map((member) => ({ ...member, reachable: isReachable(member) }));
  return {
    proposer,
    acceptorsWanted: settings.acceptors,
    groups: states.map(({ group, active, pending }) => ({
      group,
      epoch: active?.epoch ?? null,
      members: active === null ? [] : voters(active),
      quorum: active === null ? 0 : quorumOf(active),
      canDecide: active !== null && groups.reach(active).reachable >= quorumOf(active),
      pending,
    })),
    acceptors: [...nodes.values()].map(({ heartbeat: { nodeId, acceptor } }) => ({
      ...{ nodeId, incarnation: acceptor.incarnation },
      standing: acceptors.standing(nodeId, acceptor.incarnation),
      groups: groupsOf(nodeId, states).length,
      draining: acceptors.isDraining(nodeId),
    })),
    needsRebuild: states.length === 0 && groups.foreigners().length > 0,
  };
}

/** Groups in which a node votes. */
export function groupsOf(nodeId: NodeId, states: readonly { readonly active: GroupConfig | null }[]): GroupConfig[] {
  return states.flatMap(({ active }) =>
    active?.members.some((member) => member.nodeId === nodeId) === true ? [active] : [],
  );
}

/** @throws VStackError `not-found` when nothing was ever stored by its group, `unavailable` below its quorum */
export async function viewPosition(
  position: Position,
  { consensus, directory, fetch }: ConsensusViewPorts,
  signal: AbortSignal,
): Promise<PositionAnswer> {
  const group = groupOfVideo(position.videoId);
  if (!(await consensus.groups.exists(group))) {
    throw new VStackError("not-found", `Nothing was ever decided at "${positionText(position)}"`);
  }
  await consensus.register.read(position);
  const value = await consensus.index.read(position);
  const config = await consensus.groups.current(group, signal);
  const members = await Promise.all(
    config.members.map((member) => memberView(member, { position, config, consensus })),
  );
  return {
    ...{ position: positionText(position), group, epoch: config.epoch, members },
    value:
      value === undefined
        ? null
        : { version: value.version, id: value.id, previousId: value.previousId, record: value.body },
    holders: await holdersOf(value?.body ?? null, { urls: directory.internalUrls(), fetch, signal }),
  };
}

async function memberView(
  { nodeId, incarnation }: Member,
  { position, config, consensus }: { position: Position; config: GroupConfig; consensus: Consensus },
): Promise<PositionAnswer["members"][number]> {
  const entry = { ask: "read", key: positionText(position) } as const;
  const answer = await consensus.links.ask({ nodeId, incarnation }, { config, entry, grant: null });
  const nothing = { nodeId, ballot: null, valueId: null, version: null };
  if (answer.saw === "lost") return { ...nothing, says: "silent" };
  if (answer.saw === "refusal" || answer.reply.say !== "state") return { ...nothing, says: "refused" };
  const { accepted } = answer.reply;
  if (accepted === null) return { ...nothing, says: "empty" };
  const { ballot, value } = accepted;
  return { nodeId, says: "accepted", ballot, valueId: value.id, version: value.version };
}

async function holdersOf(
  record: ChunkRecord | null,
  { urls, fetch, signal }: { urls: ReadonlyMap<NodeId, string>; fetch: FetchPort; signal: AbortSignal },
): Promise<PositionAnswer["holders"]> {
  if (record === null) return [];
  const asked = record.holders.map(async (holder): Promise<PositionAnswer["holders"][number]> => {
    const { nodeId } = holder;
    const piece = { hash: record.hash, shard: holder.holds === "shard" ? holder.shard : null };
    const url = urls.get(nodeId);
    if (url === undefined) return { nodeId, holds: "silent" };
    try {
      const options = { method: "HEAD", signal, deadlineMs: QUESTION_DEADLINE_MS, fetch };
      await ask(`${url}${PATHS.piece(piece)}`, options);
      return { nodeId, holds: "yes" };
    } catch (error) {
      return { nodeId, holds: errorCode(error) === "not-found" ? "no" : "silent" };
    }
  });
  return await Promise.all(asked);
}
