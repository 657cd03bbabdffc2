/**
 * A simulated cluster for one acceptor group: nodes with disks, a network, the config master, and a checker that sees
 * everything. It makes nothing happen by itself: a schedule (run-schedule.ts) or a person (playground.ts) does.
 */
import type { GroupConfig, Member } from "../../consensus/group.ts";
import type { Rules } from "../../consensus/rules.ts";
import type { Random } from "../../random.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { Checker } from "./checker.ts";
import { Client } from "./client.ts";
import { ConfigMaster } from "./config-master.ts";
import { Coordinator } from "./coordinator.ts";
import type { EventLog } from "./events.ts";
import type { Conditions } from "./network.ts";
import { membersText, Network } from "./network.ts";
import { SimulatedNode } from "./node.ts";
import type { Surroundings } from "./surroundings.ts";

export interface WorldOptions {
  readonly nodeCount: number;
  readonly acceptors: number;
  readonly rules: Rules;
  readonly random: Random;
  readonly conditions: Conditions;
  readonly log: EventLog | null;
  /** Longest flush; each takes a random part of it. */
  readonly flushMsMost: number;
  /** Whether proposers that find a group sealed and left alone have it taken over. */
  readonly takesOver: boolean;
}

/** Pause before somebody takes over from a coordinator that is not heard of. */
const TAKEOVER_MS = 40;
/** Asking the config master, there and back. */
const MASTER_MS = 4;

export class World implements Surroundings {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly rules: Rules;
  readonly log: EventLog | null;
  readonly conditions: Conditions;
  readonly nodes: ReadonlyMap<string, SimulatedNode>;
  readonly master: ConfigMaster;
  readonly checker: Checker;
  readonly network: Network;
  readonly clients: Client[] = [];
  readonly coordinators: Coordinator[] = [];
  readonly #options: WorldOptions;
  #isTakeoverPlanned = false;

  constructor(options: WorldOptions) {
    const { rules, random, conditions, log, flushMsMost } = options;
    this.#options = options;
    this.random = random;
    this.rules = rules;
    this.log = log;
    this.conditions = conditions;
    this.clock = new VirtualClock(random);
    this.checker = new Checker((key, { ballot, value }) => {
      if (log === null) return;
      const text = `A majority has ${value.id} for ${key} in ballot ${ballot.epoch}.${ballot.round}: it is decided`;
      const said = { kind: "decide", node: "", key, ballot, valueId: value.id, version: value.version, text } as const;
      log.add(this.clock.nowMs, said);
    });
    const nodes = new Map<string, SimulatedNode>();
    const { clock, checker } = this;
    const isGranted: ConfigMaster["isGranted"] = (key, ballot) => this.master.isGranted(key, ballot);
    for (let at = 1; at <= options.nodeCount; at += 1) {
      const around = { clock, random, rules, checker, log, isGranted, flushMs: () => random() * flushMsMost };
      nodes.set(`n${at}`, new SimulatedNode(`n${at}`, around));
    }
    this.nodes = nodes;
    this.master = new ConfigMaster(this.pickMembers([...nodes.keys()].slice(0, options.acceptors)), rules);
    checker.onActive(this.master.active);
    this.network = new Network({ clock, random, log, conditions, nodes });
  }

  /** The mutant `fixed-group` chooses its voters for itself. */
  configFor(): GroupConfig {
    const { active } = this.master;
    if (this.rules["fixed-group"]) return active;
    const chosen = shuffled([...this.nodes.keys()], this.random).slice(0, active.members.length);
    return { ...active, members: this.pickMembers(chosen) };
  }

  masterMs(): number {
    return this.random() * MASTER_MS;
  }

  addClient(name: string): Client {
    const client = new Client(name, this);
    this.clients.push(client);
    return client;
  }

  /** These nodes as acceptors, as their disks are now. */
  pickMembers(nodeIds: readonly string[]): Member[] {
    return nodeIds.flatMap((nodeId) => {
      const node = this.nodes.get(nodeId);
      return node === undefined ? [] : [{ nodeId, incarnation: node.disk.incarnation }];
    });
  }

  reconfigure(members: readonly Member[]): Coordinator {
    const coordinator = new Coordinator(`c${this.coordinators.length + 1}`, this, members);
    this.coordinators.push(coordinator);
    return coordinator;
  }

  activate(name: string, from: GroupConfig, to: GroupConfig): void {
    const isActive = this.master.activate(from, to);
    if (isActive) this.checker.onActive(to);
    if (this.log === null) return;
    const text = isActive
      ? `Epoch ${to.epoch} is active: ${membersText(to)} vote`
      : `The config master refuses epoch ${to.epoch} of ${name}: epoch ${this.master.active.epoch} is active, ${this.master.issuedEpoch} was given to somebody`;
    this.log.beginStep();
    this.log.add(this.clock.nowMs, { kind: "activate", node: name, version: to.epoch, text });
  }

  /** Unless a newer one is active or on its way, somebody has to begin one. */
  onOutdated(config: GroupConfig): void {
    if (!this.#options.takesOver || config.epoch < this.master.active.epoch || this.#isTakeoverPlanned) return;
    if (this.coordinators.some(({ isAlive }) => isAlive)) return;
    this.#isTakeoverPlanned = true;
    this.clock.at(this.clock.nowMs + this.random() * TAKEOVER_MS, () => {
      this.#isTakeoverPlanned = false;
      this.log?.beginStep();
      const stillOpen = this.master.active.epoch <= config.epoch && !this.coordinators.some(({ isAlive }) => isAlive);
      if (stillOpen) this.reconfigure(this.pickMembers(this.master.active.members.map(({ nodeId }) => nodeId)));
    });
  }

  /** Members of the active epoch whose disks are still the ones that it names. */
  get intactMembers(): number {
    return this.master.active.members.filter(
      ({ nodeId, incarnation }) => this.nodes.get(nodeId)?.disk.incarnation === incarnation,
    ).length;
  }
}

/** A random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    const [one, two] = [order[at], order[other]];
    if (one === undefined || two === undefined) continue;
    order[at] = two;
    order[other] = one;
  }
  return order;
}
