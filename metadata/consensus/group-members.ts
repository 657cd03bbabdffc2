/**
 * Who shall vote in an acceptor group (pure), given who votes now and which nodes there are. Changing members costs every record of
 * the group a copy, so whoever votes stays unless there is a reason.
 */
import type { Member } from "#core/consensus/group.ts";
import type { NodeId } from "#core/ids.ts";
import { acceptorCount } from "#core/placement/groups.ts";
import { rankByRendezvous } from "#core/placement/rendezvous.ts";

/** A node that could vote. */
export interface AcceptorNode {
  readonly nodeId: NodeId;
  /** Of its acceptor, as it says now. */
  readonly incarnation: string;
  /** `gone`: silent for so long that it is not waited for. One that may not vote (yet) is silent. */
  readonly presence: "here" | "silent" | "gone";
  /** Whether it may be made a member. */
  readonly isWelcome: boolean;
  /** It shall leave its groups. */
  readonly isDraining: boolean;
}

export interface MembersQuestion {
  readonly group: number;
  /** Who votes now; none for a new group. */
  readonly current: readonly Member[];
  /** Each id once. */
  readonly nodes: readonly AcceptorNode[];
  /** Acceptors of a group when there are nodes enough. */
  readonly wanted: 3 | 5;
}

/**
 * The members that the group shall have, best in rank first.
 *
 * - A member whose disk was wiped is taken in anew under its new incarnation.
 * - A member that is gone or drained is replaced by the best node in rank that is here. One that is gone stays when there is
 *   no other: it may come back with its votes.
 * - A group grows when there are nodes for it, and never has an even number above two: it would survive no loss more.
 */
export function membersFor({ group, current, nodes, wanted }: MembersQuestion): Member[] {
  const usable = nodes.filter(({ isDraining }) => !isDraining);
  const here = usable.filter(({ presence }) => presence === "here");
  const isCurrent = ({ nodeId }: AcceptorNode) => current.some((member) => member.nodeId === nodeId);
  const kept = usable.filter((node) => isCurrent(node) && node.presence !== "gone");
  const gone = usable.filter((node) => isCurrent(node) && node.presence === "gone");
  const known = Math.min(3, usable.filter(({ isWelcome }) => isWelcome).length);
  const size = odd(Math.max(acceptorCount(here.length, wanted), known, Math.min(current.length, wanted)));
  const newcomers = inRank(
    group,
    here.filter((node) => !isCurrent(node)),
  );
  const silent = inRank(
    group,
    usable.filter((node) => !isCurrent(node) && node.isWelcome && node.presence === "silent"),
  );
  // A new group takes nodes that are silent for the moment rather than none at all.
  const strangers = current.length === 0 ? silent : [];
  const chosen = [...inRank(group, kept), ...newcomers, ...inRank(group, gone), ...strangers].slice(0, size);
  const members = chosen.length > 2 ? chosen.slice(0, odd(chosen.length)) : chosen;
  return inRank(group, members).map((node) => asMember(node, current));
}

/** Whether two lists name the same acceptors, in whatever order. */
export function sameMembers(a: readonly Member[], b: readonly Member[]): boolean {
  const isIn = (list: readonly Member[], one: Member) =>
    list.some(({ nodeId, incarnation }) => nodeId === one.nodeId && incarnation === one.incarnation);
  return a.length === b.length && a.every((one) => isIn(b, one));
}

/** A silent node is the acceptor that it was when it was last heard as a member. */
function asMember({ nodeId, incarnation, presence }: AcceptorNode, current: readonly Member[]): Member {
  const before = current.find((member) => member.nodeId === nodeId);
  return { nodeId, incarnation: presence === "here" || before === undefined ? incarnation : before.incarnation };
}

/** All weigh the same: votes take hardly any space. */
function inRank(group: number, nodes: readonly AcceptorNode[]): AcceptorNode[] {
  const weighted = nodes.map(({ nodeId }) => ({ nodeId, weight: 1 }));
  return rankByRendezvous(`group/${group}`, weighted).flatMap((id) => nodes.filter(({ nodeId }) => nodeId === id));
}

function odd(count: number): number {
  return count > 2 && count % 2 === 0 ? count - 1 : count;
}
