/** Which sessions are worth looking at: those in which the claimant did worst. */
import { CLAIMANT } from "./claims.ts";
import type { BenchSession, Tier } from "./report.ts";

const WORST = 5;

/** First whoever stalled most beyond what the network forced, then the most stalled, then the slowest to start. */
export function worstSessions(sessions: readonly BenchSession[], tier: Tier): BenchSession[] {
  return sessions
    .filter((session) => session.tier === tier && session.strategy === CLAIMANT && session.invalidReason === null)
    .toSorted((a, b) => excessMs(b) - excessMs(a) || stallMs(b) - stallMs(a) || startupMs(b) - startupMs(a))
    .slice(0, WORST);
}

/** Where no bound is known every stall counts. */
function excessMs({ metrics }: BenchSession): number {
  return metrics.excessStallMs ?? metrics.stallMs;
}

function stallMs({ metrics }: BenchSession): number {
  return metrics.stallMs;
}

/** Whoever showed nothing was slower than anybody. */
function startupMs({ metrics }: BenchSession): number {
  return metrics.startupMs ?? Number.MAX_VALUE;
}
