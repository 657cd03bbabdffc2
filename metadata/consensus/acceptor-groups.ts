/**
 * Which acceptors vote on a video, as proposers ask it: the active members by the config master, chosen when a group is needed
 * for the first time. No node becomes a member before it was asked what it remembers: an acceptor that has voted under an
 * earlier catalogue must not vote in epochs that are counted anew.
 */
import type { GroupConfig } from "#core/consensus/group.ts";
import { quorumOf } from "#core/consensus/group.ts";
import type { NodeId } from "#core/ids.ts";
import { ACKNOWLEDGED_COPIES } from "#core/placement/record.ts";
import type { AcceptorTarget, Asking, GroupsAnswer } from "#wire/client/acceptor-client.ts";
import { askGroups } from "#wire/client/acceptor-client.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { Groups } from "#wire/exchange/decide-record.ts";
import type { Log } from "#wire/server/log.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import type { AcceptorRegistry } from "./acceptor-registry.ts";
import type { ConfigMaster, GroupState } from "./config-master.ts";
import type { AcceptorNode } from "./group-members.ts";
import { membersFor } from "./group-members.ts";

/** A node that does not say its groups within this is asked again when they are needed. */
const QUESTION_DEADLINE_MS = 2000;

export interface AcceptorGroups extends Groups {
  /** Whether enough members of a group can be reached to decide anything; true for one that is still to be made. */
  canDecide(group: number): Promise<boolean>;
  /** Whether this group was ever made. */
  exists(group: number): Promise<boolean>;
  /** Every known node as an acceptor. */
  nodes(): AcceptorNode[];
  /** Asks nodes that were not asked yet what they remember. */
  meet(signal: AbortSignal): Promise<void>;
  /** Nodes that vote for another catalogue. */
  foreigners(): NodeId[];
  /** The master has made something else active. */
  forget(group: number): void;
  reach(config: GroupConfig): { readonly reachable: number; readonly quorum: number };
}

export interface AcceptorGroupsPorts {
  readonly master: ConfigMaster;
  readonly registry: AcceptorRegistry;
  readonly directory: Pick<NodeDirectory, "members" | "internalUrls">;
  readonly wanted: 3 | 5;
  /** Silent for so long, a node is not waited for any more. */
  readonly goneAfterMs: number;
  readonly nowMs: () => number;
  readonly mint: Asking["mint"];
  readonly fetch: FetchPort;
  readonly log: Log;
}

export function acceptorGroups(ports: AcceptorGroupsPorts): AcceptorGroups {
  const { master, registry, directory, wanted, log } = ports;
  const active = new Map<number, GroupConfig>();
  const founding = new Map<number, Promise<GroupConfig>>();

  const heard = () => directory.members();
  const nodes = (): AcceptorNode[] =>
    heard().map(({ heartbeat: { nodeId, acceptor }, state, heardAtMs }) => {
      const isWelcome = registry.standing(nodeId, acceptor.incarnation) === "welcome";
      const isGone = state === "dead" && ports.nowMs() - heardAtMs > ports.goneAfterMs;
      const presence = isGone ? "gone" : state === "alive" && isWelcome ? "here" : "silent";
      const { incarnation } = acceptor;
      return { nodeId, incarnation, presence, isWelcome, isDraining: registry.isDraining(nodeId) };
    });
  const foreigners = () =>
    heard()
      .filter(({ heartbeat: { nodeId, acceptor } }) => registry.standing(nodeId, acceptor.incarnation) === "foreign")
      .map(({ heartbeat }) => heartbeat.nodeId);
  const meet = async (signal: AbortSignal) => {
    const known = await master.states();
    const strangers = heard().filter(
      ({ heartbeat: { nodeId, acceptor }, state }) =>
        state === "alive" && registry.standing(nodeId, acceptor.incarnation) === "new",
    );
    const urls = directory.internalUrls();
    await Promise.all(
      strangers.map(async ({ heartbeat: { nodeId } }) => {
        const target: AcceptorTarget = { nodeId, url: urls.get(nodeId) ?? "" };
        try {
          const asking = { mint: ports.mint, fetch: ports.fetch, signal, deadlineMs: QUESTION_DEADLINE_MS };
          const { incarnation, groups } = await askGroups(target, asking);
          const isOurs = groups.every((group) => isKnown(group, known));
          registry.judge(nodeId, incarnation, isOurs ? "welcome" : "foreign");
          if (!isOurs) log.error({ nodeId }, "A node votes in groups that this catalogue does not know");
        } catch (error) {
          log.warn({ nodeId, err: error }, "A node does not say what it remembers: it is no acceptor yet");
        }
      }),
    );
  };
  const found = async (group: number, signal: AbortSignal): Promise<GroupConfig> => {
    await meet(signal);
    const strangers = foreigners();
    if (strangers.length > 0 && (await master.states()).length === 0) throw earlierCatalogue(strangers);
    const members = membersFor({ group, current: [], nodes: nodes(), wanted });
    if (members.length < ACKNOWLEDGED_COPIES) {
      throw new VStackError(
        "unavailable",
        `Cannot decide anything as ${ACKNOWLEDGED_COPIES} storage nodes are needed to vote: there are ${members.length}`,
      );
    }
    const config = await master.found(group, members);
    log.info({ group, epoch: config.epoch, members: config.members }, "Made an acceptor group");
    return config;
  };
  const reach = (config: GroupConfig) => {
    const known = new Map(heard().map((member) => [String(member.heartbeat.nodeId), member]));
    const reachable = config.members.filter(({ nodeId, incarnation }) => {
      const node = known.get(nodeId);
      if (node === undefined || node.state === "dead" || node.remembered) return false;
      return node.heartbeat.acceptor.incarnation === incarnation;
    });
    return { reachable: reachable.length, quorum: quorumOf(config) };
  };

  return {
    async current(group, signal) {
      const known = active.get(group);
      if (known !== undefined) return known;
      const state = await master.state(group);
      const kept = state?.active ?? null;
      if (kept !== null) {
        active.set(group, kept);
        return kept;
      }
      const begun = founding.get(group) ?? found(group, signal);
      founding.set(group, begun);
      try {
        const config = await begun;
        active.set(group, config);
        return config;
      } finally {
        founding.delete(group);
      }
    },
    async canDecide(group) {
      const config = active.get(group) ?? (await master.state(group))?.active ?? null;
      if (config === null) return true;
      const { reachable, quorum } = reach(config);
      return reachable >= quorum;
    },
    async exists(group) {
      return active.has(group) || ((await master.state(group))?.active ?? null) !== null;
    },
    ...{ nodes, meet, foreigners, reach },
    forget(group) {
      active.delete(group);
    },
  };
}

/** What nodes are, and what this server is not. */
function earlierCatalogue(nodeIds: readonly NodeId[]): VStackError {
  return new VStackError(
    "unavailable",
    `Cannot store anything as ${nodeIds.join(", ")} belong to an earlier catalogue, and this one is empty: run "vstack rebuild-catalogue", or delete the folders of the nodes to begin anew`,
  );
}

/** Whether every epoch that the acceptor remembers was given out by our master. */
function isKnown(
  { group, sealedEpoch, active, installed }: GroupsAnswer["groups"][number],
  known: GroupState[],
): boolean {
  const ours = known.find((state) => state.group === group);
  const newest = Math.max(ours?.active?.epoch ?? 0, ours?.pending?.epoch ?? 0);
  return Math.max(sealedEpoch, active?.epoch ?? 0, installed?.epoch ?? 0) <= newest;
}
