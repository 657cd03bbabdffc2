/** When a plan stops trying, and how it calls that. */
import type { FailureKind, GiveUpCode } from "./plan-events.ts";
import type { FetchPlan } from "./plan-state.ts";
import type { Source } from "./source.ts";

/** Without a newly verified block for this long, the player has long shown a stall: an error is more use to it. */
export const GIVE_UP_AFTER_MS = 30_000;
/** Nobody waits for what was begun ahead, and nodes leave it lying for what is wanted: what it has must not be thrown away. */
export const GIVE_UP_AHEAD_AFTER_MS = 120_000;
/** Bounds the trace and the work of one chunk: every block of the largest one asked for twice, and some. */
export const MAX_ATTEMPTS = 300;
/** Pause after a round in which every source failed; doubles up to the second. */
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 1_000;

/** Pause before the next round. */
export function roundPauseMs(roundsFailed: number): number {
  return Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(roundsFailed, 10));
}

/** Who does not have the chunk any more helps as little as who is away: the record is old, and a newer one may help. */
const UNREACHABLE: readonly FailureKind[] = ["refused", "no-answer", "missing"];

/**
 * The code to give up with at the end of a round in which every source failed; undefined when another round may help.
 * Liars may help as little as dead nodes, so they do not keep the others from being unreachable or without the chunk.
 */
export function codeAfterRound(plan: FetchPlan): GiveUpCode | undefined {
  const code = describeFailures(plan);
  if (code === "unreachable") return plan.input.givesUpWhenAllUnreachable ? code : undefined;
  return code === "unavailable" && plan.input.sources.length > 0 ? undefined : code;
}

/** Of a coded chunk those that delivered what they have are no part of the trouble; whoever has all of it could deliver more. */
function hasFailed({ input, liars, lastFailures }: FetchPlan, { nodeId }: Source): boolean {
  return input.coded === undefined || liars.has(nodeId) || lastFailures.has(nodeId);
}

/** What the last failures of all sources amount to. */
export function describeFailures(plan: FetchPlan): GiveUpCode {
  const sources = plan.input.sources.filter((source) => hasFailed(plan, source));
  if (sources.length === 0) return "unavailable";
  if (sources.every((source) => plan.liars.has(source.nodeId))) return "corrupt";
  const kinds = sources
    .filter((source) => !plan.liars.has(source.nodeId))
    .map((source) => plan.lastFailures.get(source.nodeId)?.kind);
  if (kinds.every((kind) => kind === "missing")) return "not-found";
  return kinds.every((kind) => kind !== undefined && UNREACHABLE.includes(kind)) ? "unreachable" : "unavailable";
}
