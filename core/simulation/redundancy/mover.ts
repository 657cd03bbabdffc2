/**
 * Carries out one change at a time, as the metadata server will: commands become messages that are delivered later, in any
 * order, twice or never; a crash forgets everything but what is durable. Decides nothing itself.
 */
import { DATA_SHARDS } from "../../placement/blocks.ts";
import type { ChunkRecord, Holder } from "../../placement/record.ts";
import type { Random } from "../../random.ts";
import type { ChangePlan } from "../../redundancy/change-plan.ts";
import { isRecord } from "../../redundancy/change-plan.ts";
import { pieceText } from "../../redundancy/form.ts";
import type { Release } from "../../redundancy/release.ts";
import { sourcesFor } from "../../redundancy/repair-sources.ts";
import type { Change, ChangeCommand, ChangeEvent, ChangeStep } from "../../redundancy/transition.ts";
import { beginChange, onChangeEvent, resumeChange } from "../../redundancy/transition.ts";
import type { DiskWorld } from "./disk-world.ts";
import { GRACE_SECONDS } from "./disk-world.ts";
import type { Rule } from "./rules.ts";

/** A node that says "written" and has something else: read-back finds it. */
const BAD_WRITE_SHARE = 0.03;

export interface MoverCounts {
  changed: number;
  lostRaces: number;
  givenUp: number;
  resumed: number;
}

export class Mover {
  readonly name: string;
  change: Change | null = null;
  /** What is to be done next; a crash may come between any two. */
  #todo: { readonly command: ChangeCommand; readonly life: number }[] = [];
  #life = 0;
  readonly #world: DiskWorld;
  readonly #random: Random;
  readonly #without: Rule | null;
  readonly #counts: MoverCounts;

  constructor(name: string, world: DiskWorld, random: Random, options: { without: Rule | null; counts: MoverCounts }) {
    this.name = name;
    this.#world = world;
    this.#random = random;
    this.#without = options.without;
    this.#counts = options.counts;
  }

  get pending(): number {
    return this.#todo.length;
  }

  begin(plan: ChangePlan): void {
    this.#take(beginChange(plan));
  }

  /** Goes on with what a crash or a silent register left; whether there was something. */
  resume(): boolean {
    const plan = this.#world.plans.get(this.name);
    if (plan === undefined) return false;
    this.#counts.resumed += 1;
    this.#take(resumeChange(plan, this.#world.record, this.#rules(), this.#world.nowSeconds));
    return true;
  }

  /** Loses all but what is durable. What is on its way arrives still, and nobody hears the answer. */
  crash(): void {
    this.change = null;
    this.#life += 1;
  }

  /** One of the things under way happens: now, or not, or unheard of. */
  deliver(fate: "done" | "lost" | "unheard"): void {
    const at = Math.floor(this.#random() * this.#todo.length);
    const [next] = this.#todo.splice(at, 1);
    if (next === undefined) return;
    const { command, life } = next;
    const isLocal = command.do === "note" || command.do === "release" || command.do === "forget";
    // What a crashed mover had not yet written to its own disk never will be.
    if (isLocal && life !== this.#life) return;
    if (life !== this.#life) {
      this.#performLate(command);
      return;
    }
    const event = fate === "lost" && !isLocal ? failureOf(command) : this.#perform(command);
    this.#hear(fate === "unheard" && !isLocal ? failureOf(command) : event);
    // The network may deliver it a second time, late.
    if (fate === "unheard" && !isLocal) this.#todo.push({ command, life: -1 });
  }

  #hear(event: ChangeEvent): void {
    if (this.change === null) return;
    this.#take(onChangeEvent(this.change, event, this.#rules(), this.#world.nowSeconds));
  }

  #take({ change, commands }: ChangeStep): void {
    this.change = change;
    for (const command of commands) this.#todo.push({ command, life: this.#life });
    if (change.step === "ended") {
      if (change.outcome === "changed") this.#counts.changed += 1;
      if (change.outcome === "lost-race") this.#counts.lostRaces += 1;
      if (change.outcome === "given-up") this.#counts.givenUp += 1;
    }
    if (change.step === "ended" || change.step === "postponed") this.change = null;
  }

  #rules() {
    return { graceSeconds: this.#without === "grace" ? 0 : GRACE_SECONDS };
  }

  #perform(command: ChangeCommand): ChangeEvent {
    const world = this.#world;
    switch (command.do) {
      case "note":
        world.plans.set(this.name, command.plan);
        if (this.#without === "make-before-break") {
          for (const piece of command.plan.drop) world.delete(piece, command.plan.to.version, true);
        }
        return { saw: "noted" };
      case "write":
        return this.#write(command.piece, command.version);
      case "verify":
        return this.#verify(command.piece);
      case "compare-and-set":
        return this.#compareAndSet(command.record, command.expectedVersion);
      case "release":
        for (const release of command.releases) world.releases.set(releaseKey(release), release);
        return { saw: "released" };
      case "forget":
        world.plans.delete(this.name);
        return { saw: "forgotten" };
    }
  }

  /** What arrives when its sender has forgotten it; the bytes of a write came along. */
  #performLate(command: ChangeCommand): void {
    if (command.do === "write" && this.#world.node(command.piece.nodeId).isUp) {
      this.#world.put(command.piece, command.version, true);
    }
    if (command.do === "compare-and-set") this.#compareAndSet(command.record, command.expectedVersion);
  }

  #write(piece: Holder, version: number): ChangeEvent {
    const world = this.#world;
    if (!world.node(piece.nodeId).isUp) return { saw: "piece-failed", piece, why: "its node is away" };
    const plan = world.plans.get(this.name);
    const from = world.versions.find(({ record }) => record.version === plan?.fromVersion)?.record ?? world.record;
    const isVerified = this.#without !== "verified-sources";
    const usable = from.holders.filter((one) =>
      isVerified ? world.isReadable(one) : world.node(one.nodeId).pieces.has(pieceText(one)),
    );
    // Which source a chunk is read from is the scheduler's choice, another one each time.
    const first = Math.floor(this.#random() * usable.length);
    const inTurn = [...usable.slice(first), ...usable.slice(0, first)];
    const sources = sourcesFor(piece, from, inTurn, plan?.to.scheme ?? from.scheme);
    if (sources === undefined) return { saw: "piece-failed", piece, why: "too few sources are readable" };
    const isRight = sources.from.every((one) => world.isRight(one)) && this.#random() >= BAD_WRITE_SHARE;
    world.put(piece, version, isRight);
    return { saw: "written", piece };
  }

  #verify(piece: Holder): ChangeEvent {
    const world = this.#world;
    if (this.#without === "read-back") return { saw: "verified", piece };
    if (!world.node(piece.nodeId).isUp) return { saw: "piece-failed", piece, why: "its node is away" };
    // Parity computed from rotten sources matches the hashes that were computed from it: reading back cannot see that.
    const isParity = piece.holds === "shard" && piece.shard >= DATA_SHARDS;
    const isHashOwn = this.#without === "verified-sources" && isParity;
    if (isHashOwn || world.isRight(piece)) return { saw: "verified", piece };
    return { saw: "piece-failed", piece, why: "what is on its disk is not what was written" };
  }

  #compareAndSet(record: ChunkRecord, expectedVersion: number): ChangeEvent {
    const world = this.#world;
    const isBlind = this.#without === "compare-and-set";
    if (isBlind ? !isRecord(world.record, record) : world.record.version === expectedVersion) world.setRecord(record);
    return { saw: "decided", record: world.record };
  }
}

export function releaseKey({ piece, epoch }: Release): string {
  return `${pieceText(piece)} ${epoch}`;
}

/** What its sender believes when no answer came. */
function failureOf(command: ChangeCommand): ChangeEvent {
  switch (command.do) {
    case "write":
    case "verify":
      return { saw: "piece-failed", piece: command.piece, why: "no answer" };
    case "compare-and-set":
      return { saw: "undecided" };
    case "note":
      return { saw: "noted" };
    case "release":
      return { saw: "released" };
    case "forget":
      return { saw: "forgotten" };
  }
}
