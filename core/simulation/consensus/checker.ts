/**
 * What must hold in every run, checked at every decision. The checker sees every disk, which nobody in the system does:
 * it counts for itself when a majority has a value, and compares with what the machines tell their callers.
 *
 * Linearizability is checked as it goes. Per register the versions are a total order of all changes (that they are one is
 * checked as agreement and chain), ids are unique, so an operation takes effect at a version that it names itself; what
 * remains is that nobody who begins after somebody has ended is told of an older version (Herlihy and Wing,
 * "Linearizability", 1990; Gibbons and Korach, "Testing Shared Memories", 1997: linear where writes are ordered).
 */
import { compareBallots } from "../../consensus/ballot.ts";
import type { GroupConfig } from "../../consensus/group.ts";
import { quorumOf } from "../../consensus/group.ts";
import type { Accepted } from "../../consensus/messages.ts";
import type { ProposalOutcome } from "../../consensus/proposal.ts";
import type { Change, Value } from "../../consensus/value.ts";
import type { Disk } from "./disk.ts";
import type { Body, InvariantName, Violation } from "./events.ts";

/** Votes for one value in one ballot. */
interface Tally {
  readonly accepted: Accepted<Body>;
  /** Incarnations that had it on their disks. */
  readonly voters: string[];
  isDecided: boolean;
}

/** What is known of one register. */
interface Register {
  readonly tallies: Tally[];
  /** Id of the value of each version; 0 is the empty register. */
  readonly idByVersion: (string | undefined)[];
  /** Ids of which somebody was told that they never came to stand. */
  readonly denied: Set<string>;
  deletedInVersion: number | null;
  /** Newest version that anybody was told of. */
  toldVersion: number;
}

/** One operation of a client, from its beginning. */
export interface Operation {
  readonly key: string;
  readonly change: Change<Body>;
  /** Newest version that anybody was told of before this operation began. */
  readonly floorVersion: number;
}

export class Checker {
  violation: Violation | null = null;
  /** Distinct values that were decided. */
  decisions = 0;
  /** Operations that were told an outcome other than `unknown`. */
  outcomes = 0;
  readonly #registers = new Map<string, Register>();
  readonly #configs = new Map<number, GroupConfig>();
  readonly #disks = new Map<string, Disk>();
  readonly #onDecided: (key: string, accepted: Accepted<Body>) => void;

  constructor(onDecided: (key: string, accepted: Accepted<Body>) => void) {
    this.#onDecided = onDecided;
  }

  onDisk(disk: Disk): void {
    this.#disks.set(disk.incarnation, disk);
  }

  /** An epoch is active from now on: what a majority of it has installed is decided. */
  onActive(config: GroupConfig): void {
    this.#configs.set(config.epoch, config);
    for (const [key, { tallies }] of this.#registers) {
      for (const tally of tallies) {
        if (tally.accepted.ballot.epoch === config.epoch) this.#count(key, tally);
      }
    }
  }

  /** A register of this incarnation was flushed. */
  onDurable(incarnation: string, key: string, accepted: Accepted<Body> | null): void {
    if (accepted === null) return;
    const { tallies } = this.#register(key);
    for (const tally of tallies) {
      if (compareBallots(tally.accepted.ballot, accepted.ballot) !== 0) continue;
      if (tally.accepted.value.id !== accepted.value.id) {
        const { epoch, round } = accepted.ballot;
        const both = `${tally.accepted.value.id} and ${accepted.value.id}`;
        this.#break("one-value-per-ballot", key, `${both} were both accepted in ballot ${epoch}.${round}`);
        return;
      }
      if (tally.voters.includes(incarnation)) return;
      tally.voters.push(incarnation);
      this.#count(key, tally);
      return;
    }
    const tally: Tally = { accepted, voters: [incarnation], isDecided: false };
    tallies.push(tally);
    this.#count(key, tally);
  }

  begin(key: string, change: Change<Body>): Operation {
    return { key, change, floorVersion: this.#register(key).toldVersion };
  }

  /** A client was told how its operation ended. */
  onOutcome(operation: Operation, outcome: ProposalOutcome<Body>, config: GroupConfig): void {
    if (outcome.outcome === "unknown") return;
    this.outcomes += 1;
    const { key, change } = operation;
    const register = this.#register(key);
    const value = outcome.outcome === "empty" ? null : outcome.value;
    if (value !== null) {
      if (!this.#configs.has(config.epoch)) {
        this.#break("active-epoch", key, `${value.id} was counted in epoch ${config.epoch}, which was never active`);
      }
      this.#decide(key, value);
      this.#checkDurable(key, value, config);
    }
    const version = value?.version ?? 0;
    if (version < operation.floorVersion) {
      const before = `version ${operation.floorVersion} had been told before`;
      this.#break("linearizable", key, `Version ${version} was told to somebody who began when ${before}`);
    }
    register.toldVersion = Math.max(register.toldVersion, version);
    if (change.change === "keep") return;
    if (outcome.outcome === "conflict" && outcome.isCertain) {
      register.denied.add(change.id);
      if (register.idByVersion.includes(change.id)) this.#breakDenied(key, change.id);
    }
    if (outcome.outcome === "chosen" && outcome.value.id !== change.id) {
      this.#break("linearizable", key, `${change.id} was acknowledged, and ${outcome.value.id} stands`);
    }
  }

  /** A register that had no answer for whoever asked when nothing failed any more. */
  onStuck(key: string, text: string): void {
    this.#break("liveness", key, text);
  }

  #count(key: string, tally: Tally): void {
    if (tally.isDecided) return;
    const config = this.#configs.get(tally.accepted.ballot.epoch);
    if (config === undefined || tally.voters.length < quorumOf(config)) return;
    const votes = config.members.filter(({ incarnation }) => tally.voters.includes(incarnation)).length;
    if (votes < quorumOf(config)) return;
    tally.isDecided = true;
    this.#onDecided(key, tally.accepted);
    this.#decide(key, tally.accepted.value);
  }

  #decide(key: string, value: Value<Body>): void {
    const register = this.#register(key);
    if ((value.version === 1) !== (value.previousId === null)) {
      const claim = `replaces ${value.previousId ?? "nothing"}`;
      this.#break("version-chain", key, `${value.id} is version ${value.version} and ${claim}`);
      return;
    }
    this.#note(key, value.version, value.id, "agreement");
    if (value.previousId !== null) this.#note(key, value.version - 1, value.previousId, "version-chain");
    if (value.body === null) register.deletedInVersion ??= value.version;
    const { deletedInVersion } = register;
    if (deletedInVersion !== null && register.idByVersion.length > deletedInVersion + 1) {
      this.#break("tombstone", key, `A value was decided after the deletion in version ${deletedInVersion}`);
    }
  }

  /** This id stands for this version; a predecessor counts, as whoever built on it made it stand. */
  #note(key: string, version: number, id: string, invariant: InvariantName): void {
    const register = this.#register(key);
    const known = register.idByVersion[version];
    if (known === id) return;
    if (known !== undefined) {
      this.#break(invariant, key, `Version ${version} is ${known}, and ${id} as well`);
      return;
    }
    const other = register.idByVersion.indexOf(id);
    if (other !== -1) {
      this.#break("agreement", key, `${id} is version ${other}, and ${version} as well`);
      return;
    }
    while (register.idByVersion.length <= version) register.idByVersion.push(undefined);
    register.idByVersion[version] = id;
    this.decisions += 1;
    if (register.denied.has(id)) this.#breakDenied(key, id);
  }

  /** The value, or one that came after it, is on the disks of a majority; a disk that was lost since counts as it was. */
  #checkDurable(key: string, value: Value<Body>, config: GroupConfig): void {
    const holders = config.members.filter(({ incarnation }) => {
      const held = this.#disks.get(incarnation)?.registers.get(key)?.accepted?.value;
      return held !== undefined && (held.version > value.version || held.id === value.id);
    });
    if (holders.length >= quorumOf(config)) return;
    const text = `${value.id} was acknowledged with ${holders.length} of ${config.members.length} disks holding it`;
    this.#break("acknowledged-is-durable", key, text);
  }

  #breakDenied(key: string, id: string): void {
    this.#break("linearizable", key, `${id} was said never to have stood, and does`);
  }

  #register(key: string): Register {
    const known = this.#registers.get(key);
    if (known !== undefined) return known;
    const register: Register = {
      tallies: [],
      idByVersion: [],
      denied: new Set(),
      deletedInVersion: null,
      toldVersion: 0,
    };
    this.#registers.set(key, register);
    return register;
  }

  /** The first one is kept: what follows follows from it. */
  #break(invariant: InvariantName, key: string, text: string): void {
    this.violation ??= { invariant, key, text };
  }
}
