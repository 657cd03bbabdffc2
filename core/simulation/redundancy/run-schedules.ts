/** Many schedules, one seed after the other, and what they have seen together. */
import type { ScheduleResult } from "./run-schedule.ts";
import { runSchedule } from "./run-schedule.ts";
import type { Rule } from "./rules.ts";
import type { ScheduleCounts } from "./schedule-counts.ts";
import { noCounts } from "./schedule-counts.ts";

/** Violations that are told; more of them say no more. */
const MAX_VIOLATIONS = 20;

export interface ScheduleTotals {
  readonly schedules: number;
  readonly violated: number;
  readonly violations: readonly string[];
  readonly counts: Readonly<ScheduleCounts>;
}

/** The totals so far, after each schedule; the same object, growing. */
export function* runSchedules(firstSeed: number, schedules: number, without: Rule | null): Generator<ScheduleTotals> {
  const counts = noCounts();
  const violations: string[] = [];
  const totals = { schedules: 0, violated: 0, violations, counts };
  for (let seed = firstSeed; seed < firstSeed + schedules; seed += 1) {
    const result = runSchedule(seed, without);
    totals.schedules += 1;
    add(counts, result);
    if (result.violation !== null) {
      totals.violated += 1;
      if (violations.length < MAX_VIOLATIONS) violations.push(`seed ${seed}: ${result.violation}`);
    }
    yield totals;
  }
}

function add(counts: ScheduleCounts, { counts: more }: ScheduleResult): void {
  counts.events += more.events;
  counts.reads += more.reads;
  counts.failures += more.failures;
  counts.crashes += more.crashes;
  counts.refusedDeletes += more.refusedDeletes;
  counts.deletes += more.deletes;
  counts.repairs += more.repairs;
  counts.rotFound += more.rotFound;
  counts.changed += more.changed;
  counts.lostRaces += more.lostRaces;
  counts.givenUp += more.givenUp;
  counts.resumed += more.resumed;
}
