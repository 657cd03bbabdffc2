import { describe, expect, test } from "vitest";
import { RULES } from "./rules.ts";
import { runSchedule } from "./run-schedule.ts";
import { runSchedules } from "./run-schedules.ts";

/** A few seconds; `vstack simulate redundancy --schedules 100000` runs the full number. */
const SCHEDULES = 250;
/** The rule that is needed least often shows in one of a hundred. */
const MUTANT_SCHEDULES = 2_000;

describe("runSchedules()", () => {
  test("no reading fails and no record is too weak, while everything dangerous happens", () => {
    const totals = [...runSchedules(1, SCHEDULES, null)].at(-1);
    expect(totals?.violations).toEqual([]);
    expect(totals?.schedules).toBe(SCHEDULES);
    for (const [what, count] of Object.entries(totals?.counts ?? {})) {
      expect(count, `${what} in ${SCHEDULES} schedules`).toBeGreaterThan(SCHEDULES / 20);
    }
  });

  test.for(RULES)("notices that the rule %s is missing", (rule) => {
    for (const totals of runSchedules(1, MUTANT_SCHEDULES, rule)) {
      if (totals.violated > 0) return;
    }
    expect.fail(`Nothing was noticed in seeds 1 to ${MUTANT_SCHEDULES}`);
  });
});

test("runSchedule() gives the same again for the same seed", () => {
  expect(runSchedule(7)).toEqual(runSchedule(7));
  expect(runSchedule(1, "grace").violation).toBe(runSchedule(1, "grace").violation);
});
