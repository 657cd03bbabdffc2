/**
 * A simulated cluster that a person steps through: a scenario, or any schedule of the simulator by its seed, and what the
 * person does meanwhile. Everything follows from the setup: the same setup gives the same events, byte for byte, in a page
 * and in Node. To go back is to play again from the beginning to an earlier step; a run has some hundreds.
 */
import type { Register } from "../../consensus/acceptor.ts";
import type { GroupConfig } from "../../consensus/group.ts";
import type { RuleName } from "../../consensus/rules.ts";
import { SOUND, without } from "../../consensus/rules.ts";
import { seededRandom } from "../../random.ts";
import type { Body, PhaseName, SimulationEvent, Violation } from "./events.ts";
import { EventLog } from "./events.ts";
import type { MessageCounts } from "./network.ts";
import type { ScenarioName } from "./scenarios.ts";
import { SCENARIOS } from "./scenarios.ts";
import { noteViolation, ScheduleRun } from "./run-schedule.ts";
import type { UserAction } from "./user-actions.ts";
import { carryOut } from "./user-actions.ts";
import { World } from "./world.ts";

/** The simulator's own schedules, by their seed; every scenario else. */
export type PlayName = ScenarioName | "schedule";

export interface PlaySetup {
  readonly play: PlayName;
  readonly seed: number;
  /** The rule to break. */
  readonly mutant: RuleName | null;
  /** In the order of their steps. */
  readonly actions: readonly TimedAction[];
}

export interface TimedAction {
  /** Done when so many steps have been made. */
  readonly afterStep: number;
  readonly action: UserAction;
}

/** Steps that a person may play; beyond it nothing new is to be seen. */
export const MAX_PLAY_STEPS = 2000;

/** What stands where, between two steps. */
export interface PlayView {
  readonly step: number;
  readonly atMs: number;
  readonly isOver: boolean;
  /** Who votes. */
  readonly active: GroupConfig;
  readonly nodes: readonly NodeView[];
  readonly programs: readonly ProgramView[];
  readonly coordinators: readonly CoordinatorView[];
  readonly flying: readonly MessageView[];
  readonly counts: MessageCounts;
  readonly violation: Violation | null;
}

export interface NodeView {
  readonly nodeId: string;
  readonly incarnation: string;
  readonly isUp: boolean;
  readonly isMember: boolean;
  /** Something is not on the disk yet. */
  readonly isFlushing: boolean;
  /** Lowest epoch in which it still votes. */
  readonly sealedEpoch: number;
  readonly registers: readonly RegisterView[];
}

export interface RegisterView {
  readonly key: string;
  /** What the node works with, and what a crash would leave of it. */
  readonly memory: Register<Body>;
  readonly disk: Register<Body> | null;
}

export interface ProgramView {
  readonly name: string;
  readonly isUp: boolean;
  readonly proposals: readonly {
    readonly key: string;
    readonly phase: string;
    readonly ballot: string | null;
    readonly valueId: string | null;
  }[];
}

/** A reconfiguration, under way or over. */
export interface CoordinatorView {
  readonly name: string;
  readonly isAlive: boolean;
  readonly epoch: number;
  readonly phase: string;
}

export interface MessageView {
  readonly id: number;
  readonly from: string;
  readonly to: string;
  readonly isAnswer: boolean;
  readonly phase: PhaseName;
  readonly hasBytes: boolean;
  readonly text: string;
  readonly arrivesAtMs: number;
  /** Index of the event that sent it. */
  readonly cause: number | null;
}

export class Playground {
  readonly setup: PlaySetup;
  readonly #log = new EventLog();
  readonly #world: World;
  readonly #advance: () => boolean;
  #steps = 0;
  #nextAction = 0;
  #isOver = false;
  #isViolationNoted = false;

  constructor(setup: PlaySetup) {
    this.setup = setup;
    const rules = setup.mutant === null ? SOUND : without(setup.mutant);
    if (setup.play === "schedule") {
      const run = new ScheduleRun(setup.seed, rules, this.#log);
      this.#world = run.world;
      // It notes its violation itself.
      this.#isViolationNoted = true;
      this.#advance = () => run.step();
    } else {
      const scenario = SCENARIOS[setup.play];
      const world = new World({
        ...{ nodeCount: scenario.nodeCount, acceptors: scenario.acceptors, rules, log: this.#log },
        ...{ random: seededRandom(setup.seed), takesOver: true, flushMsMost: scenario.flushMsMost },
        conditions: {
          ...{ dropRatio: 0, duplicateRatio: 0, slowRatio: 0, impatientRatio: 0, cut: null },
          ...{ delayMsLeast: 8, delayMsMost: 12, patienceMs: 40 },
        },
      });
      this.#world = world;
      scenario.plan(world);
      this.#advance = () => world.clock.step();
    }
    this.#actNow();
  }

  /** Everything that happened, in order; grows with each step. */
  get events(): readonly SimulationEvent[] {
    return this.#log.events;
  }

  get steps(): number {
    return this.#steps;
  }

  /** One thing happens at one place. False: nothing is left to happen, or a violation ended the play. */
  step(): boolean {
    if (this.#isOver) return false;
    if (this.#steps >= MAX_PLAY_STEPS || !this.#advance()) {
      this.#isOver = true;
      return false;
    }
    this.#steps += 1;
    const { violation } = this.#world.checker;
    if (violation !== null) {
      if (!this.#isViolationNoted) noteViolation(this.#world, this.#log, violation);
      this.#isOver = true;
    } else this.#actNow();
    return true;
  }

  get view(): PlayView {
    const { clock, master, nodes, clients, coordinators, network, checker } = this.#world;
    return {
      step: this.#steps,
      atMs: Math.round(clock.nowMs * 1000) / 1000,
      isOver: this.#isOver,
      active: master.active,
      nodes: [...nodes.values()].map((node) => ({
        nodeId: node.nodeId,
        incarnation: node.disk.incarnation,
        isUp: node.isUp,
        isMember: master.active.members.some(({ incarnation }) => incarnation === node.disk.incarnation),
        isFlushing: node.isFlushing,
        sealedEpoch: node.memory.groups.get(master.active.group)?.sealedEpoch ?? 0,
        registers: [...node.memory.registers]
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .map(([key, memory]) => ({ key, memory, disk: node.disk.registers.get(key) ?? null })),
      })),
      programs: clients.map(({ name, isUp, proposals }) => ({
        name,
        isUp,
        proposals: proposals.map(({ key, phase, ballot, value }) => ({
          ...{ key, phase, valueId: value?.id ?? null },
          ballot: ballot === null ? null : `${ballot.epoch}.${ballot.round}`,
        })),
      })),
      coordinators: coordinators.map(({ name, isAlive, epoch, phase }) => ({ name, isAlive, epoch, phase })),
      flying: [...network.flying.values()].map(({ id, call, answer, arrivesAtMs, cause }) => ({
        ...{ id, phase: call.phase, hasBytes: call.hasBytes, arrivesAtMs, cause, isAnswer: answer !== null },
        from: answer === null ? call.from : call.to,
        to: answer === null ? call.to : call.from,
        text: this.#log.events[cause ?? -1]?.text ?? "",
      })),
      counts: { ...network.counts },
      violation: checker.violation,
    };
  }

  /** What the person does at this step. */
  #actNow(): void {
    for (;;) {
      const next = this.setup.actions[this.#nextAction];
      if (next === undefined || next.afterStep > this.#steps) return;
      this.#nextAction += 1;
      carryOut(this.#world, next.action);
    }
  }
}

/** Plays to a step, or to the end when there are fewer. */
export function playTo(setup: PlaySetup, step: number): Playground {
  const playground = new Playground(setup);
  while (playground.steps < step && playground.step());
  return playground;
}

/** Plays to the end. */
export function playAll(setup: PlaySetup): Playground {
  return playTo(setup, MAX_PLAY_STEPS);
}
