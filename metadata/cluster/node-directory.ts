/**
 * Who is there and how to reach them: drives the membership machine with the monotonic clock, and remembers addresses
 * across restarts.
 */
import type { NodeId } from "#core/ids.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { Heartbeat, NodeSummary } from "#wire/contract/cluster-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { MAX_NODES } from "#wire/contract/limits.ts";
import type { StorageTarget } from "#wire/exchange/store-chunk.ts";
import type { Log } from "#wire/server/log.ts";
import { addressForAsker } from "./asker-address.ts";
import { HeartbeatHistory } from "./heartbeat-history.ts";
import type { Member, Membership } from "./membership.ts";
import { onHeartbeat, onTick, rememberedMembers, TICK_MS } from "./membership.ts";
import type { NodeMemory } from "./node-memory.ts";

/** Above this share of its space a node takes no new chunk (it would answer 507). */
const FULL_RATIO = 0.95;

/** What of a node must be known from the first moment after a restart. */
const MEMORABLE = ["internalUrl", "publicUrl", "domain"] as const;

export interface NodeDirectory {
  /** @throws VStackError `too-many-requests` when {@link MAX_NODES} other nodes are known and none is dead */
  hear(heartbeat: Heartbeat): Promise<void>;
  /** Every known node, by id. */
  members(): Member[];
  /** Address for servers of every known node. */
  internalUrls(): Map<NodeId, string>;
  /** Nodes that are alive. */
  alive(): StorageTarget[];
  /** Nodes that are alive and not full. */
  writable(): StorageTarget[];
  /** When it was heard lately; wire/contract/cluster-live-api.ts says how to read it. */
  beats(nodeId: NodeId): (number | null)[];
  /** @param askedHost Host header of whoever asks */
  summaries(askedHost: string | undefined): NodeSummary[];
  /** Ticks until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

export async function openNodeDirectory(ports: { clock: Clock; memory: NodeMemory; log: Log }): Promise<NodeDirectory> {
  const { clock, memory, log } = ports;
  let membership: Membership = rememberedMembers(await memory.recall(), clock.nowMs());
  const history = new HeartbeatHistory();

  const become = (next: Membership) => {
    for (const [nodeId, member] of next.members) {
      const before = membership.members.get(nodeId)?.state;
      if (before !== member.state) log.info({ nodeId, before, state: member.state }, "Node changed state");
    }
    membership = next;
  };
  const members = () => {
    become(onTick(membership, clock.nowMs()));
    return [...membership.members.values()].sort((a, b) => (a.heartbeat.nodeId < b.heartbeat.nodeId ? -1 : 1));
  };

  const alive = () => members().filter(({ state }) => state === "alive");

  return {
    async hear(heartbeat) {
      const known = membership.members.get(heartbeat.nodeId)?.heartbeat;
      become(onHeartbeat(membership, heartbeat, clock.nowMs()));
      if (!membership.members.has(heartbeat.nodeId)) {
        throw new VStackError(
          "too-many-requests",
          `Cannot take in node "${heartbeat.nodeId}" as ${MAX_NODES} nodes are known`,
        );
      }
      history.heard(heartbeat.nodeId, clock.nowMs());
      history.keepOnly(membership.members);
      const moved = MEMORABLE.some((name) => known?.[name] !== heartbeat[name]);
      if (moved) await memory.remember([...membership.members.values()].map((member) => member.heartbeat));
    },
    members,
    internalUrls: () =>
      new Map(members().map(({ heartbeat }) => [heartbeat.nodeId, withoutSlash(heartbeat.internalUrl)])),
    alive: () => alive().map(storageTarget),
    writable: () =>
      alive()
        .filter(({ heartbeat }) => heartbeat.fillRatio < FULL_RATIO)
        .map(storageTarget),
    beats: (nodeId) => history.beats(nodeId, clock.nowMs()),
    summaries: (askedHost) =>
      members().map(({ heartbeat, state, heardAtMs }) => ({
        id: heartbeat.nodeId,
        url: addressForAsker(heartbeat.publicUrl, askedHost),
        state,
        pid: heartbeat.pid,
        fillRatio: heartbeat.fillRatio,
        chunkCount: heartbeat.chunkCount,
        usedBytes: heartbeat.usedBytes,
        freeBytes: heartbeat.freeBytes,
        lastHeardMs: Math.max(0, Math.round(clock.nowMs() - heardAtMs)),
        ...(heartbeat.domain === undefined ? {} : { domain: heartbeat.domain }),
      })),
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(TICK_MS, signal);
        history.awake(clock.nowMs());
        become(onTick(membership, clock.nowMs()));
      }
    },
  };
}

/** Its weight in rendezvous hashing is its capacity in bytes. */
function storageTarget({ heartbeat }: Member): StorageTarget {
  return {
    nodeId: heartbeat.nodeId,
    url: withoutSlash(heartbeat.internalUrl),
    weight: Math.max(1, heartbeat.usedBytes + heartbeat.freeBytes),
    ...(heartbeat.domain === undefined ? {} : { domain: heartbeat.domain }),
  };
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, "");
}
