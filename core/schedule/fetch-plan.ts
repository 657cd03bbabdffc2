/**
 * The fetch plan: the state machine that gets one chunk from its sources. Events in, commands out; time, estimates and
 * randomness are arguments; the driver (wire/exchange/fetch-segment.ts) carries the commands out and decides nothing.
 *
 * The plan keeps what must hold under every strategy: each block is accepted at most once and only from a running
 * attempt, attempts are bounded, a liar is not asked again, and in the end every block is accepted or a typed reason is
 * given. Which node, how many, and how patient: that is the strategy's (strategy.ts).
 */
import { viewNode } from "../estimate/estimate-book.ts";
import { expectedCompletionMs } from "../estimate/node-estimate.ts";
import type { NodeId } from "../ids.ts";
import { codeAfterRound, describeFailures, GIVE_UP_AFTER_MS, MAX_ATTEMPTS, roundPauseMs } from "./give-up.ts";
import type { Cause, FailureKind, GiveUpCode, PlanCommand, PlanEvent } from "./plan-events.ts";
import type { PlanContext } from "./plan-context.ts";
import { candidates, judge, situationOf } from "./plan-context.ts";
import type { FetchInput, FetchPlan } from "./plan-state.ts";
import { firstMissing, hasMissing, withAttempt, withFailure, withoutAttempt } from "./plan-state.ts";
import type { RunningAttempt } from "./running-attempt.ts";
import type { Assignment } from "./strategy.ts";

/** Attempts of one plan at once: two on each of a cluster's usual six nodes. */
export const MAX_RUNNING_ATTEMPTS = 12;

/** Nobody was worth asking (all busy with more urgent bytes): asked again after this time. */
const IDLE_REVIEW_MS = 100;

export interface Step {
  readonly plan: FetchPlan;
  readonly commands: readonly PlanCommand[];
}

/** Begins to fetch. An empty chunk is finished at once. */
export function beginFetch(input: FetchInput, context: PlanContext): Step {
  const plan: FetchPlan = {
    input,
    deadlineMs: input.slackMs === null ? null : context.nowMs + input.slackMs,
    isAhead: input.isAhead,
    phase: "fetching",
    accepted: input.blocks.map(() => false),
    running: [],
    attemptsStarted: 0,
    roundsFailed: 0,
    failedInRound: new Set(),
    liars: new Set(),
    lastFailures: new Map(),
    nextRoundAtMs: null,
    lastAcceptedMs: context.nowMs,
    wakeAtMs: null,
  };
  return advance({ plan, commands: [] }, input.isAhead ? "ahead" : "first", context);
}

/** The plan after an event. After `finish` or `give-up`, and for attempts that were cancelled, nothing happens. */
export function onEvent(plan: FetchPlan, event: PlanEvent, context: PlanContext): Step {
  if (plan.phase !== "fetching") return { plan, commands: [] };
  if (event.saw === "wake") return onWake(plan, context);
  if (event.saw === "stop") {
    const commands = plan.running.map((attempt) => cancel(attempt, event.reason));
    return { plan: { ...plan, phase: "stopped", running: [] }, commands };
  }
  if (event.saw === "wanted") {
    const deadlineMs = event.slackMs === null ? null : context.nowMs + event.slackMs;
    return advance({ plan: { ...plan, deadlineMs, isAhead: false }, commands: [] }, "first", context);
  }
  const attempt = plan.running.find((running) => running.id === event.attempt);
  if (attempt === undefined) return { plan, commands: [] };
  switch (event.saw) {
    case "first-byte": {
      const answered = progressed(attempt, { firstByteMs: context.nowMs }, context);
      return advance({ plan: withAttempt(plan, answered), commands: [] }, more(plan), context);
    }
    case "bytes":
      // Nothing is decided at every read: what they change is seen at the next block, or when the wake comes.
      return { plan: withAttempt(plan, received(attempt, event.bytes, context)), commands: [] };
    case "block-ok":
      return advance(acceptBlock(plan, attempt, event.block, context), more(plan), context);
    case "block-bad":
      return advance(expelLiar(plan, attempt.nodeId, event.block), "corrupt-block", context);
    case "ended":
      return advance({ plan: withoutAttempt(plan, attempt.id), commands: [] }, more(plan), context);
    case "failed": {
      const failure = { nodeId: attempt.nodeId, kind: event.kind, detail: event.detail };
      return advance(
        { plan: withFailure(withoutAttempt(plan, attempt.id), failure), commands: [] },
        "failover",
        context,
      );
    }
  }
}

/** Why blocks that were not assigned until now are asked for when all goes well. */
function more(plan: FetchPlan): Cause {
  return plan.isAhead ? "ahead" : "first";
}

/** Ends everything that is under way on a node that delivered wrong bytes. */
function expelLiar(plan: FetchPlan, liar: NodeId, block: number): Step {
  let step: Step = { plan, commands: [] };
  for (const attempt of plan.running.filter((running) => running.nodeId === liar)) {
    step = endAttempt(step, attempt, { kind: "corrupt", detail: `block ${block} does not hash to its name` });
  }
  return step;
}

function progressed(attempt: RunningAttempt, change: Partial<RunningAttempt>, { nowMs }: PlanContext): RunningAttempt {
  return { ...attempt, ...change, lastProgressMs: nowMs, isSilent: false };
}

function received(attempt: RunningAttempt, bytes: number, context: PlanContext): RunningAttempt {
  const gapMs = context.nowMs - attempt.lastProgressMs;
  const usualGapMs = attempt.usualGapMs + (gapMs - attempt.usualGapMs) / 4;
  return progressed(attempt, { receivedBytes: attempt.receivedBytes + bytes, usualGapMs }, context);
}

/**
 * Accepts a verified block that is still missing, and settles the competition for it: whoever is after the same block
 * as its next one has lost. An attempt that was relieved of its end is over with the last block that is left to it.
 */
function acceptBlock(plan: FetchPlan, attempt: RunningAttempt, block: number, context: PlanContext): Step {
  const counted = { ...attempt, verifiedBlocks: attempt.verifiedBlocks + 1 };
  const verified = withAttempt(plan, counted);
  let step: Step = { plan: verified, commands: [] };
  if (verified.accepted[block] === false) {
    const losers = plan.running.filter((other) => other.id !== attempt.id && firstMissing(plan, other) === block);
    step = {
      plan: { ...verified, accepted: verified.accepted.with(block, true), lastAcceptedMs: context.nowMs },
      commands: [{ do: "accept-block", attempt: attempt.id, block }],
    };
    for (const loser of losers) step = loseRace(step, loser);
  }
  const isRelieved = counted.neededEndBlock < counted.endBlock;
  if (!isRelieved || firstMissing(step.plan, counted) !== undefined) return step;
  return {
    plan: withoutAttempt(step.plan, attempt.id),
    commands: [...step.commands, cancel(attempt, "handed-over")],
  };
}

function loseRace({ plan, commands }: Step, loser: RunningAttempt): Step {
  if (loser.isSilent) {
    return endAttempt({ plan, commands }, loser, { kind: silenceKind(loser), detail: "silent" });
  }
  return { plan: withoutAttempt(plan, loser.id), commands: [...commands, cancel(loser, "lost-race")] };
}

/** Cancels an attempt by its own fault. */
function endAttempt(
  { plan, commands }: Step,
  attempt: RunningAttempt,
  failure: { readonly kind: FailureKind; readonly detail: string },
): Step {
  const outcome = failure.kind === "corrupt" ? "corrupt" : "stalled";
  return {
    plan: withFailure(withoutAttempt(plan, attempt.id), { ...failure, nodeId: attempt.nodeId }),
    commands: [...commands, { do: "cancel", attempt: attempt.id, outcome, reason: failure.detail }],
  };
}

function silenceKind(attempt: RunningAttempt): FailureKind {
  return attempt.firstByteMs === null ? "no-answer" : "stalled";
}

function cancel(attempt: RunningAttempt, reason: string): PlanCommand {
  return { do: "cancel", attempt: attempt.id, outcome: "cancelled", reason };
}

/** Time passed: perhaps a pause is over, or an attempt has gone silent. */
function onWake(plan: FetchPlan, context: PlanContext): Step {
  const woken = { ...plan, wakeAtMs: null };
  if (plan.nextRoundAtMs === null || context.nowMs < plan.nextRoundAtMs) {
    return advance({ plan: woken, commands: [] }, more(plan), context);
  }
  const nextRound = { ...woken, nextRoundAtMs: null, failedInRound: new Set<never>() };
  return advance({ plan: nextRound, commands: [] }, "retry", context);
}

/** Brings a plan forward after anything changed: judge, assign what is missing, end or pause, and ask to be woken. */
function advance(step: Step, cause: Cause, context: PlanContext): Step {
  if (!step.plan.accepted.includes(false)) return finish(step);
  const judged = judgeAll(step, context);
  const wentSilent = judged.plan.running.some((attempt) => attempt.isSilent);
  const why = wentSilent && cause !== "corrupt-block" ? "failover" : cause;
  return endOrWait(assignMore(judged, why, context), context);
}

/** Attempts that have verified all their blocks are over by themselves; the rest is of no use any more. */
function finish({ plan, commands }: Step): Step {
  const useless = plan.running.filter((attempt) => attempt.verifiedBlocks < attempt.endBlock - attempt.firstBlock);
  return {
    plan: { ...plan, phase: "finished", running: [] },
    commands: [...commands, ...useless.map((attempt) => cancel(attempt, "lost-race")), { do: "finish" }],
  };
}

function judgeAll(step: Step, context: PlanContext): Step {
  let next = step;
  for (const attempt of step.plan.running) {
    const { is } = judge(next.plan, attempt, context);
    if (is === "hopeless") {
      next = endAttempt(next, attempt, { kind: silenceKind(attempt), detail: "no progress" });
    } else if (attempt.isSilent !== (is === "silent")) {
      next = { ...next, plan: withAttempt(next.plan, { ...attempt, isSilent: is === "silent" }) };
    }
  }
  return next;
}

function assignMore(step: Step, cause: Cause, context: PlanContext): Step {
  const situation = situationOf(step.plan, cause, context);
  const { running, attemptsStarted, input } = step.plan;
  const assignments = input.strategy
    .assign(situation)
    .slice(0, Math.max(0, Math.min(MAX_RUNNING_ATTEMPTS - running.length, MAX_ATTEMPTS - attemptsStarted)));
  const [first] = assignments;
  if (first === undefined) return step;
  const wantedBytes = first.run.end - first.run.start;
  const decision = {
    because: first.because,
    chosen: assignments.map((assignment) => assignment.nodeId),
    candidates: situation.candidates.map(({ source, view }) => ({
      nodeId: source.nodeId,
      predictedMs: expectedCompletionMs(view, wantedBytes),
      health: view.health,
    })),
  };
  let next: Step = { plan: step.plan, commands: [...step.commands, { do: "explain", decision }] };
  for (const assignment of assignments) next = start(next, assignment, context);
  return next;
}

function start({ plan, commands }: Step, assignment: Assignment, context: PlanContext): Step {
  const { nodeId, run, because, takesFrom } = assignment;
  const id = plan.attemptsStarted;
  const isHedge = because === "hedge";
  const attempt: RunningAttempt = {
    ...run,
    ...{ id, nodeId, because, isHedge, startedMs: context.nowMs, firstByteMs: null, lastProgressMs: context.nowMs },
    ...{ receivedBytes: 0, usualGapMs: 0, verifiedBlocks: 0, neededEndBlock: run.endBlock, isSilent: false },
  };
  const view = viewNode(context.book, nodeId, context.nowMs);
  const predictedMs = expectedCompletionMs(view, run.end - run.start);
  const relieved = plan.running.find((other) => other.id === takesFrom);
  const step = relieved === undefined ? { plan, commands } : relieve({ plan, commands }, relieved, run.firstBlock);
  return {
    plan: { ...step.plan, attemptsStarted: id + 1, nextRoundAtMs: null, running: [...step.plan.running, attempt] },
    commands: [...step.commands, { do: "start", attempt: id, nodeId, ...run, because, predictedMs, isHedge }],
  };
}

/** Nothing from this block on is wanted of the attempt any more. */
function relieve({ plan, commands }: Step, attempt: RunningAttempt, fromBlock: number): Step {
  const relieved = { ...attempt, neededEndBlock: Math.min(attempt.neededEndBlock, fromBlock) };
  if (firstMissing(plan, relieved) !== undefined) return { plan: withAttempt(plan, relieved), commands };
  return { plan: withoutAttempt(plan, attempt.id), commands: [...commands, cancel(attempt, "slow")] };
}

/** Ends the plan when nothing can help, begins a pause when every source failed, and asks for the next wake. */
function endOrWait(step: Step, context: PlanContext): Step {
  const { plan } = step;
  const giveUpAtMs = plan.lastAcceptedMs + GIVE_UP_AFTER_MS;
  if (context.nowMs >= giveUpAtMs) return giveUp(step, describeFailures(plan));
  const unserved = hasMissing(plan);
  if (unserved && plan.running.length === 0) {
    const code = plan.attemptsStarted >= MAX_ATTEMPTS ? describeFailures(plan) : codeAfterRound(plan);
    if (code !== undefined) return giveUp(step, code);
  }
  const roundIsOver = plan.failedInRound.size > 0 && candidates(plan, context).length === 0;
  const pausing = unserved && plan.nextRoundAtMs === null && roundIsOver;
  const paused = pausing
    ? {
        ...plan,
        roundsFailed: plan.roundsFailed + 1,
        nextRoundAtMs: context.nowMs + roundPauseMs(plan.roundsFailed),
      }
    : plan;
  return askForWake({ plan: paused, commands: step.commands }, giveUpAtMs, context);
}

function giveUp({ plan, commands }: Step, code: GiveUpCode): Step {
  const failures = [...plan.lastFailures.values()];
  const cancels = plan.running.map((attempt) => cancel(attempt, "gave-up"));
  return {
    plan: { ...plan, phase: "gave-up", running: [] },
    commands: [...commands, ...cancels, { do: "give-up", code, failures }],
  };
}

/** A wake that comes too early is harmless, one that is replaced at every byte is not: only an earlier time is asked for. */
function askForWake({ plan, commands }: Step, giveUpAtMs: number, context: PlanContext): Step {
  const reviews = plan.running.map((attempt) => judge(plan, attempt, context).reviewAtMs);
  const isIdle = plan.running.length === 0 && plan.nextRoundAtMs === null;
  const idleReviewAtMs = isIdle ? context.nowMs + IDLE_REVIEW_MS : Infinity;
  const endReviewAtMs = hasMissing(plan) ? Infinity : context.nowMs + plan.input.strategy.reviewMs;
  const atMs = Math.min(giveUpAtMs, plan.nextRoundAtMs ?? Infinity, idleReviewAtMs, endReviewAtMs, ...reviews);
  if (plan.wakeAtMs !== null && plan.wakeAtMs <= atMs) return { plan, commands };
  return { plan: { ...plan, wakeAtMs: atMs }, commands: [...commands, { do: "wake", atMs }] };
}
