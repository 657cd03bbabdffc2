/**
 * One schedule: a simulated cluster in which clients want things while a seed decides what fails and when; then nothing
 * fails any more, and every register must be read within a bound. One seed is one schedule, for ever the same for the same
 * code.
 */
import type { Rules } from "../../consensus/rules.ts";
import { quorumOf } from "../../consensus/group.ts";
import { seededRandom } from "../../random.ts";
import type { EventLog, Violation } from "./events.ts";
import type { Mix } from "./mixes.ts";
import { drawMix } from "./mixes.ts";
import type { Conditions, MessageCounts } from "./network.ts";
import { planFaults } from "./faults.ts";
import { planClients } from "./clients.ts";
import { World } from "./world.ts";

/** Round trips within which a register is read when nothing fails any more. */
export const MAX_QUIET_TURNS = 20;
/** A run that is not over by then never will be; an ordinary one has 200 to 500 steps. */
const MAX_STEPS = 20_000;

export interface ScheduleResult {
  readonly seed: number;
  readonly mix: string;
  readonly violation: Violation | null;
  readonly steps: number;
  readonly messages: MessageCounts;
  readonly decisions: number;
  readonly outcomes: number;
  /** A majority of the acceptors' disks was lost: nothing more is decided, and nothing wrong either. */
  readonly isLost: boolean;
  /** Most round trips that a register took when nothing failed any more. */
  readonly quietTurns: number;
}

/** @param log written to when given; costs three times the time */
export function runSchedule(seed: number, rules: Rules, log: EventLog | null = null): ScheduleResult {
  const run = new ScheduleRun(seed, rules, log);
  while (run.step());
  return run.result;
}

/** A schedule that is run step by step. */
export class ScheduleRun {
  readonly world: World;
  readonly #seed: number;
  readonly #mix: Mix;
  readonly #keys: readonly string[];
  #phase: "trouble" | "reading" | "settling" | "reading again" | "over" = "trouble";
  #steps = 0;
  /** Registers that the present reading has not been told of yet. */
  #unread = 0;
  #quietTurns = 0;

  constructor(seed: number, rules: Rules, log: EventLog | null) {
    const random = seededRandom(seed);
    const mix = drawMix(random);
    this.#seed = seed;
    this.#mix = mix;
    this.world = new World({
      ...{ nodeCount: mix.nodeCount, acceptors: mix.acceptors, rules, random, log, takesOver: true },
      ...{ conditions: drawConditions(mix, random), flushMsMost: mix.flushMsMost },
    });
    this.#keys = planClients(this.world, mix);
    planFaults(this.world, mix);
  }

  /** One thing happens. False: it is over. */
  step(): boolean {
    if (this.#phase === "over") return false;
    const hasMore = this.#steps < MAX_STEPS && this.world.clock.step();
    this.#steps += 1;
    if (this.world.checker.violation !== null) this.#end();
    else if (!hasMore) this.#onNothingLeft();
    else if (this.#isPhaseOver()) this.#enterNextPhase();
    return true;
  }

  get result(): ScheduleResult {
    const { checker, network } = this.world;
    return {
      seed: this.#seed,
      mix: this.#mix.name,
      violation: checker.violation,
      steps: this.#steps,
      messages: network.counts,
      decisions: checker.decisions,
      outcomes: checker.outcomes,
      isLost: isLost(this.world),
      quietTurns: this.#quietTurns,
    };
  }

  #isPhaseOver(): boolean {
    switch (this.#phase) {
      case "trouble":
        return this.world.clock.nowMs >= this.#mix.quietMs;
      case "settling":
        return !isReconfiguring(this.world);
      case "reading":
      case "reading again":
        return this.#unread === 0;
      case "over":
        return false;
    }
  }

  #enterNextPhase(): void {
    switch (this.#phase) {
      case "trouble":
        calm(this.world);
        this.#phase = "reading";
        {
          this.#readAll();
          return;
        }
      case "reading":
        // A coordinator that is late may still install: whatever it does, the answers must stay what they are.
        this.#phase = isReconfiguring(this.world) ? "settling" : "over";
        return;
      case "settling":
        this.#phase = "reading again";
        {
          this.#readAll();
          return;
        }
      case "reading again":
      case "over":
        this.#phase = "over";
    }
  }

  /** Somebody new reads every register, as the sweeper does. */
  #readAll(): void {
    if (isLost(this.world)) {
      this.#end();
      return;
    }
    this.#unread = this.#keys.length;
    const wishes = this.#keys.map((key) => ({ key, change: { change: "keep" } as const, isOwner: false }));
    this.world.addClient("sweeper").propose(wishes, ({ key, outcome, turns }) => {
      this.#unread -= 1;
      // An epoch that became active meanwhile may name disks that are gone.
      if (isLost(this.world)) return;
      this.#quietTurns = Math.max(this.#quietTurns, turns);
      if (outcome.outcome !== "unknown" && turns <= MAX_QUIET_TURNS) return;
      this.world.checker.onStuck(key, `${turns} round trips without trouble ended with ${outcome.outcome}`);
    });
  }

  #onNothingLeft(): void {
    if (this.#phase === "trouble") {
      this.#enterNextPhase();
      return;
    }
    if (this.#unread > 0 && !isLost(this.world)) {
      this.world.checker.onStuck(this.#keys.join(" "), "Nobody answered though nothing failed any more");
    }
    this.#end();
  }

  #end(): void {
    this.#phase = "over";
    const { log, checker } = this.world;
    if (log !== null && checker.violation !== null) noteViolation(this.world, log, checker.violation);
  }
}

/** A majority of the voters' disks is gone: what they knew cannot be decided upon any more. */
function isLost({ intactMembers, master }: World): boolean {
  return intactMembers < quorumOf(master.active);
}

function isReconfiguring({ coordinators }: World): boolean {
  return coordinators.some(({ isAlive }) => isAlive);
}

function drawConditions(mix: Mix, random: () => number): Conditions {
  return {
    dropRatio: random() < 0.3 ? 0 : random() * mix.dropRatioMost,
    duplicateRatio: random() < 0.5 ? 0 : random() * mix.duplicateRatioMost,
    slowRatio: random() < 0.5 ? 0 : random() * 0.2,
    impatientRatio: random() < 0.7 ? 0 : random() * 0.1,
    ...{ delayMsLeast: 0.5, delayMsMost: 6, patienceMs: 15, cut: null },
  };
}

/** Nothing fails any more, and everybody is back. */
function calm(world: World): void {
  const { conditions, log, clock } = world;
  conditions.dropRatio = 0;
  conditions.duplicateRatio = 0;
  conditions.slowRatio = 0;
  conditions.impatientRatio = 0;
  conditions.cut = null;
  for (const node of world.nodes.values()) node.restart();
  log?.beginStep();
  log?.add(clock.nowMs, { kind: "quiet", node: "", text: "Nothing fails any more, and everybody is back" });
}

/** The log's last line. */
export function noteViolation(world: World, log: EventLog, { invariant, key, text }: Violation): void {
  log.add(world.clock.nowMs, { kind: "violation", node: "", key, text: `Violation of ${invariant}: ${text}` });
}
