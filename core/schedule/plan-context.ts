/** What surrounds a plan at the moment of an event: time, beliefs, chance; and what the strategy is shown of them. */
import type { EstimateBook } from "../estimate/estimate-book.ts";
import { viewNode } from "../estimate/estimate-book.ts";
import { sharesBottleneck } from "../estimate/link-estimate.ts";
import type { Random } from "../random.ts";
import { wantedRuns } from "./bind-rows.ts";
import type { Cause } from "./plan-events.ts";
import type { FetchPlan } from "./plan-state.ts";
import { missingRuns } from "./plan-state.ts";
import type { BlockRun, RunningAttempt } from "./running-attempt.ts";
import { covers } from "./source.ts";
import type { Candidate, Situation, Verdict } from "./strategy.ts";

export interface PlanContext {
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  /** With everything that the event itself teaches. */
  readonly book: EstimateBook;
  readonly random: Random;
  /** False where nobody reads the trace: decisions are then not explained. True when left out. */
  readonly explains?: boolean;
}

/**
 * Sources that may be asked now, in the order of the record. One that any fetch caught lying is no candidate, unless a round
 * in which all others failed is over and still nobody else can be asked: perhaps it is one sector that is bad.
 */
function candidates(plan: FetchPlan, context: PlanContext): readonly Candidate[] {
  const able = answeringSources(plan, context);
  if (isNobodyLying(able)) return able;
  const honest = able.filter(isHonest);
  const isLastResort = plan.roundsFailed > 0 && (honest.length === 0 || plan.input.coded !== undefined);
  return isLastResort ? able : honest;
}

function isHonest({ view }: Candidate): boolean {
  return view.health !== "quarantined";
}

function isNobodyLying(able: readonly Candidate[]): boolean {
  for (const candidate of able) if (!isHonest(candidate)) return false;
  return true;
}

/** Whether nobody can be asked for something that is missing, as some failed or lied: the round is over. */
export function isRoundOver(plan: FetchPlan, context: PlanContext): boolean {
  const able = candidates(plan, context);
  const isLeftOut = plan.failedInRound.size > 0 || answeringSources(plan, context).length > able.length;
  if (!isLeftOut || plan.input.coded === undefined) return isLeftOut && able.length === 0;
  return missingFor(plan, able, context).some((run) => !able.some(({ source }) => covers(source, run)));
}

/** What is missing of the chunk, as it is to be asked of these. */
function missingFor(plan: FetchPlan, able: readonly Candidate[], { book, nowMs }: PlanContext): readonly BlockRun[] {
  const { coded, strategy } = plan.input;
  if (coded === undefined) return missingRuns(plan);
  return wantedRuns(coded, plan, {
    candidates: able,
    usesParity: strategy.usesParity,
    slackMs: plan.deadlineMs === null ? null : plan.deadlineMs - nowMs,
    sharesBottleneck: sharesBottleneck(book.link, nowMs),
  });
}

function answeringSources(plan: FetchPlan, { book, nowMs }: PlanContext): Candidate[] {
  const able: Candidate[] = [];
  const isAnybodyOut = plan.failedInRound.size > 0 || plan.liars.size > 0;
  for (const source of plan.input.sources) {
    const { nodeId } = source;
    if (isAnybodyOut && ((plan.failedInRound.get(nodeId) ?? 0) > nowMs || plan.liars.has(nodeId))) continue;
    let running = 0;
    let isSilent = false;
    for (const attempt of plan.running) {
      if (attempt.nodeId !== nodeId) continue;
      running += 1;
      isSilent ||= attempt.isSilent;
    }
    if (!isSilent) able.push({ source, view: viewNode(book, nodeId, nowMs), running });
  }
  return able;
}

/** What the strategy thinks of an attempt under way. */
export function judge(plan: FetchPlan, attempt: RunningAttempt, context: PlanContext): Verdict {
  const { nowMs } = context;
  const view = attempt.firstByteMs === null ? viewNode(context.book, attempt.nodeId, nowMs) : null;
  const verdict = plan.input.strategy.judge({ nowMs, attempt, view });
  if (verdict.is === "on-time" || nowMs >= plan.lateUntilMs) return verdict;
  return { is: attempt.isSilent ? "silent" : "on-time", reviewAtMs: plan.lateUntilMs };
}

/** What the strategy may look at to start attempts. */
export function situationOf(plan: FetchPlan, cause: Cause, context: PlanContext): Situation {
  const { nowMs, book, random } = context;
  const able = candidates(plan, context);
  return {
    nowMs,
    random,
    cause,
    blocks: plan.input.blocks,
    accepted: plan.accepted,
    coded: plan.input.coded,
    missing: missingFor(plan, able, context),
    running: plan.running,
    candidates: able,
    slackMs: plan.deadlineMs === null ? null : plan.deadlineMs - nowMs,
    isAhead: plan.isAhead,
    turn: plan.input.turn,
    sharesBottleneck: sharesBottleneck(book.link, nowMs),
    hedgeBudgetBytes: book.hedgeBudget,
  };
}
