/**
 * A program that proposes: a driver of the shipped proposers on the simulated network. What several keys have to say to
 * one acceptor in one turn goes as one message, as in the product. It may crash, and starts again as somebody new.
 */
import type { GroupConfig, Member } from "../../consensus/group.ts";
import type { EntriesAnswer, Entry } from "../../consensus/messages.ts";
import type { Proposal, ProposalCommand, ProposalEvent, ProposalOutcome } from "../../consensus/proposal.ts";
import { beginProposal, onProposalEvent } from "../../consensus/proposal.ts";
import type { Change } from "../../consensus/value.ts";
import type { Alarm } from "../virtual-clock.ts";
import type { Operation } from "./checker.ts";
import type { Body } from "./events.ts";
import type { Answer } from "./node.ts";
import type { Surroundings } from "./surroundings.ts";
import { aboutEntries, outcomeText, wishText } from "./words.ts";

export interface Wish {
  readonly key: string;
  readonly change: Change<Body>;
  readonly isOwner: boolean;
}

/** How one wish ended; `turns` are the round trips that it took. */
export interface Ended {
  readonly key: string;
  readonly outcome: ProposalOutcome<Body>;
  readonly turns: number;
  readonly ballots: number;
}

interface Running {
  proposal: Proposal<Body>;
  readonly operation: Operation;
  readonly then: (ended: Ended) => void;
  wake: Alarm | null;
}

interface Addressed {
  readonly running: Running;
  readonly turn: number;
  readonly entry: Entry<Body>;
}

interface Parcel {
  readonly to: Member;
  readonly isAlone: boolean;
  readonly config: GroupConfig;
  readonly addressed: Addressed[];
}

export class Client {
  readonly name: string;
  isUp = true;
  /** Of the proposer's name and of ids. */
  start = 1;
  readonly #world: Surroundings;
  #running = new Set<Running>();
  #outbox: Parcel[] = [];
  #ids = 0;

  constructor(name: string, world: Surroundings) {
    this.name = name;
    this.#world = world;
  }

  /** Who this start of the program is to acceptors. */
  get proposer(): string {
    return `${this.name}.${this.start}`;
  }

  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  get proposals(): readonly Proposal<Body>[] {
    return [...this.#running].map(({ proposal }) => proposal);
  }

  /** Never given twice, not even by another start. */
  newId(): string {
    this.#ids += 1;
    return `${this.proposer}.${this.#ids}`;
  }

  /** @param proposer whose name to use: the own one, unless a rule is broken */
  propose(wishes: readonly Wish[], then: (ended: Ended) => void, proposer = this.proposer): void {
    const { checker, log, clock } = this.#world;
    for (const { key, change, isOwner } of wishes) {
      if (log !== null) {
        const cause = log.add(clock.nowMs, {
          kind: "begin",
          node: this.name,
          key,
          text: wishText(this.name, key, change),
        });
        log.because(cause);
      }
      const config = this.#world.configFor();
      const { proposal, commands } = beginProposal<Body>({ key, proposer, change, isOwner, config });
      const running: Running = { proposal, operation: checker.begin(key, change), then, wake: null };
      this.#running.add(running);
      this.#obey(running, commands);
    }
    this.#sendAll();
  }

  /** Gives bytes to nodes without asking for a vote. `then` is called when the last of them has answered or is given up. */
  store(nodeIds: readonly string[], text: string, then: () => void): void {
    let open = nodeIds.length;
    for (const nodeId of nodeIds) {
      let isOver = false;
      const end = () => {
        if (isOver) return;
        isOver = true;
        open -= 1;
        if (open === 0 && this.isUp) then();
      };
      this.#world.network.ask({
        from: this.name,
        to: nodeId,
        question: { kind: "store", text },
        phase: "store",
        hasBytes: true,
        about: () => ({ text: `keep ${text}` }),
        onAnswer: end,
        onLost: end,
      });
    }
  }

  /** Forgets everything; whatever it sent is still under way. */
  crash(): void {
    this.isUp = false;
    for (const { wake } of this.#running) wake?.cancel();
    this.#running = new Set();
  }

  restart(): void {
    this.isUp = true;
    this.start += 1;
  }

  #obey(running: Running, commands: readonly ProposalCommand<Body>[]): void {
    const { clock, log } = this.#world;
    for (const command of commands) {
      switch (command.do) {
        case "send":
          this.#post(running, command);
          break;
        case "wake": {
          running.wake?.cancel();
          const atMs = clock.nowMs + command.afterMs;
          if (log !== null) {
            const text = `${this.name} waits ${command.afterMs.toFixed(1)} ms before it tries again`;
            log.add(clock.nowMs, { kind: "pause", node: this.name, key: running.proposal.key, text });
          }
          running.wake = this.#later(atMs, running, () => ({ saw: "wake" }));
          break;
        }
        case "refresh":
          this.#world.onOutdated(running.proposal.config);
          this.#later(clock.nowMs + this.#world.masterMs(), running, () => ({
            ...{ saw: "config", config: this.#world.configFor() },
          }));
          break;
        case "finish":
          this.#finish(running, command.outcome);
          break;
      }
    }
  }

  #later(atMs: number, running: Running, event: () => ProposalEvent<Body>): Alarm {
    const { clock, log } = this.#world;
    const cause = log?.cause ?? null;
    return clock.at(atMs, () => {
      log?.beginStep();
      log?.because(cause);
      this.#tell(running, event());
      this.#sendAll();
    });
  }

  #tell(running: Running, event: ProposalEvent<Body>): void {
    if (!this.#running.has(running)) return;
    const { rules, random } = this.#world;
    const step = onProposalEvent(running.proposal, event, { rules, random });
    running.proposal = step.proposal;
    this.#obey(running, step.commands);
  }

  #finish(running: Running, outcome: ProposalOutcome<Body>): void {
    const { checker, clock, log } = this.#world;
    const { key, config, turn, ballots } = running.proposal;
    running.wake?.cancel();
    this.#running.delete(running);
    if (log !== null) {
      const value = "value" in outcome ? outcome.value : null;
      const text = outcomeText(this.name, key, outcome);
      const said = { key, valueId: value?.id ?? null, version: value?.version ?? null, text };
      log.because(log.add(clock.nowMs, { kind: "outcome", node: this.name, ...said }));
    }
    checker.onOutcome(running.operation, outcome, config);
    running.then({ key, outcome, turns: turn, ballots });
  }

  #post(running: Running, { to, config, turn, entry }: Extract<ProposalCommand<Body>, { do: "send" }>): void {
    const addressed = { running, turn, entry };
    // Bytes travel alone, each chunk with its own Accept.
    const isAlone = carriesBytes(entry, to.nodeId);
    for (const parcel of this.#outbox) {
      const isSame = parcel.to.incarnation === to.incarnation && parcel.config.epoch === config.epoch;
      if (isAlone || parcel.isAlone || !isSame || parcel.addressed.some((other) => other.entry.key === entry.key))
        continue;
      parcel.addressed.push(addressed);
      return;
    }
    this.#outbox.push({ to, config, isAlone, addressed: [addressed] });
  }

  #sendAll(): void {
    const parcels = this.#outbox;
    if (parcels.length === 0) return;
    this.#outbox = [];
    for (const { to, config, isAlone: hasBytes, addressed } of parcels) {
      const entries = addressed.map(({ entry }) => entry);
      const [first] = entries;
      if (first === undefined) continue;
      this.#world.network.ask({
        from: this.name,
        to: to.nodeId,
        hasBytes,
        question: { kind: "entries", request: { config, incarnation: to.incarnation, entries } },
        phase: first.ask,
        about: () => aboutEntries(entries, hasBytes),
        onAnswer: (answer) => this.#onAnswer(to.nodeId, addressed, answer),
        onLost: () => this.#onLost(to.nodeId, addressed),
      });
    }
  }

  #onAnswer(from: string, addressed: readonly Addressed[], answer: Answer): void {
    if (!isEntriesAnswer(answer)) return;
    addressed.forEach(({ running, turn }, at) => {
      if (answer.say !== "answered") {
        this.#tell(running, { saw: "refusal", from, turn, refusal: answer });
        return;
      }
      const reply = answer.replies[at];
      if (reply !== undefined) this.#tell(running, { saw: "reply", from, turn, reply });
    });
    this.#sendAll();
  }

  #onLost(from: string, addressed: readonly Addressed[]): void {
    const { log, clock } = this.#world;
    const waiting = addressed.filter(({ running, turn }) => this.#isWaiting(running, from, turn));
    if (waiting.length === 0) return;
    if (log !== null) {
      log.beginStep();
      const text = `${this.name} gives up waiting for ${from}`;
      log.because(log.add(clock.nowMs, { kind: "lost", node: this.name, peer: from, text }));
    }
    for (const { running, turn } of waiting) this.#tell(running, { saw: "lost", from, turn });
    this.#sendAll();
  }

  #isWaiting(running: Running, from: string, turn: number): boolean {
    return this.#running.has(running) && running.proposal.turn === turn && !running.proposal.replies.has(from);
  }
}

function isEntriesAnswer(answer: Answer): answer is EntriesAnswer<Body> {
  return answer.say === "answered" || answer.say === "sealed" || answer.say === "stranger";
}

/** The owner's accept goes with the bytes to whoever is to hold them. */
function carriesBytes(entry: Entry<Body>, nodeId: string): boolean {
  return entry.ask === "accept" && entry.ballot.round === 0 && entry.value.body?.holders.includes(nodeId) === true;
}
