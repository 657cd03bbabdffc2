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
  const random = seededRandom(seed);
  const mix = drawMix(random);
  const world = new World({
    ...{ nodeCount: mix.nodeCount, acceptors: mix.acceptors, rules, random, log, takesOver: true },
    ...{ conditions: drawConditions(mix, random), flushMsMost: mix.flushMsMost },
  });
  const keys = planClients(world, mix);
  planFaults(world, mix);
  let steps = 0;
  const runUntil = (isOver: () => boolean) => {
    while (world.checker.violation === null && !isOver() && steps < MAX_STEPS && world.clock.step()) steps += 1;
  };
  runUntil(() => world.clock.nowMs >= mix.quietMs);
  if (world.checker.violation === null) calm(world);
  let quietTurns = readAll(world, keys, runUntil);
  const isReconfiguring = () => world.coordinators.some(({ isAlive }) => isAlive);
  if (isReconfiguring()) {
    runUntil(() => !isReconfiguring());
    quietTurns = Math.max(quietTurns, readAll(world, keys, runUntil));
  }
  const { checker, network } = world;
  if (log !== null && checker.violation !== null) noteViolation(world, log, checker.violation);
  return {
    ...{ seed, mix: mix.name, violation: checker.violation, steps, messages: network.counts },
    ...{ decisions: checker.decisions, outcomes: checker.outcomes, isLost: isLost(world), quietTurns },
  };
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

/** A majority of the voters' disks is gone: what they knew cannot be decided upon any more. */
function isLost({ intactMembers, master }: World): boolean {
  return intactMembers < quorumOf(master.active);
}

/** Somebody new reads every register, as the sweeper does. Returns the most round trips that one took. */
function readAll(world: World, keys: readonly string[], runUntil: (isOver: () => boolean) => void): number {
  if (world.checker.violation !== null || isLost(world)) return 0;
  let open = keys.length;
  let turns = 0;
  const wishes = keys.map((key) => ({ key, change: { change: "keep" } as const, isOwner: false }));
  world.addClient("sweeper").propose(wishes, (ended) => {
    open -= 1;
    turns = Math.max(turns, ended.turns);
    const isDecided = ended.outcome.outcome !== "unknown" && ended.turns <= MAX_QUIET_TURNS;
    const text = `${ended.turns} round trips without trouble ended with ${ended.outcome.outcome}`;
    if (!isDecided && !isLost(world)) world.checker.onStuck(ended.key, text);
  });
  runUntil(() => open === 0);
  // An epoch that became active meanwhile may name disks that are gone.
  if (open > 0 && !isLost(world))
    world.checker.onStuck(keys.join(" "), "Nobody answered though nothing failed any more");
  return turns;
}

function noteViolation(world: World, log: EventLog, { invariant, key, text }: Violation): void {
  log.add(world.clock.nowMs, { kind: "violation", node: "", key, text: `Violation of ${invariant}: ${text}` });
}
