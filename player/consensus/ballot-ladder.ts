/**
 * The ballots of one key as rungs, the highest first: who promised each, who accepted what in it, what of that is on a
 * disk, and where a majority decided. Read off the recorded registers, never computed anew.
 */
import type { Ballot } from "#core/consensus/ballot.ts";
import { compareBallots } from "#core/consensus/ballot.ts";
import { quorumOf } from "#core/consensus/group.ts";
import type { NodeView } from "#core/simulation/consensus/playground.ts";
import type { Recording } from "./recording.ts";
import { frameAt } from "./recording.ts";

/** What one acceptor did in one ballot. */
export interface Mark {
  /** Number of the frame in which it promised or accepted; null when it did not. */
  readonly promisedAt: number | null;
  readonly acceptedAt: number | null;
  /** Whether it is on the disk. */
  readonly isDurable: boolean;
  /** A crash or an empty disk took it. */
  readonly isGone: boolean;
}

export interface Rung {
  readonly ballot: Ballot;
  readonly valueId: string | null;
  /** In the order of the nodes. */
  readonly marks: readonly Mark[];
  /** Members that have it on their disks. */
  readonly votes: number;
  readonly quorum: number;
  /** Number of the frame in which a majority had it; null when there was none. */
  readonly decidedAt: number | null;
}

export interface Ladder {
  readonly nodeIds: readonly string[];
  readonly rungs: readonly Rung[];
}

interface Seen {
  promisedAt: number | null;
  acceptedAt: number | null;
  isDurable: boolean;
}

interface Building {
  readonly ballot: Ballot;
  valueId: string | null;
  readonly byNode: Map<string, Seen>;
}

/** Keys that anybody asked about so far, in their order. */
export function keysAt(recording: Recording, at: number): readonly string[] {
  const keys = new Set<string>();
  for (const { registers } of frameAt(recording, at).view.nodes) for (const { key } of registers) keys.add(key);
  return [...keys].sort();
}

export function ladderOf(recording: Recording, at: number, key: string): Ladder {
  const { view, eventCount } = frameAt(recording, at);
  const rungs = new Map<string, Building>();
  for (let frame = 0; frame <= at; frame += 1) {
    for (const node of frameAt(recording, frame).view.nodes) noteNode(rungs, node, key, frame);
  }
  const decided = new Map<string, number>();
  for (const { kind, ballot, key: of, index } of recording.events.slice(0, eventCount)) {
    if (kind !== "decide" || of !== key || ballot === null) continue;
    decided.set(nameOf(ballot), frameIndexOf(recording, index));
  }
  const members = new Set(view.active.members.map(({ incarnation }) => incarnation));
  const ordered = [...rungs.values()].sort((one, other) => compareBallots(other.ballot, one.ballot));
  return {
    nodeIds: view.nodes.map(({ nodeId }) => nodeId),
    rungs: ordered.map(({ ballot, valueId, byNode }) => ({
      ballot,
      valueId,
      marks: view.nodes.map((node) => markOf(byNode.get(node.nodeId), node, { key, ballot })),
      votes: view.nodes.filter((node) => members.has(node.incarnation) && hasOnDisk(node, key, ballot)).length,
      quorum: quorumOf(view.active),
      decidedAt: decided.get(nameOf(ballot)) ?? null,
    })),
  };
}

function noteNode(rungs: Map<string, Building>, node: NodeView, key: string, frame: number): void {
  const register = node.registers.find((one) => one.key === key);
  if (register === undefined) return;
  const { promised, accepted } = register.memory;
  if (promised !== null) seenAt(rungs, promised, node.nodeId).promisedAt ??= frame;
  if (accepted === null) return;
  const seen = seenAt(rungs, accepted.ballot, node.nodeId);
  seen.acceptedAt ??= frame;
  const rung = rungs.get(nameOf(accepted.ballot));
  if (rung !== undefined) rung.valueId = accepted.value.id;
}

function seenAt(rungs: Map<string, Building>, ballot: Ballot, nodeId: string): Seen {
  const name = nameOf(ballot);
  const rung = rungs.get(name) ?? { ballot, valueId: null, byNode: new Map<string, Seen>() };
  rungs.set(name, rung);
  const seen = rung.byNode.get(nodeId) ?? { promisedAt: null, acceptedAt: null, isDurable: false };
  rung.byNode.set(nodeId, seen);
  return seen;
}

const NO_MARK: Mark = { promisedAt: null, acceptedAt: null, isDurable: false, isGone: false };

function markOf(
  seen: Seen | undefined,
  node: NodeView,
  { key, ballot }: { readonly key: string; readonly ballot: Ballot },
): Mark {
  if (seen === undefined) return NO_MARK;
  const register = node.registers.find((one) => one.key === key);
  const holds = register?.memory.promised ?? null;
  return {
    promisedAt: seen.promisedAt,
    acceptedAt: seen.acceptedAt,
    isDurable: compareBallots(register?.disk?.promised ?? null, ballot) >= 0,
    isGone: compareBallots(holds, ballot) < 0,
  };
}

function hasOnDisk({ registers }: NodeView, key: string, ballot: Ballot): boolean {
  const accepted = registers.find((one) => one.key === key)?.disk?.accepted ?? null;
  return accepted !== null && compareBallots(accepted.ballot, ballot) === 0;
}

function frameIndexOf({ frames }: Recording, index: number): number {
  return frames.findIndex(({ eventCount }) => eventCount > index);
}

function nameOf({ epoch, round, proposer }: Ballot): string {
  return `${epoch}.${round}.${proposer}`;
}
