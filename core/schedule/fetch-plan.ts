/**
 * The fetch plan: the state machine that gets one chunk from its sources. Events in, commands out; time, estimates and
 * randomness are arguments; the driver (wire/exchange/fetch-segment.ts) carries the commands out and decides nothing.
 *
 * A plan is a value, and {@link onEvent} makes a new one of it. A driver that keeps no older one lets it {@link moveOn}
 * instead: nine of ten events are reads of a body, which change a few numbers.
 *
 * The plan keeps what must hold under every strategy: each block is accepted at most once and only from a running
 * attempt, attempts are bounded, a liar is not asked again, and in the end every block is accepted or a typed reason is
 * given. Which node, how many, and how patient: that is the strategy's (strategy.ts).
 */
import type { Draft } from "../draft.ts";
import type { NodeId } from "../ids.ts";
import { advance, askForWake } from "./advance-plan.ts";
import { blocksAtHand } from "./coded-blocks.ts";
import type { PlanContext } from "./plan-context.ts";
import type { Cause, PlanCommand, PlanEvent } from "./plan-events.ts";
import type { FetchInput, FetchPlan } from "./plan-state.ts";
import { acceptBlock, copyOfPlan, firstMissing, isWhole, newPlan, noteFailure, removeAttempt } from "./plan-state.ts";
import type { Turn } from "./plan-turn.ts";
import { cancel, endAttempt, silenceKind } from "./plan-turn.ts";
import type { RunningAttempt } from "./running-attempt.ts";

/** Timers of a browser or of Node that has other work are late by less. */
const LATE_MS = 50;
/** Reading a MiB that waits takes a worker 8 to 17 ms (measured, scheduling note fact 5): this is some ten of them. */
const LATE_GRACE_MS = 150;

export interface Step {
  readonly plan: FetchPlan;
  readonly commands: readonly PlanCommand[];
}

/** Begins to fetch. An empty chunk is finished at once. */
export function beginFetch(input: FetchInput, context: PlanContext): Step {
  const turn: Turn = { plan: newPlan(input, context.nowMs), commands: [] };
  advance(turn, input.isAhead ? "ahead" : "first", context);
  return turn;
}

/** The plan after an event. After `finish` or `give-up`, and for attempts that were cancelled, nothing happens. */
export function onEvent(plan: FetchPlan, event: PlanEvent, context: PlanContext): Step {
  const next = copyOfPlan(plan);
  return { plan: next, commands: moveOn(next, event, context) };
}

/** The event moves the plan, in place. */
export function moveOn(plan: Draft<FetchPlan>, event: PlanEvent, context: PlanContext): readonly PlanCommand[] {
  if (plan.phase !== "fetching") return NO_COMMANDS;
  const turn: Turn = { plan, commands: [] };
  noteLateness(plan, context.nowMs);
  switch (event.saw) {
    case "wake":
      wake(turn, context);
      break;
    case "stop":
      stop(turn, event.reason);
      break;
    case "liar":
      dropLiar(turn, event.nodeId, context);
      break;
    case "wanted":
      turn.plan.deadlineMs = event.slackMs === null ? null : context.nowMs + event.slackMs;
      if (turn.plan.isAhead) turn.plan.lastAcceptedMs = context.nowMs;
      turn.plan.isAhead = false;
      advance(turn, "first", context);
      break;
    case "first-byte":
    case "bytes":
    case "block-ok":
    case "block-bad":
    case "ended":
    case "failed": {
      const attempt = attemptOf(plan, event.attempt);
      if (attempt !== undefined) onAttemptEvent(turn, attempt, event, context);
    }
  }
  return turn.commands;
}

/** The most frequent event, said without an object: more bytes of the body of an attempt. */
export function moveOnWithBytes(
  plan: Draft<FetchPlan>,
  id: number,
  bytes: number,
  context: PlanContext,
): readonly PlanCommand[] {
  noteLateness(plan, context.nowMs);
  const attempt = attemptOf(plan, id);
  if (attempt?.isSilent === true) return moveOn(plan, { saw: "bytes", attempt: id, bytes }, context);
  if (attempt !== undefined) noteBytes(attempt, bytes, context.nowMs);
  return NO_COMMANDS;
}

const NO_COMMANDS: readonly PlanCommand[] = [];

/** Without find(): at every read it would make a function. */
function attemptOf({ running }: FetchPlan, id: number): RunningAttempt | undefined {
  for (const attempt of running) if (attempt.id === id) return attempt;
  return undefined;
}

type AttemptEvent = Extract<PlanEvent, { readonly attempt: number }>;

function onAttemptEvent(turn: Turn, attempt: RunningAttempt, event: AttemptEvent, context: PlanContext): void {
  const { plan } = turn;
  const wasSilent = attempt.isSilent;
  switch (event.saw) {
    // Nothing is decided at an answer or a read, unless one that was silent is back: what they change is seen at the next
    // block, or when the wake comes.
    case "first-byte":
      noteAnswer(attempt, context.nowMs);
      if (wasSilent) advance(turn, more(plan), context);
      break;
    case "bytes":
      noteBytes(attempt, event.bytes, context.nowMs);
      if (wasSilent) advance(turn, more(plan), context);
      break;
    case "block-ok":
      // Unless the chunk is whole or somebody is free, nothing can come of it before the body ends or the wake comes.
      if (settleBlock(turn, attempt, event.block, context.nowMs)) advance(turn, more(plan), context);
      break;
    case "block-bad":
      expelLiar(turn, attempt, event.block, context.nowMs);
      advance(turn, "corrupt-block", context);
      break;
    case "ended":
      removeAttempt(plan, attempt.id);
      advance(turn, more(plan), context);
      break;
    case "failed":
      removeAttempt(plan, attempt.id);
      noteFailure(plan, { nodeId: attempt.nodeId, kind: event.kind, detail: event.detail }, context.nowMs);
      advance(turn, "failover", context);
      break;
  }
}

/** Why blocks that were not assigned until now are asked for when all goes well. */
function more(plan: FetchPlan): Cause {
  return plan.isAhead ? "ahead" : "first";
}

function stop({ plan, commands }: Turn, reason: string): void {
  for (const attempt of plan.running) commands.push(cancel(attempt, reason));
  plan.phase = "stopped";
  plan.running = [];
}

/**
 * A wake that comes late, or not before another event, means that the program itself did not run. The time in which it
 * could see nothing counts against nobody.
 */
function noteLateness(plan: Draft<FetchPlan>, nowMs: number): void {
  const lateMs = plan.wakeAtMs === null ? 0 : nowMs - plan.wakeAtMs;
  if (lateMs <= LATE_MS || nowMs < plan.lateUntilMs) return;
  plan.lateUntilMs = nowMs + LATE_GRACE_MS;
  plan.lastAcceptedMs += lateMs;
}

/** What the node still owes goes to others at once; as the book has it in quarantine, it is not asked again. */
function dropLiar(turn: Turn, nodeId: NodeId, context: PlanContext): void {
  const dropped = turn.plan.running.filter((attempt) => attempt.nodeId === nodeId);
  for (const attempt of dropped) {
    removeAttempt(turn.plan, attempt.id);
    turn.commands.push(cancel(attempt, "caught-lying"));
  }
  if (dropped.length > 0) advance(turn, "corrupt-block", context);
}

/** Ends everything that is under way on a node that delivered wrong bytes. */
function expelLiar(turn: Turn, liar: RunningAttempt, block: number, nowMs: number): void {
  for (const attempt of turn.plan.running) {
    if (attempt.nodeId !== liar.nodeId) continue;
    endAttempt(turn, attempt, { kind: "corrupt", detail: `block ${block} does not hash to its name`, nowMs });
  }
}

function noteAnswer(attempt: Draft<RunningAttempt>, nowMs: number): void {
  attempt.firstByteMs = nowMs;
  attempt.lastProgressMs = nowMs;
  attempt.isSilent = false;
}

function noteBytes(attempt: Draft<RunningAttempt>, bytes: number, nowMs: number): void {
  const gapMs = nowMs - attempt.lastProgressMs;
  attempt.lastProgressMs = nowMs;
  attempt.receivedBytes += bytes;
  attempt.usualGapMs += (gapMs - attempt.usualGapMs) / 4;
  attempt.isSilent = false;
}

/**
 * Accepts a verified block that is still missing, and settles the competition for it: whoever is after the same block
 * as its next one has lost. An attempt that was relieved of its end is over with the last block that is left to it.
 *
 * @returns whether there is something to decide: the chunk is whole, or an attempt is over
 */
function settleBlock(turn: Turn, attempt: Draft<RunningAttempt>, block: number, nowMs: number): boolean {
  const { plan, commands } = turn;
  const before = plan.running;
  attempt.verifiedBlocks += 1;
  if (plan.accepted[block] === false) {
    const losers = rivalsFor(block, attempt, plan);
    acceptBlock(plan, block);
    plan.lastAcceptedMs = nowMs;
    commands.push({ do: "accept-block", attempt: attempt.id, block });
    for (const loser of losers) loseRace(turn, loser, nowMs);
    completeRow(turn, attempt, block, nowMs);
  }
  const isRelieved = attempt.neededEndBlock < attempt.endBlock;
  if (isRelieved && firstMissing(plan, attempt) === undefined) {
    removeAttempt(plan, attempt.id);
    commands.push(cancel(attempt, "handed-over"));
  }
  return plan.running !== before || isWhole(plan);
}

/** Whoever else is at this block. */
function rivalsFor(block: number, attempt: RunningAttempt, plan: FetchPlan): readonly RunningAttempt[] {
  let rivals = NOBODY;
  for (const other of plan.running) {
    // Hardly anybody has this block to deliver, and to look for the next one takes longer than all of this.
    if (other.id === attempt.id || block < other.firstBlock || block >= other.neededEndBlock) continue;
    if (firstMissing(plan, other) === block) rivals = [...rivals, other];
  }
  return rivals;
}

const NOBODY: readonly RunningAttempt[] = [];

/** With k blocks of its row the others need nobody any more: whoever is at one of them has lost. */
function completeRow(turn: Turn, winner: RunningAttempt, block: number, nowMs: number): void {
  const { plan, commands } = turn;
  const { coded } = plan.input;
  const row = coded?.rows[coded.places[block]?.row ?? -1];
  if (coded === undefined || row === undefined || blocksAtHand(row, plan.accepted) < coded.code.dataShards) return;
  const open = row.blocks.filter((index) => index !== null && plan.accepted[index] !== true);
  const shards = row.blocks.flatMap((index, shard) => (open.includes(index) ? [] : [shard]));
  const lost = open.flatMap((index) => (index === null || index >= coded.dataBlocks ? [] : [index]));
  const losers = plan.running.filter((other) => {
    const next = firstMissing(plan, other);
    return other.id !== winner.id && next !== undefined && open.includes(next);
  });
  for (const index of open) if (index !== null) acceptBlock(plan, index);
  if (lost.length > 0) commands.push({ do: "decode", blocks: lost, shards });
  for (const loser of losers) loseRace(turn, loser, nowMs);
}

function loseRace(turn: Turn, loser: RunningAttempt, nowMs: number): void {
  if (loser.isSilent) {
    endAttempt(turn, loser, { kind: silenceKind(loser), detail: "silent", nowMs });
    return;
  }
  removeAttempt(turn.plan, loser.id);
  turn.commands.push(cancel(loser, "lost-race"));
}

/** Time passed: perhaps a pause is over, or an attempt has gone silent. */
function wake(turn: Turn, context: PlanContext): void {
  const { plan } = turn;
  plan.wakeAtMs = null;
  if (context.nowMs < plan.reviewAtMs) {
    askForWake(turn, plan.reviewAtMs);
    return;
  }
  if (plan.nextRoundAtMs === null || context.nowMs < plan.nextRoundAtMs) {
    advance(turn, more(plan), context);
    return;
  }
  plan.nextRoundAtMs = null;
  plan.failedInRound = new Map();
  advance(turn, "retry", context);
}
