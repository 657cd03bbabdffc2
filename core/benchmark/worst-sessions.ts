/** Which sessions are worth looking at: those in which the claimant did worst. */
import { CLAIMANT } from "./claims.ts";
import type { BenchSession, Tier } from "./report.ts";

const WORST = 5;

/** The most stalled first, then the slowest to start. */
export function worstSessions(sessions: readonly BenchSession[], tier: Tier): BenchSession[] {
  return sessions
    .filter((session) => session.tier === tier && session.strategy === CLAIMANT && session.invalidReason === null)
    .toSorted((a, b) => b.metrics.stallMs - a.metrics.stallMs || startupMs(b) - startupMs(a))
    .slice(0, WORST);
}

/** Whoever showed nothing was slower than anybody. */
function startupMs({ metrics }: BenchSession): number {
  return metrics.startupMs ?? Number.MAX_VALUE;
}
