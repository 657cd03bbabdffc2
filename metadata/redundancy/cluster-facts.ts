/**
 * The cluster as decisions about redundancy see it: membership, draining and space, with the time since which each node has
 * its state. After a restart that time begins anew: a node is then waited for once more.
 */
import type { NodeId } from "#core/ids.ts";
import type { Cluster, NodeFacts } from "#core/redundancy/cluster.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";

export interface ClusterFactsPorts {
  readonly directory: Pick<NodeDirectory, "members">;
  readonly isDraining: (nodeId: NodeId) => boolean;
  readonly clock: Clock;
}

export interface ClusterFacts {
  /** As it is now; seconds since 1970. */
  read(): Cluster;
  /** Another text: some node changed its state, came or went. */
  signature(): string;
}

export function clusterFacts({ directory, isDraining, clock }: ClusterFactsPorts): ClusterFacts {
  const since = new Map<NodeId, { readonly state: NodeFacts["state"]; readonly atMs: number }>();
  const read = (): Cluster => {
    const cluster = new Map<NodeId, NodeFacts>();
    const [nowMs, wallMs] = [clock.nowMs(), clock.wallMs()];
    for (const { heartbeat, state: heard } of directory.members()) {
      const { nodeId, usedBytes, freeBytes } = heartbeat;
      const state = heard === "alive" && isDraining(nodeId) ? "draining" : heard;
      if (since.get(nodeId)?.state !== state) since.set(nodeId, { state, atMs: nowMs });
      const stateSinceSeconds = (wallMs - nowMs + (since.get(nodeId)?.atMs ?? nowMs)) / 1000;
      const weight = capacityWeight(usedBytes + freeBytes);
      cluster.set(nodeId, { nodeId, domain: nodeId, weight, state, stateSinceSeconds, freeBytes });
    }
    for (const nodeId of since.keys()) if (!cluster.has(nodeId)) since.delete(nodeId);
    return cluster;
  };
  return {
    read,
    signature: () => [...read().values()].map(({ nodeId, state }) => `${nodeId} ${state}`).join(),
  };
}

/** In powers of two: what else fills the disk must not move pieces. */
function capacityWeight(bytes: number): number {
  return 2 ** Math.round(Math.log2(Math.max(1, bytes)));
}
