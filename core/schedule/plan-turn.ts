/** A step of a fetch plan in the making, and the ways in which an attempt is ended in it. */
import type { Draft } from "../draft.ts";
import type { FailureKind, PlanCommand } from "./plan-events.ts";
import type { FetchPlan } from "./plan-state.ts";
import { noteFailure, removeAttempt } from "./plan-state.ts";
import type { RunningAttempt } from "./running-attempt.ts";

/** A copy of the plan, and what is to be done. */
export interface Turn {
  readonly plan: Draft<FetchPlan>;
  readonly commands: PlanCommand[];
}

export function cancel(attempt: RunningAttempt, reason: string): PlanCommand {
  return { do: "cancel", attempt: attempt.id, outcome: "cancelled", reason };
}

/** Cancels an attempt by its own fault. */
export function endAttempt(
  { plan, commands }: Turn,
  { id, nodeId }: RunningAttempt,
  { kind, detail, nowMs }: { readonly kind: FailureKind; readonly detail: string; readonly nowMs: number },
): void {
  removeAttempt(plan, id);
  noteFailure(plan, { kind, detail, nodeId }, nowMs);
  const outcome = kind === "corrupt" ? "corrupt" : "stalled";
  commands.push({ do: "cancel", attempt: id, outcome, reason: detail });
}

export function silenceKind(attempt: RunningAttempt): FailureKind {
  return attempt.firstByteMs === null ? "no-answer" : "stalled";
}
