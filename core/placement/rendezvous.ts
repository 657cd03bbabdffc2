/**
 * Weighted rendezvous hashing: every node gets a score for a key, the highest scores win. Adding or removing a node moves
 * only the keys that it wins or won (about 1/N), with no table to agree on.
 *
 * Sources: Thaler and Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM ToN 1998; the logarithmic
 * weighting after Schindelhauer and Schomaker, "Weighted distributed hash tables", SPAA 2005.
 */
import type { NodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";

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

/** FNV-1a over UTF-16 units, finished with the murmur3 avalanche: spreads keys that differ only at the end. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
