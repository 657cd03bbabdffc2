/**
 * A simulated storage node: the shipped acceptor, a memory that a crash loses, and a disk that keeps what was flushed. A
 * flush is an event of its own; answers wait for it, also those that wrote nothing themselves but were made from what is
 * not on the disk yet.
 */
import type { Register, Write } from "../../consensus/acceptor.ts";
import { answerEntries, answerSeal } from "../../consensus/acceptor.ts";
import type { Ballot } from "../../consensus/ballot.ts";
import type { EntriesAnswer, EntriesRequest, SealAnswer, SealRequest } from "../../consensus/messages.ts";
import type { Rules } from "../../consensus/rules.ts";
import type { Random } from "../../random.ts";
import type { Alarm, VirtualClock } from "../virtual-clock.ts";
import type { Checker } from "./checker.ts";
import { Disk } from "./disk.ts";
import type { Body, EventLog } from "./events.ts";

export type Question =
  | { readonly kind: "entries"; readonly request: EntriesRequest<Body> }
  | { readonly kind: "seal"; readonly request: SealRequest }
  /** Bytes without a vote, for whoever holds without being a member, or gets shards before the vote. */
  | { readonly kind: "store"; readonly text: string };

export type Answer = EntriesAnswer<Body> | SealAnswer<Body> | { readonly say: "stored" };

export interface NodeSurroundings {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly rules: Rules;
  readonly checker: Checker;
  readonly log: EventLog | null;
  readonly isGranted: (key: string, ballot: Ballot) => boolean;
  /** How long a flush takes, drawn anew for each. */
  readonly flushMs: () => number;
}

/** Who asked: gets the answer, or learns after its deadline that there is none. */
export interface Asker {
  readonly respond: (answer: Answer) => void;
  readonly lose: () => void;
}

export class SimulatedNode {
  readonly nodeId: string;
  /** Survives a crash. */
  disk: Disk;
  /** What the node works with; differs from the disk by what is not flushed. */
  memory: Disk;
  isUp = true;
  readonly #around: NodeSurroundings;
  #unflushed: Write<Body>[] = [];
  #waiting: { readonly answer: Answer; readonly asker: Asker; readonly cause: number | null }[] = [];
  #flush: Alarm | null = null;
  #formats = 1;

  constructor(nodeId: string, around: NodeSurroundings) {
    this.nodeId = nodeId;
    this.#around = around;
    this.disk = new Disk(`${nodeId}-1`);
    this.memory = new Disk(this.disk.incarnation);
    around.checker.onDisk(this.disk);
  }

  /** Whether the memory holds more than the disk. */
  get isFlushing(): boolean {
    return this.#flush !== null;
  }

  handle(question: Question, asker: Asker): void {
    const { rules, log } = this.#around;
    const { answer, writes } = this.#answerTo(question);
    for (const write of writes) {
      this.memory.apply(write);
      this.#unflushed.push(write);
    }
    if (log !== null && writes.length > 0) this.#logWrites(log, writes);
    if (this.#unflushed.length > 0 || question.kind === "store") this.#scheduleFlush();
    // A repetition or a reading may see what is not flushed: it waits all the same.
    if (rules.flush && this.#flush !== null) this.#waiting.push({ answer, asker, cause: log?.cause ?? null });
    else asker.respond(answer);
  }

  /** Stops at once. Of what was not flushed a beginning may have reached the disk; nobody is answered. */
  crash(keptWrites: number): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.#flush?.cancel();
    this.#flush = null;
    this.#toDisk(this.#unflushed.slice(0, keptWrites));
    this.#unflushed = [];
    for (const { asker } of this.#waiting) asker.lose();
    this.#waiting = [];
  }

  get unflushedCount(): number {
    return this.#unflushed.length;
  }

  restart(): void {
    if (this.isUp) return;
    this.isUp = true;
    this.memory = new Disk(this.disk.incarnation, this.disk);
  }

  /** The disk is lost: an empty one, formatted anew, takes its place. */
  wipe(): void {
    this.crash(0);
    this.#formats += 1;
    this.disk = new Disk(`${this.nodeId}-${this.#formats}`);
    this.#around.checker.onDisk(this.disk);
    this.restart();
  }

  #answerTo(question: Question): { answer: Answer; writes: readonly Write<Body>[] } {
    const { rules, isGranted } = this.#around;
    switch (question.kind) {
      case "entries":
        return answerEntries(question.request, this.memory, { rules, isGranted });
      case "seal":
        return answerSeal(question.request, this.memory, rules);
      case "store":
        return { answer: { say: "stored" }, writes: [] };
    }
  }

  #scheduleFlush(): void {
    const { clock, log, flushMs } = this.#around;
    this.#flush ??= clock.at(clock.nowMs + flushMs(), () => {
      this.#flush = null;
      const written = this.#unflushed;
      this.#unflushed = [];
      if (log !== null) {
        log.beginStep();
        log.because(
          log.add(clock.nowMs, { kind: "flush", node: this.nodeId, text: `${this.nodeId} flushes what it wrote` }),
        );
      }
      this.#toDisk(written);
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const { answer, asker } of waiting) asker.respond(answer);
    });
  }

  #toDisk(writes: readonly Write<Body>[]): void {
    for (const write of writes) {
      this.disk.apply(write);
      if (write.write === "register") {
        this.#around.checker.onDurable(this.disk.incarnation, write.key, write.register.accepted);
      }
    }
  }

  #logWrites(log: EventLog, writes: readonly Write<Body>[]): void {
    for (const write of writes) {
      const at = { kind: "write", node: this.nodeId } as const;
      if (write.write === "group") {
        const { sealedEpoch } = write.memory;
        log.add(this.#around.clock.nowMs, {
          ...at,
          version: sealedEpoch,
          text: `${this.nodeId} votes in no epoch below ${sealedEpoch} from now on`,
        });
        continue;
      }
      const { promised, accepted } = write.register;
      log.add(this.#around.clock.nowMs, {
        ...at,
        key: write.key,
        ballot: promised,
        valueId: accepted?.value.id ?? null,
        version: accepted?.value.version ?? null,
        text: registerText(this.nodeId, write.register),
      });
    }
  }
}

function registerText(nodeId: string, { promised, accepted }: Register<Body>): string {
  const promise = promised === null ? "has promised nothing" : `has promised ${promised.epoch}.${promised.round}`;
  if (accepted === null) return `${nodeId} ${promise}, and accepted nothing`;
  const { ballot, value } = accepted;
  return `${nodeId} ${promise}, and accepted ${value.id} in ${ballot.epoch}.${ballot.round}`;
}
