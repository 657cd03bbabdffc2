/** What surrounds a plan at the moment of an event: time, beliefs, chance; and what the strategy is shown of them. */
import type { EstimateBook } from "../estimate/estimate-book.ts";
import { viewNode } from "../estimate/estimate-book.ts";
import { sharesBottleneck } from "../estimate/link-estimate.ts";
import type { Random } from "../random.ts";
import type { Cause } from "./plan-events.ts";
import type { FetchPlan } from "./plan-state.ts";
import { missingRuns } from "./plan-state.ts";
import type { RunningAttempt } from "./running-attempt.ts";
import type { Candidate, Situation, Verdict } from "./strategy.ts";

export interface PlanContext {
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  /** With everything that the event itself teaches. */
  readonly book: EstimateBook;
  readonly random: Random;
}

/** Sources that may be asked now, in the order of the record. */
export function candidates(plan: FetchPlan, { book, nowMs }: PlanContext): Candidate[] {
  return plan.input.sources.flatMap((source) => {
    const attempts = plan.running.filter((attempt) => attempt.nodeId === source.nodeId);
    const barred = plan.failedInRound.has(source.nodeId) || plan.liars.has(source.nodeId);
    if (barred || attempts.some((attempt) => attempt.isSilent)) return [];
    return [{ source, view: viewNode(book, source.nodeId, nowMs), running: attempts.length }];
  });
}

/** What the strategy thinks of an attempt under way. */
export function judge(plan: FetchPlan, attempt: RunningAttempt, context: PlanContext): Verdict {
  const view = viewNode(context.book, attempt.nodeId, context.nowMs);
  return plan.input.strategy.judge({ nowMs: context.nowMs, attempt, view });
}

/** What the strategy may look at to start attempts. */
export function situationOf(plan: FetchPlan, cause: Cause, { nowMs, book, random }: PlanContext): Situation {
  const { blocks, turn } = plan.input;
  return {
    ...{ nowMs, random, cause, blocks, turn, accepted: plan.accepted, running: plan.running, isAhead: plan.isAhead },
    missing: missingRuns(plan),
    candidates: candidates(plan, { nowMs, book, random }),
    slackMs: plan.deadlineMs === null ? null : plan.deadlineMs - nowMs,
    sharesBottleneck: sharesBottleneck(book.link, nowMs),
    hedgeBudgetBytes: book.hedgeBudget,
  };
}
