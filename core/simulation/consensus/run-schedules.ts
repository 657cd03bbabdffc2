/** Many schedules of consecutive seeds, counted; stops at the first violation. */
import type { RuleName } from "../../consensus/rules.ts";
import { SOUND, without } from "../../consensus/rules.ts";
import type { Violation } from "./events.ts";
import { EventLog } from "./events.ts";
import type { ScheduleResult } from "./run-schedule.ts";
import { runSchedule } from "./run-schedule.ts";
import { transcriptOf } from "./transcript.ts";

export interface SchedulesRequest {
  readonly schedules: number;
  /** The first seed; the others follow it. */
  readonly seed: number;
  /** The rule to take away. */
  readonly mutant: RuleName | null;
}

export interface SchedulesReport {
  /** That were run; fewer than asked for after a violation. */
  readonly schedules: number;
  readonly steps: number;
  /** Requests and answers that were sent. */
  readonly messages: number;
  /** Values that were decided. */
  readonly decisions: number;
  /** Operations whose callers were told an outcome. */
  readonly outcomes: number;
  /** Schedules that lost a majority of the voters' disks: checked like the others, until nobody could decide. */
  readonly lostGroups: number;
  /** Most round trips to read a register when nothing failed any more. */
  readonly quietTurnsMost: number;
  readonly byMix: Readonly<Record<string, number>>;
  readonly failure: ScheduleFailure | null;
}

export interface ScheduleFailure {
  readonly seed: number;
  readonly mix: string;
  readonly violation: Violation;
}

/** Schedules of one turn, after which the caller may look up. */
const TURN_SCHEDULES = 250;

/** Yields after every few schedules what was counted so far; the last one is the whole. */
export function* runSchedules({ schedules, seed, mutant }: SchedulesRequest): Generator<SchedulesReport> {
  const rules = mutant === null ? SOUND : without(mutant);
  let report = EMPTY_REPORT;
  for (let at = 0; at < schedules && report.failure === null; at += 1) {
    report = counted(report, runSchedule(seed + at, rules));
    if ((at + 1) % TURN_SCHEDULES === 0) yield report;
  }
  yield report;
}

export const EMPTY_REPORT: SchedulesReport = {
  schedules: 0,
  steps: 0,
  messages: 0,
  decisions: 0,
  outcomes: 0,
  lostGroups: 0,
  quietTurnsMost: 0,
  byMix: {},
  failure: null,
};

/** Two reports of different seeds as one; the lower failing seed counts. */
export function joined(one: SchedulesReport, other: SchedulesReport): SchedulesReport {
  const byMix: Record<string, number> = { ...one.byMix };
  for (const [mix, count] of Object.entries(other.byMix)) byMix[mix] = (byMix[mix] ?? 0) + count;
  const failures = [one.failure, other.failure].flatMap((failure) => (failure === null ? [] : [failure]));
  return {
    schedules: one.schedules + other.schedules,
    steps: one.steps + other.steps,
    messages: one.messages + other.messages,
    decisions: one.decisions + other.decisions,
    outcomes: one.outcomes + other.outcomes,
    lostGroups: one.lostGroups + other.lostGroups,
    quietTurnsMost: Math.max(one.quietTurnsMost, other.quietTurnsMost),
    byMix,
    failure: failures.sort((a, b) => a.seed - b.seed)[0] ?? null,
  };
}

/** The same schedule again, told in words. */
export function transcriptOfSeed(seed: number, mutant: RuleName | null): readonly string[] {
  const log = new EventLog();
  runSchedule(seed, mutant === null ? SOUND : without(mutant), log);
  return transcriptOf(log.events);
}

function counted(report: SchedulesReport, result: ScheduleResult): SchedulesReport {
  const { seed, mix, violation } = result;
  return joined(report, {
    schedules: 1,
    steps: result.steps,
    messages: result.messages.requests + result.messages.answers,
    decisions: result.decisions,
    outcomes: result.outcomes,
    lostGroups: result.isLost ? 1 : 0,
    quietTurnsMost: result.quietTurns,
    byMix: { [mix]: 1 },
    failure: violation === null ? null : { seed, mix, violation },
  });
}
