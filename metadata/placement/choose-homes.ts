/**
 * Which nodes shall hold a new chunk: members of its acceptor group first, so that the PUT of the bytes is the vote; among
 * them, and then among the others, by the rank of the position.
 */
import type { GroupConfig } from "#core/consensus/group.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import { rankByRendezvous } from "#core/placement/rendezvous.ts";
import type { StorageTarget } from "#wire/exchange/store-chunk.ts";

/**
 * All nodes in the order in which they are to be used: take as many as there shall be copies.
 *
 * @param nodes that may be given a chunk now
 * @param isDoubtful nodes that did not answer lately come last
 */
export function rankHomes(
  position: Position,
  { nodes, config }: { readonly nodes: readonly StorageTarget[]; readonly config: GroupConfig },
  isDoubtful: (nodeId: string) => boolean,
): StorageTarget[] {
  const ranked = rankByRendezvous(positionText(position), nodes).flatMap((id) =>
    nodes.filter(({ nodeId }) => nodeId === id),
  );
  const isMember = ({ nodeId }: StorageTarget) => config.members.some((member) => member.nodeId === nodeId);
  const place = (node: StorageTarget) => (isDoubtful(node.nodeId) ? 2 : 0) + (isMember(node) ? 0 : 1);
  return ranked.sort((a, b) => place(a) - place(b));
}
