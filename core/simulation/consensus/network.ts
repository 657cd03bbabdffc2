/**
 * A network that loses, repeats, delays and reorders messages, and that may be cut in two. Every request ends for its
 * sender with answers or with `lost`, as a deadline does; both may come, in any order, more than once.
 */
import type { GroupConfig } from "../../consensus/group.ts";
import type { Random } from "../../random.ts";
import type { Alarm, VirtualClock } from "../virtual-clock.ts";
import type { EventDraft, EventLog, PhaseName } from "./events.ts";
import type { Answer, Question, SimulatedNode } from "./node.ts";

/** How the network behaves at present; whoever causes trouble changes it. */
export interface Conditions {
  dropRatio: number;
  duplicateRatio: number;
  /** Messages that take ten times as long. */
  slowRatio: number;
  /** Requests whose sender gives up before the answer can be there. */
  impatientRatio: number;
  readonly delayMsLeast: number;
  readonly delayMsMost: number;
  /** Deadline of a request. */
  readonly patienceMs: number;
  cut: Cut | null;
}

/** Nothing passes from one side to the other; nor back, unless it is one-way. */
export interface Cut {
  readonly from: ReadonlySet<string>;
  readonly to: ReadonlySet<string>;
  readonly isOneWay: boolean;
}

export type About = Pick<EventDraft, "key" | "ballot" | "valueId" | "version"> & { readonly text: string };

/** A request on its way to a node, and back. */
export interface Call {
  readonly from: string;
  readonly to: string;
  readonly question: Question;
  readonly phase: PhaseName;
  /** What the log says of the request; made only when there is a log. */
  readonly about: () => About;
  readonly hasBytes: boolean;
  readonly onAnswer: (answer: Answer) => void;
  readonly onLost: () => void;
}

/** A message between two ends. */
export interface Flying {
  readonly id: number;
  readonly call: Call;
  /** Null for the request. */
  readonly answer: Answer | null;
  readonly arrivesAtMs: number;
  readonly alarm: Alarm;
  /** Index of the event that sent it. */
  readonly cause: number | null;
}

/** Messages that were sent, those that were dropped on the way included. */
export interface MessageCounts {
  requests: number;
  answers: number;
  /** Entries in the requests: what they would be without bundling. */
  entries: number;
  withBytes: number;
}

export interface NetworkSurroundings {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly log: EventLog | null;
  readonly conditions: Conditions;
  readonly nodes: ReadonlyMap<string, SimulatedNode>;
}

export class Network {
  readonly counts: MessageCounts = { requests: 0, answers: 0, entries: 0, withBytes: 0 };
  /** By number; kept for the page, which lets people drop, delay and repeat them. Only with a log. */
  readonly flying = new Map<number, Flying>();
  readonly #around: NetworkSurroundings;
  #messages = 0;

  constructor(around: NetworkSurroundings) {
    this.#around = around;
  }

  ask(call: Call): void {
    const { random, conditions, clock } = this.#around;
    this.counts.requests += 1;
    this.counts.entries += call.question.kind === "entries" ? call.question.request.entries.length : 1;
    if (call.hasBytes) this.counts.withBytes += 1;
    if (conditions.impatientRatio > 0 && random() < conditions.impatientRatio) {
      clock.at(clock.nowMs + random() * conditions.delayMsMost, call.onLost);
    }
    this.#send(call, null);
  }

  /** The message never arrives. */
  drop(id: number): boolean {
    const one = this.#take(id);
    if (one === undefined) return false;
    this.#note("drop", one, `is dropped`);
    this.#lose(one.call);
    return true;
  }

  /** The message arrives later by so much. */
  delay(id: number, byMs: number): boolean {
    const one = this.#take(id);
    if (one === undefined) return false;
    this.#note("delay", one, `is held back for ${byMs} ms`);
    this.#fly(one.call, one.answer, { id, atMs: one.arrivesAtMs + byMs, cause: one.cause });
    return true;
  }

  /** The message arrives twice. */
  duplicate(id: number, laterByMs: number): boolean {
    const one = this.flying.get(id);
    if (one === undefined) return false;
    this.#messages += 1;
    this.#note("duplicate", one, `is doubled`);
    this.#fly(one.call, one.answer, {
      id: this.#messages,
      atMs: one.arrivesAtMs + laterByMs,
      cause: one.cause,
    });
    return true;
  }

  #take(id: number): Flying | undefined {
    const one = this.flying.get(id);
    one?.alarm.cancel();
    this.flying.delete(id);
    return one;
  }

  #send(call: Call, answer: Answer | null): void {
    const { random, conditions, clock, log } = this.#around;
    this.#messages += 1;
    const id = this.#messages;
    const cause = log === null ? null : this.#noteSent(log, id, call, answer);
    if (this.#isCut(call, answer) || (conditions.dropRatio > 0 && random() < conditions.dropRatio)) {
      if (log !== null) this.#note("drop", { id, call, answer, cause }, "is lost on the way");
      this.#lose(call);
      return;
    }
    const atMs = clock.nowMs + this.#delayMs();
    this.#fly(call, answer, { id, atMs, cause });
    if (conditions.duplicateRatio > 0 && random() < conditions.duplicateRatio) {
      this.#messages += 1;
      this.#fly(call, answer, { id: this.#messages, atMs: clock.nowMs + 3 * this.#delayMs(), cause });
    }
  }

  #delayMs(): number {
    const { random, conditions } = this.#around;
    const delayMs = conditions.delayMsLeast + random() * (conditions.delayMsMost - conditions.delayMsLeast);
    return conditions.slowRatio > 0 && random() < conditions.slowRatio ? delayMs * 10 : delayMs;
  }

  #fly(call: Call, answer: Answer | null, how: { id: number; atMs: number; cause: number | null }): void {
    const { clock, log } = this.#around;
    const alarm = clock.at(how.atMs, () => this.#arrive(call, answer, how));
    if (log !== null) this.flying.set(how.id, { ...how, call, answer, arrivesAtMs: how.atMs, alarm });
  }

  #arrive(call: Call, answer: Answer | null, how: { id: number; cause: number | null }): void {
    const { log, nodes, clock } = this.#around;
    if (log !== null) {
      this.flying.delete(how.id);
      log.beginStep();
      log.because(how.cause);
    }
    if (answer !== null) {
      if (log !== null) this.#noteDelivered(log, how.id, call, answer);
      call.onAnswer(answer);
      return;
    }
    const node = nodes.get(call.to);
    if (node?.isUp !== true) {
      if (log !== null) this.#note("drop", { ...how, call, answer }, `finds nobody: ${call.to} is down`);
      this.#lose(call);
      return;
    }
    if (log !== null) this.#noteDelivered(log, how.id, call, null);
    node.handle(call.question, {
      respond: (reply) => {
        this.counts.answers += 1;
        this.#send(call, reply);
      },
      lose: () => clock.at(clock.nowMs + this.#around.conditions.patienceMs, call.onLost),
    });
  }

  #lose(call: Call): void {
    const { clock, conditions } = this.#around;
    clock.at(clock.nowMs + conditions.patienceMs, call.onLost);
  }

  #isCut(call: Call, answer: Answer | null): boolean {
    const { cut } = this.#around.conditions;
    if (cut === null) return false;
    const [from, to] = answer === null ? [call.from, call.to] : [call.to, call.from];
    return (cut.from.has(from) && cut.to.has(to)) || (!cut.isOneWay && cut.from.has(to) && cut.to.has(from));
  }

  #noteSent(log: EventLog, id: number, call: Call, answer: Answer | null): number {
    const { clock } = this.#around;
    const ends = endsOf(call, answer);
    const about = call.about();
    const said = { ...ends, message: id, phase: call.phase, ...about };
    return answer === null
      ? log.add(clock.nowMs, { ...said, kind: "send", text: `${ends.node} asks ${ends.peer}: ${about.text}` })
      : log.add(clock.nowMs, { ...said, kind: "answer", text: `${ends.node} answers ${answerText(answer)}` });
  }

  #noteDelivered(log: EventLog, id: number, call: Call, answer: Answer | null): void {
    const { node: peer, peer: node } = endsOf(call, answer);
    const about = call.about();
    const text = `${node} hears from ${peer}: ${answer === null ? about.text : answerText(answer)}`;
    const said = { kind: "deliver", node, peer, message: id, phase: call.phase, ...about, text } as const;
    log.because(log.add(this.#around.clock.nowMs, said));
  }

  #note(
    kind: "drop" | "delay" | "duplicate",
    one: Pick<Flying, "id" | "call" | "answer" | "cause">,
    text: string,
  ): void {
    const { log, clock } = this.#around;
    if (log === null) return;
    const { id, call, answer, cause } = one;
    const what =
      answer === null ? `The question of ${call.from} to ${call.to}` : `The answer of ${call.to} to ${call.from}`;
    const ends = endsOf(call, answer);
    const said = { kind, ...ends, message: id, phase: call.phase, ...call.about(), cause, text: `${what} ${text}` };
    log.add(clock.nowMs, said);
  }
}

function endsOf(call: Call, answer: Answer | null): { readonly node: string; readonly peer: string } {
  return answer === null ? { node: call.from, peer: call.to } : { node: call.to, peer: call.from };
}

/** What an acceptor says, in words. */
function answerText(answer: Answer): string {
  switch (answer.say) {
    case "answered":
      return answer.replies
        .map((reply) => {
          if (reply.say === "rejected") return `no (${reply.because})`;
          if (reply.say === "accepted" || reply.say === "installed") return reply.say;
          const held = reply.accepted === null ? "nothing accepted" : `accepted ${reply.accepted.value.id}`;
          return reply.say === "promised" ? `promised, ${held}` : held;
        })
        .join("; ");
    case "page":
      return `sealed; ${answer.states.length} keys${answer.isLast ? "" : ", more to come"}`;
    case "sealed":
      return `no: sealed for epoch ${answer.sealedEpoch}`;
    case "stranger":
      return "no: that disk is no more";
    case "stored":
      return "stored";
  }
}

/** The epoch's members, for texts. */
export function membersText({ members }: GroupConfig): string {
  return members.map(({ nodeId }) => nodeId).join(" ");
}
