/**
 * The cluster as decisions about redundancy see it: membership, draining, failure domains and space, with the time since which
 * each node has its state. Of dead nodes that time goes on after a restart (nodes-away.ts).
 */
import type { NodeId } from "#core/ids.ts";
import type { Cluster, NodeFacts } from "#core/redundancy/cluster.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import type { AwayMs } from "./nodes-away.ts";

export interface ClusterFactsPorts {
  readonly directory: Pick<NodeDirectory, "members">;
  readonly isDraining: (nodeId: NodeId) => boolean;
  readonly clock: Clock;
  /** How long nodes had been away when the program last ran. */
  readonly away: AwayMs;
}

export interface ClusterFacts {
  /** As it is now; seconds since 1970. */
  read(): Cluster;
  /** Another text: some node changed its state or its domain, came or went. */
  signature(): string;
  /** How long each dead node has been away, earlier runs of this program included. */
  away(): AwayMs;
}

export function clusterFacts({ directory, isDraining, clock, away }: ClusterFactsPorts): ClusterFacts {
  /** Of nodes that were away then and were not heard since. */
  const before = new Map(away);
  const since = new Map<NodeId, { readonly state: NodeFacts["state"]; readonly atMs: number }>();
  const read = (): Cluster => {
    const cluster = new Map<NodeId, NodeFacts>();
    const [nowMs, wallMs] = [clock.nowMs(), clock.wallMs()];
    for (const { heartbeat, state: heard } of directory.members()) {
      const { nodeId, usedBytes, freeBytes, domain } = heartbeat;
      const state = heard === "alive" && isDraining(nodeId) ? "draining" : heard;
      if (heard === "alive") before.delete(nodeId);
      const earlierMs = state === "dead" ? (before.get(nodeId) ?? 0) : 0;
      if (since.get(nodeId)?.state !== state) since.set(nodeId, { state, atMs: nowMs - earlierMs });
      const stateSinceSeconds = (wallMs - nowMs + (since.get(nodeId)?.atMs ?? nowMs)) / 1000;
      const weight = capacityWeight(usedBytes + freeBytes);
      cluster.set(nodeId, { nodeId, domain: domainName(nodeId, domain), weight, state, stateSinceSeconds, freeBytes });
    }
    for (const nodeId of since.keys()) if (!cluster.has(nodeId)) since.delete(nodeId);
    return cluster;
  };
  return {
    read,
    signature: () => [...read().values()].map(({ nodeId, state, domain }) => `${nodeId} ${state} ${domain}`).join(),
    away() {
      const seconds = clock.wallMs() / 1000;
      return new Map(
        [...read().values()].flatMap(({ nodeId, state, stateSinceSeconds }): [NodeId, number][] => {
          if (state === "dead") return [[nodeId, (seconds - stateSinceSeconds) * 1000]];
          const earlierMs = before.get(nodeId);
          return earlierMs === undefined ? [] : [[nodeId, earlierMs]];
        }),
      );
    },
  };
}

/** A label is never taken for the name of a node. */
function domainName(nodeId: NodeId, label: string | undefined): string {
  return label === undefined ? nodeId : `domain ${label}`;
}

/** In powers of two: what else fills the disk must not move pieces. */
function capacityWeight(bytes: number): number {
  return 2 ** Math.round(Math.log2(Math.max(1, bytes)));
}
