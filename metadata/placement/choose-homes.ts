/**
 * Which nodes shall hold a new chunk: one for each failure domain as long as there are some, as no copy is of use when what
 * takes one takes the other; among those, members of its acceptor group first, so that the PUT of the bytes is the vote; and
 * then by the rank of the position.
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
  const left = rankByRendezvous(positionText(position), nodes).flatMap((id) =>
    nodes.filter(({ nodeId }) => nodeId === id),
  );
  const isMember = ({ nodeId }: StorageTarget) => config.members.some((member) => member.nodeId === nodeId);
  const ordered: StorageTarget[] = [];
  const used = new Map<string, number>();
  const place = (node: StorageTarget) => [
    isDoubtful(node.nodeId) ? 1 : 0,
    used.get(node.domain ?? node.nodeId) ?? 0,
    isMember(node) ? 0 : 1,
  ];
  while (left.length > 0) {
    const [best] = left.map((node, at) => ({ node, at, place: place(node) })).sort(byPlace);
    if (best === undefined) break;
    left.splice(best.at, 1);
    ordered.push(best.node);
    const domain = best.node.domain ?? best.node.nodeId;
    used.set(domain, (used.get(domain) ?? 0) + 1);
  }
  return ordered;
}

type Placed = { readonly place: readonly number[] };

/** The first number that differs decides; equal ones keep their order. */
function byPlace(one: Placed, other: Placed): number {
  return one.place.map((number, at) => number - (other.place[at] ?? 0)).find((difference) => difference !== 0) ?? 0;
}
