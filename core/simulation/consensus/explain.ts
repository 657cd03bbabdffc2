/** Why an event happens, in a sentence: what a page shows beside the event's own words. */
import type { EventKind, PhaseName, SimulationEvent } from "./events.ts";

const PHASES: Readonly<Record<PhaseName, string>> = {
  read: "Reading: when a majority has one value in one ballot, it is decided, and one round trip is enough",
  prepare:
    "Phase 1: whoever does not own the position asks a majority for a promise, and learns what was accepted before",
  accept: "Phase 2: the acceptors are asked for their vote; a majority in one ballot decides",
  seal: "Sealing: the old members vote in no older epoch any more, and tell what they accepted: one phase 1 for every key",
  install: "Installing: the new members are given what the old ones had accepted, before anybody may vote there",
  store: "Storing: bytes without a vote",
};

const KINDS: Partial<Readonly<Record<EventKind, string>>> = {
  begin: "Somebody wants something: from here on it is an operation with a beginning and an end",
  drop: "A network may lose anything: the sender learns nothing, and gives up waiting after its deadline",
  duplicate: "A network may repeat anything: what comes twice must not count twice",
  delay: "A network may hold anything back: what comes late must not undo what came since",
  write: "In memory only: a crash would lose it, so nobody is told yet",
  flush: "Now it is on the disk: only from here on may the answer leave",
  lost: "The deadline is over. What was asked may have happened all the same",
  pause: "Rivals part by waiting a random while before they try again",
  decide:
    "A majority has the value in one ballot on its disks: any other majority shares a member with it, so no other value can be decided",
  outcome: "Whoever asked is told how it ended",
  reconfigure: "A change of members takes an epoch that nobody used before",
  activate: "The config master changes who votes by compare-and-set, and takes only the newest epoch that it gave away",
  reconfigured: "The coordinator has no more to do",
  crash: "What was in memory alone is gone; the disk stays",
  restart: "It goes on with what its disk has; a program is somebody new and has no ballot of round 0",
  wipe: "Another disk is another acceptor: it votes once a new epoch names it",
  partition: "Both sides go on; only a side with a majority can decide",
  heal: "What was refused or lost is tried again",
  quiet: "From here on every register must be read within twenty round trips",
  violation: "A promise of the protocol is broken: this must never happen while every rule is in force",
};

/** The reason for what happened; messages are explained by their phase. */
export function explain({ kind, phase }: Pick<SimulationEvent, "kind" | "phase">): string {
  return KINDS[kind] ?? (phase === null ? "" : PHASES[phase]);
}
