/**
 * What storage nodes remember of acceptor groups, put together: which members may have voted last, and whether enough of them
 * are there to know everything that was ever decided. Pure.
 */
import type { GroupConfig, Member } from "#core/consensus/group.ts";
import { quorumOf } from "#core/consensus/group.ts";
import type { GroupsAnswer } from "#wire/client/acceptor-client.ts";

export interface GroupEvidence {
  readonly group: number;
  /** Highest epoch that anybody has heard of. */
  readonly usedEpoch: number;
  /**
   * Members that may have voted last: of the newest epoch in which somebody has proposed, and of every later one for which
   * values were installed. Oldest first.
   */
  readonly configs: readonly GroupConfig[];
}

/** @param answers one of each node */
export function evidenceOf(answers: readonly GroupsAnswer[]): GroupEvidence[] {
  const groups = [...new Set(answers.flatMap((answer) => answer.groups.map(({ group }) => group)))];
  return groups
    .sort((a, b) => a - b)
    .map((group) => {
      const known = answers.flatMap((answer) => answer.groups.filter((one) => one.group === group));
      const activeEpoch = Math.max(0, ...known.map(({ active }) => active?.epoch ?? 0));
      const configs = new Map<number, GroupConfig>();
      for (const config of known.flatMap(({ active, installed }) => [active, installed])) {
        if (config !== null && config.epoch >= activeEpoch) configs.set(config.epoch, config);
      }
      return {
        group,
        usedEpoch: Math.max(...known.map(({ sealedEpoch }) => sealedEpoch), ...configs.keys()),
        configs: [...configs.values()].sort((a, b) => a.epoch - b.epoch),
      };
    });
}

/**
 * Why a group cannot be taken over, in words for people; null when it can.
 *
 * A majority of each of those members has to be there, as any of them may have decided last. When the nodes know an epoch whose
 * members nobody names, a change of members was under way, and only all the others together prove that it did not come to its
 * end.
 *
 * @param present acceptors that have answered, with their incarnations of now
 * @param named every node that any group names
 */
export function missingFor(
  { group, usedEpoch, configs }: GroupEvidence,
  { present, named }: { readonly present: readonly Member[]; readonly named: readonly string[] },
): string | null {
  const isThere = (member: Member) =>
    present.some(({ nodeId, incarnation }) => nodeId === member.nodeId && incarnation === member.incarnation);
  for (const config of configs) {
    const missing = config.members.filter((member) => !isThere(member)).map(({ nodeId }) => nodeId);
    if (config.members.length - missing.length >= quorumOf(config)) continue;
    const needed = `${quorumOf(config)} of ${config.members.length}`;
    return `group ${group} needs ${needed} members of epoch ${config.epoch}, and these do not answer or were wiped: ${missing.sort().join(", ")}`;
  }
  const absent = named.filter((nodeId) => !present.some((member) => member.nodeId === nodeId));
  if (usedEpoch <= (configs.at(-1)?.epoch ?? 0) || absent.length === 0) return null;
  return `group ${group} was changing its members (epoch ${usedEpoch}), and these do not answer: ${absent.sort().join(", ")}`;
}
