/**
 * Moves after a node joined: a chunk gives a piece to the new node if rendezvous hashing ranks it among the first as many
 * nodes as there are pieces, and takes it from the holder that ranks last. Of N nodes' pieces about 1/N moves, none between
 * two nodes that were there before. One piece of a chunk at a time, each move a transition like any other.
 *
 * A node that leaves is `draining`; its pieces are moved by repair-plan.ts, as if they were lost, but readable.
 */
import type { NodeId } from "../ids.ts";
import type { Holder } from "../placement/record.ts";
import { rankByRendezvous } from "../placement/rendezvous.ts";
import type { Cluster } from "./cluster.ts";
import { domainOf } from "./cluster.ts";
import { pieceBytes } from "./form.ts";
import type { ChunkFacts } from "./repair-plan.ts";

export interface Move {
  readonly chunk: ChunkFacts;
  readonly holders: readonly Holder[];
  readonly from: NodeId;
  readonly to: NodeId;
  readonly writeBytes: number;
  readonly reason: string;
}

/** The move that a chunk wants; undefined when it lies as it should, or when it has to be repaired first. */
export function moveFor(chunk: ChunkFacts, cluster: Cluster): Move | undefined {
  const { key, record, faulty } = chunk;
  const holders = record.holders;
  if (faulty.length > 0 || holders.some(({ nodeId }) => cluster.get(nodeId)?.state !== "alive")) return undefined;
  const ranked = rankByRendezvous(key, [...cluster.values()]);
  const rank = new Map(ranked.map((nodeId, at) => [nodeId, at]));
  const wanted = firstOfDomains(ranked, cluster, holders.length);
  const last = holders.reduce((worst, piece) => (rankOf(rank, piece) > rankOf(rank, worst) ? piece : worst));
  for (const nodeId of wanted) {
    if (holders.some((piece) => piece.nodeId === nodeId)) continue;
    const piece = placeToLeave(nodeId, holders, cluster) ?? last;
    const writeBytes = pieceBytes(record.sizeBytes, record.scheme, piece);
    const node = cluster.get(nodeId);
    if (node?.state !== "alive" || node.freeBytes < writeBytes) continue;
    if ((rank.get(nodeId) ?? Infinity) >= rankOf(rank, piece)) continue;
    return {
      chunk,
      holders: holders.map((one) => (one === piece ? { ...one, nodeId } : one)),
      from: piece.nodeId,
      to: nodeId,
      writeBytes,
      reason: `${nodeId} ranks before ${piece.nodeId} for "${key}"`,
    };
  }
  return undefined;
}

/** Of the new node's own domain: that piece has to go, or two would share the domain. */
function placeToLeave(nodeId: NodeId, holders: readonly Holder[], cluster: Cluster): Holder | undefined {
  return holders.find((piece) => domainOf(cluster, piece.nodeId) === domainOf(cluster, nodeId));
}

function firstOfDomains(ranked: readonly NodeId[], cluster: Cluster, count: number): NodeId[] {
  const seen = new Set<string>();
  const first: NodeId[] = [];
  for (const nodeId of ranked) {
    const domain = domainOf(cluster, nodeId);
    if (seen.has(domain)) continue;
    seen.add(domain);
    first.push(nodeId);
    if (first.length === count) break;
  }
  return first;
}

function rankOf(rank: ReadonlyMap<NodeId, number>, { nodeId }: Holder): number {
  return rank.get(nodeId) ?? Infinity;
}
