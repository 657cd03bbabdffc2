/** Looks for a schedule of the simulator in which a missing rule does harm, without holding the page up for long. */
import type { RuleName } from "#core/consensus/rules.ts";
import { runSchedules } from "#core/simulation/consensus/run-schedules.ts";

/** The rarest rule is missed once in some thousand schedules; a page that found nothing by then says so. */
export const MAX_SCHEDULES = 20_000;

/**
 * @param onProgress schedules that were run
 * @returns the seed; null when none was found, or when `signal` ended it
 */
export async function findViolation(
  mutant: RuleName,
  onProgress: (schedules: number) => void,
  signal: AbortSignal,
): Promise<number | null> {
  for (const { schedules, failure } of runSchedules({ schedules: MAX_SCHEDULES, seed: 0, mutant })) {
    if (signal.aborted) return null;
    if (failure !== null) return failure.seed;
    onProgress(schedules);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return null;
}
