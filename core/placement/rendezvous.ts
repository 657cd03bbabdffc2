/**
 * Weighted rendezvous hashing: every node gets a score for a key, the highest scores win. Adding or removing a node moves
 * only the keys that it wins or won (about 1/N), with no table to agree on.
 *
 * Sources: Thaler and Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM ToN 1998; the logarithmic
 * weighting after Schindelhauer and Schomaker, "Weighted distributed hash tables", SPAA 2005.
 */
import type { NodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import { hash32 } from "../text-hash.ts";

export interface WeightedNode {
  readonly nodeId: NodeId;
  /** Relative share of the keys, > 0; for example the capacity in bytes. */
  readonly weight: number;
}

/**
 * Nodes ordered by their claim on a key, best first. Equal input gives equal output everywhere.
 *
 * @param key what is placed, for example the text form of a position
 * @param nodes candidates, each id once
 */
export function rankByRendezvous(key: string, nodes: readonly WeightedNode[]): NodeId[] {
  return nodes
    .map((node) => {
      invariant(node.weight > 0, `Cannot place on node "${node.nodeId}" as its weight is ${node.weight}`);
      const uniform = (hash32(`${node.nodeId}\u0000${key}`) + 0.5) / 4294967296;
      return { nodeId: node.nodeId, score: -node.weight / Math.log(uniform) };
    })
    .sort((a, b) => b.score - a.score || (a.nodeId < b.nodeId ? -1 : 1))
    .map((scored) => scored.nodeId);
}
