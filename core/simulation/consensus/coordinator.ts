/** Drives one reconfiguration on the simulated network: seals, installs, asks the config master to make the epoch active. */
import type { Member } from "../../consensus/group.ts";
import type { Entry } from "../../consensus/messages.ts";
import type {
  Asked,
  Reconfiguration,
  ReconfigurationCommand,
  ReconfigurationEvent,
} from "../../consensus/reconfiguration.ts";
import { beginReconfiguration, onReconfigurationEvent } from "../../consensus/reconfiguration.ts";
import type { Body } from "./events.ts";
import type { About } from "./network.ts";
import { membersText } from "./network.ts";
import type { Answer, Question } from "./node.ts";
import type { Surroundings } from "./surroundings.ts";

/** Keys on one page, so that a few keys take several. */
const PAGE_KEYS = 1;

export class Coordinator {
  readonly name: string;
  readonly #world: Surroundings;
  #state: Reconfiguration<Body>;
  #isAlive = true;

  constructor(name: string, world: Surroundings, members: readonly Member[]) {
    this.name = name;
    this.#world = world;
    const { from, to } = world.master.issue(members);
    const { log, clock } = world;
    if (log !== null) {
      const text = `${name} begins epoch ${to.epoch} with ${membersText(to)}, after epoch ${from.epoch}`;
      log.because(log.add(clock.nowMs, { kind: "reconfigure", node: name, version: to.epoch, text }));
    }
    const { state, commands } = beginReconfiguration<Body>(from, to, name, PAGE_KEYS);
    this.#state = state;
    for (const command of commands) this.#obey(command);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get epoch(): number {
    return this.#state.to.epoch;
  }

  get phase(): Reconfiguration<Body>["phase"] {
    return this.#state.phase;
  }

  /** Dies; what it sent is still under way, and so may be its word to the config master. */
  crash(): void {
    this.#isAlive = false;
  }

  #obey(command: ReconfigurationCommand<Body>): void {
    const { clock, log } = this.#world;
    const { from, to } = this.#state;
    switch (command.do) {
      case "seal": {
        const { to: member, toEpoch, after, limit } = command;
        const request = { group: from.group, toEpoch, incarnation: member.incarnation, after, limit };
        this.#ask(member.nodeId, "seal", { kind: "seal", request }, () => aboutSeal(toEpoch));
        break;
      }
      case "install": {
        const { to: member, config, entries } = command;
        const request = { config, incarnation: member.incarnation, entries };
        const about = () => aboutInstall(config.epoch, entries);
        this.#ask(member.nodeId, "install", { kind: "entries", request }, about);
        break;
      }
      case "wake":
        clock.at(clock.nowMs + command.afterMs, () => {
          log?.beginStep();
          this.#tell({ saw: "wake", member: command.member, to: command.to });
        });
        break;
      case "activate":
        clock.at(clock.nowMs + this.#world.masterMs(), () => {
          this.#world.activate(this.name, from, to);
        });
        break;
      case "finish":
        this.#isAlive = false;
        log?.add(clock.nowMs, {
          ...{ kind: "reconfigured", node: this.name, version: to.epoch },
          text: `${this.name} ends with epoch ${to.epoch}: ${command.outcome}`,
        });
        break;
    }
  }

  /** The machine is told of each question's end once: what comes first counts. */
  #ask(nodeId: string, asked: Asked, question: Question, about: () => About): void {
    let isOver = false;
    const end = (event: ReconfigurationEvent<Body>) => {
      if (isOver) return;
      isOver = true;
      this.#tell(event);
    };
    this.#world.network.ask({
      from: this.name,
      to: nodeId,
      question,
      phase: asked,
      about,
      hasBytes: false,
      onAnswer: (answer) => {
        const event = eventOf(answer, nodeId, asked);
        if (event !== null) end(event);
      },
      onLost: () => {
        if (!isOver) this.#world.log?.beginStep();
        end({ saw: "lost", from: nodeId, to: asked });
      },
    });
  }

  #tell(event: ReconfigurationEvent<Body>): void {
    if (!this.#isAlive) return;
    const { state, commands } = onReconfigurationEvent(this.#state, event, this.#world.rules);
    this.#state = state;
    for (const command of commands) this.#obey(command);
  }
}

function eventOf(answer: Answer, from: string, to: Asked): ReconfigurationEvent<Body> | null {
  switch (answer.say) {
    case "page":
      return { saw: "page", from, states: answer.states, isLast: answer.isLast };
    case "answered":
      return { saw: "replies", from, replies: answer.replies };
    case "sealed":
    case "stranger":
      return { saw: "refusal", from, to, refusal: answer };
    case "stored":
      return null;
  }
}

function aboutSeal(epoch: number): About {
  return { version: epoch, text: `seal for epoch ${epoch}, and tell what you accepted` };
}

function aboutInstall(epoch: number, entries: readonly Entry<Body>[]): About {
  const keys = entries.map(({ key }) => key).join(" ");
  return { version: epoch, key: keys, text: `install ${keys === "" ? "nothing" : keys} for epoch ${epoch}` };
}
