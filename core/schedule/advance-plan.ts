/**
 * What follows for a fetch plan from any change: attempts are judged, missing blocks assigned, the plan ended or paused
 * when nothing can help, and a wake asked for. The strategy says which node, how many and how patient; the bounds are here.
 */
import type { Draft } from "../draft.ts";
import { viewNode } from "../estimate/estimate-book.ts";
import { expectedCompletionMs } from "../estimate/expected-completion.ts";
import {
  codeAfterRound,
  describeFailures,
  GIVE_UP_AFTER_MS,
  GIVE_UP_AHEAD_AFTER_MS,
  MAX_ATTEMPTS,
  roundPauseMs,
} from "./give-up.ts";
import type { PlanContext } from "./plan-context.ts";
import { isRoundOver, judge, situationOf } from "./plan-context.ts";
import type { Cause, Decision, GiveUpCode } from "./plan-events.ts";
import type { FetchPlan } from "./plan-state.ts";
import { firstMissing, hasLeftBlocks, hasMissing, isWhole, removeAttempt } from "./plan-state.ts";
import type { Turn } from "./plan-turn.ts";
import { cancel, endAttempt, silenceKind } from "./plan-turn.ts";
import type { RunningAttempt } from "./running-attempt.ts";
import { newAttempt } from "./running-attempt.ts";
import { covers } from "./source.ts";
import type { Assignment, Situation, Verdict } from "./strategy.ts";

/** Attempts of one plan at once: two on each of a cluster's usual six nodes. */
export const MAX_RUNNING_ATTEMPTS = 12;

/** Nobody was worth asking (all busy with more urgent bytes): asked again after this time. */
const IDLE_REVIEW_MS = 100;

/** Brings a plan forward after anything changed: judge, assign what is missing, end or pause, and ask to be woken. */
export function advance(turn: Turn, cause: Cause, context: PlanContext): void {
  const { plan } = turn;
  if (isWhole(plan)) {
    finish(turn);
    return;
  }
  judgeAll(turn, context);
  const why = cause !== "corrupt-block" && hasLeftBlocks(plan) ? "failover" : cause;
  const situation = situationOf(plan, why, context);
  const reviewInMs = assignMore(turn, situation, context);
  // Of a coded chunk some may be asked and yet nobody for what is missing.
  const mayBeOver = situation.candidates.length === 0 || plan.input.coded !== undefined;
  endOrWait(turn, { reviewInMs, mayBeOver }, context);
}

/** Attempts that have verified all their blocks are over by themselves; the rest is of no use any more. */
function finish({ plan, commands }: Turn): void {
  for (const attempt of plan.running) {
    const isUseless = attempt.verifiedBlocks < attempt.endBlock - attempt.firstBlock;
    if (isUseless) commands.push(cancel(attempt, "lost-race"));
  }
  plan.phase = "finished";
  plan.running = [];
  commands.push({ do: "finish" });
}

function judgeAll(turn: Turn, context: PlanContext): void {
  const { plan } = turn;
  for (const attempt of plan.running) {
    const verdict = judge(plan, attempt, context);
    if (verdict.is === "hopeless") {
      endAttempt(turn, attempt, { kind: silenceKind(attempt), detail: "no progress", nowMs: context.nowMs });
    } else noteVerdict(attempt, verdict);
  }
}

function noteVerdict(attempt: Draft<RunningAttempt>, { is, reviewAtMs }: Verdict): void {
  attempt.isSilent = is === "silent";
  attempt.reviewAtMs = reviewAtMs;
}

/** @returns milliseconds until the strategy wants to be asked again */
function assignMore(turn: Turn, situation: Situation, context: PlanContext): number {
  const { running, attemptsStarted, input } = turn.plan;
  const room = Math.min(MAX_RUNNING_ATTEMPTS - running.length, MAX_ATTEMPTS - attemptsStarted);
  const wanted = input.strategy.assign(situation);
  const assignments = wanted.length <= room ? wanted : wanted.slice(0, Math.max(0, room));
  const reviewInMs = input.strategy.reviewInMs(situation, assignments);
  const [first] = assignments;
  if (first === undefined) return reviewInMs;
  if (context.explains !== false)
    turn.commands.push({ do: "explain", decision: explain(situation, assignments, first) });
  for (const assignment of assignments) startAttempt(turn, assignment, context);
  return reviewInMs;
}

function explain({ candidates: able }: Situation, assignments: readonly Assignment[], first: Assignment): Decision {
  const wantedBytes = first.run.end - first.run.start;
  return {
    because: first.because,
    chosen: assignments.map((assignment) => assignment.nodeId),
    candidates: able.map(({ source, view }) => ({
      nodeId: source.nodeId,
      predictedMs: expectedCompletionMs(view, wantedBytes),
      health: view.health,
    })),
  };
}

function startAttempt(turn: Turn, assignment: Assignment, context: PlanContext): void {
  const { nodeId, run, because, takesFrom, takesFromBlock = run.firstBlock } = assignment;
  const { plan, commands } = turn;
  const id = plan.attemptsStarted;
  const isHedge = because === "hedge";
  const { firstBlock, endBlock, end } = run;
  const predictedMs = expectedCompletionMs(viewNode(context.book, nodeId, context.nowMs), end - run.start);
  const relieved = plan.running.find((other) => other.id === takesFrom);
  if (relieved !== undefined) relieve(turn, relieved, takesFromBlock);
  const attempt = newAttempt(run, { id, nodeId, because, isHedge, startedMs: context.nowMs });
  plan.attemptsStarted = id + 1;
  // Of a coded chunk others may go on while some rows wait for the next round.
  if (plan.input.coded === undefined) plan.nextRoundAtMs = null;
  attempt.reviewAtMs = judge(plan, attempt, context).reviewAtMs;
  plan.running = [...plan.running, attempt];
  const source = plan.input.sources.find((one) => one.nodeId === nodeId && covers(one, run));
  const shard = source?.shard ?? null;
  const { start } = run;
  commands.push({
    do: "start",
    attempt: id,
    nodeId,
    shard,
    firstBlock,
    endBlock,
    start,
    end,
    because,
    predictedMs,
    isHedge,
  });
}

/** Nothing from this block on is wanted of the attempt any more. */
function relieve({ plan, commands }: Turn, attempt: Draft<RunningAttempt>, fromBlock: number): void {
  attempt.neededEndBlock = Math.min(attempt.neededEndBlock, fromBlock);
  if (firstMissing(plan, attempt) !== undefined) return;
  removeAttempt(plan, attempt.id);
  commands.push(cancel(attempt, "slow"));
}

/** What a decision came to. */
interface Outcome {
  readonly reviewInMs: number;
  /** Whether this may have been the end of a round: nobody could be asked. */
  readonly mayBeOver: boolean;
}

/** Ends the plan when nothing can help, begins a pause when every source failed, and asks for the next wake. */
function endOrWait(turn: Turn, { reviewInMs, mayBeOver }: Outcome, context: PlanContext): void {
  const { plan } = turn;
  const giveUpAtMs = plan.lastAcceptedMs + (plan.isAhead ? GIVE_UP_AHEAD_AFTER_MS : GIVE_UP_AFTER_MS);
  if (context.nowMs >= giveUpAtMs) {
    giveUp(turn, describeFailures(plan));
    return;
  }
  if (plan.running.length === 0 && hasMissing(plan)) {
    const code = plan.attemptsStarted >= MAX_ATTEMPTS ? describeFailures(plan) : codeNow(plan, context);
    if (code !== undefined) {
      giveUp(turn, code);
      return;
    }
  }
  if (mayBeOver && plan.nextRoundAtMs === null && hasMissing(plan) && isRoundOver(plan, context)) {
    plan.nextRoundAtMs = context.nowMs + roundPauseMs(plan.roundsFailed);
    plan.roundsFailed += 1;
  }
  plan.reviewAtMs = reviewAtMs(plan, Math.min(giveUpAtMs, context.nowMs + reviewInMs), context);
  askForWake(turn, plan.reviewAtMs);
}

/** Of a coded chunk some have failed and nobody is asked, and yet others can deliver it: they are only busy. */
function codeNow(plan: FetchPlan, context: PlanContext): GiveUpCode | undefined {
  return plan.input.coded === undefined || isRoundOver(plan, context) ? codeAfterRound(plan) : undefined;
}

function giveUp({ plan, commands }: Turn, code: GiveUpCode): void {
  for (const attempt of plan.running) commands.push(cancel(attempt, "gave-up"));
  plan.phase = "gave-up";
  plan.running = [];
  commands.push({ do: "give-up", code, failures: [...plan.lastFailures.values()] });
}

function reviewAtMs({ running, nextRoundAtMs }: FetchPlan, latestMs: number, { nowMs }: PlanContext): number {
  let atMs = Math.min(latestMs, nextRoundAtMs ?? Infinity);
  if (running.length === 0 && nextRoundAtMs === null) atMs = Math.min(atMs, nowMs + IDLE_REVIEW_MS);
  for (const attempt of running) atMs = Math.min(atMs, attempt.reviewAtMs);
  return atMs;
}

/** A wake that comes too early is harmless, one that is replaced at every byte is not: only an earlier time is asked for. */
export function askForWake({ plan, commands }: Turn, atMs: number): void {
  if (plan.wakeAtMs !== null && plan.wakeAtMs <= atMs) return;
  plan.wakeAtMs = atMs;
  commands.push({ do: "wake", atMs });
}
