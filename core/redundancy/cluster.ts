/**
 * What decisions about redundancy know of the nodes. Who made it (membership, by its own clock) and how is not their
 * concern; the facts are those of one moment. Seconds and bytes.
 */
import type { NodeId } from "../ids.ts";
import type { Holder } from "../placement/record.ts";

/**
 * `suspect` is late, and still believed to have its bytes. `dead` has been away for longer than membership tolerates.
 * `draining` is alive, is read from, and shall hold nothing in the end.
 */
export type NodeState = "alive" | "suspect" | "draining" | "dead";

export interface NodeFacts {
  readonly nodeId: NodeId;
  /** What fails together: a machine, a rack, a house. Nodes that say nothing are a domain each. */
  readonly domain: string;
  /** Share of the chunks that it should have, > 0; for example its capacity in bytes. */
  readonly weight: number;
  readonly state: NodeState;
  readonly stateSinceSeconds: number;
  readonly freeBytes: number;
}

export type Cluster = ReadonlyMap<NodeId, NodeFacts>;

/** The failure domain of a node; one that nobody knows any more is a domain of its own. */
export function domainOf(cluster: Cluster, nodeId: NodeId): string {
  return cluster.get(nodeId)?.domain ?? `unknown:${nodeId}`;
}

/** Whether the piece counts as there: its node may be late or leaving, but not dead or forgotten. */
export function isCounted(cluster: Cluster, { nodeId }: Holder): boolean {
  const state = cluster.get(nodeId)?.state;
  return state !== undefined && state !== "dead";
}

/** Whether something can be read from it now. */
export function isReadable(cluster: Cluster, { nodeId }: Holder): boolean {
  const state = cluster.get(nodeId)?.state;
  return state === "alive" || state === "draining";
}
