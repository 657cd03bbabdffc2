/**
 * The log of a simulated run: what happened, where, in which order, and because of what. Two runs of one seed write the
 * same log, byte for byte; a page draws it, and a transcript tells it. What is named here is what the shipped machines
 * said and wrote, never a script.
 */
import type { Ballot } from "../../consensus/ballot.ts";

/** What a record is to the register: nothing but a value. Holders only say which requests carry the bytes. */
export interface Body {
  /** For people: `3 copies`, `3+2 shards`. */
  readonly text: string;
  /** Nodes that are to hold bytes. */
  readonly holders: readonly string[];
}

export type EventKind =
  /** Somebody wants a change, or to read. */
  | "begin"
  /** A proposer takes a ballot, or asks what stands. */
  | "ballot"
  | "send"
  | "drop"
  | "duplicate"
  | "delay"
  | "deliver"
  /** An acceptor has changed its memory; not on its disk yet. */
  | "write"
  /** What was written is on the disk. */
  | "flush"
  /** An acceptor's answer leaves. */
  | "answer"
  /** The deadline of a request is over. */
  | "lost"
  /** A proposer waits a random while. */
  | "pause"
  /** A majority of an active epoch has one value in one ballot on its disks. */
  | "decide"
  /** Whoever wanted something is told how it ended. */
  | "outcome"
  /** A reconfiguration begins, its epoch becomes active, or it ends. */
  | "reconfigure"
  | "activate"
  | "reconfigured"
  | "crash"
  | "restart"
  | "wipe"
  /** Some cannot reach some others. */
  | "partition"
  | "heal"
  /** From here on nothing fails any more. */
  | "quiet"
  | "violation";

/** The part of the protocol that an event belongs to. */
export type PhaseName = "read" | "prepare" | "accept" | "seal" | "install" | "store";

/** One line of the log. */
export interface SimulationEvent {
  /** Its place in the log, from 0. */
  readonly index: number;
  /** Number of the step of the simulated world that it belongs to; a step is one thing happening at one place. */
  readonly step: number;
  readonly atMs: number;
  readonly kind: EventKind;
  /** Where it happens: a node (`n1`) or a program that asks (`u1`). */
  readonly node: string;
  /** The other end of a message. */
  readonly peer: string | null;
  /** Number of the message; a request and its answer have two, a duplicate has its own. */
  readonly message: number | null;
  readonly phase: PhaseName | null;
  readonly key: string | null;
  readonly ballot: Ballot | null;
  readonly valueId: string | null;
  /** Version of the value; for reconfigurations the epoch. */
  readonly version: number | null;
  /** Index of the event that made this one happen. */
  readonly cause: number | null;
  /** In plain words, without the time. */
  readonly text: string;
}

/** What is left out of an event is null. */
export type EventDraft = Pick<SimulationEvent, "kind" | "node" | "text"> &
  Partial<Omit<SimulationEvent, "index" | "step" | "atMs" | "kind" | "node" | "text">>;

/** Rules of agreement that a run may be found to break. */
export type InvariantName =
  /** Two values of one version, or one value in two versions. */
  | "agreement"
  /** A version whose predecessor is not the value that was decided before it. */
  | "version-chain"
  /** Two values in one ballot. */
  | "one-value-per-ballot"
  /** A change was acknowledged that is not on the disks of a majority. */
  | "acknowledged-is-durable"
  /** A value was counted as decided in an epoch that was never active. */
  | "active-epoch"
  /** A value after a deletion. */
  | "tombstone"
  /** Somebody was told of an older version than somebody before it, or of a change that cannot be. */
  | "linearizable"
  /** A register that does not decide though nothing fails any more. */
  | "liveness";

export interface Violation {
  readonly invariant: InvariantName;
  readonly key: string;
  readonly text: string;
}

/** Events that a log keeps; a run of a schedule has some hundreds. */
const MAX_EVENTS = 20_000;

export class EventLog {
  readonly events: SimulationEvent[] = [];
  #step = -1;
  /** Of the event that the present step began with; null between steps. */
  #cause: number | null = null;

  beginStep(): void {
    this.#step += 1;
    this.#cause = null;
  }

  /** What follows in this step happens because of this event. */
  because(index: number | null): void {
    this.#cause = index;
  }

  get cause(): number | null {
    return this.#cause;
  }

  /** @returns the event's index */
  add(atMs: number, draft: EventDraft): number {
    const index = this.events.length;
    if (index >= MAX_EVENTS) return index;
    const empty = { peer: null, message: null, phase: null, key: null, ballot: null, valueId: null, version: null };
    this.events.push({
      ...{ index, step: Math.max(0, this.#step), atMs: Math.round(atMs * 1000) / 1000 },
      ...empty,
      cause: this.#cause,
      ...draft,
    });
    return index;
  }
}
