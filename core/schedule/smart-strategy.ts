/**
 * The first form of the smart strategy: the node with the lowest expected completion time; two unknown nodes race at the
 * cold start; an attempt that goes silent or crawls is doubled by another node within a fraction of a second.
 *
 * Sources: scheduling note sections 2.2 (score), 2.7 (cold start, exploration), 2.9 (patience).
 */
import type { NodeView } from "../estimate/node-estimate.ts";
import { expectedCompletionMs } from "../estimate/node-estimate.ts";
import type { Random } from "../random.ts";
import type { BlockRun, RunningAttempt } from "./running-attempt.ts";
import { blockRun } from "./running-attempt.ts";
import { covers } from "./source.ts";
import type { Assignment, Candidate, Situation, Strategy, Verdict } from "./strategy.ts";

/** Nodes within this factor of the best are equally good: chance spreads the load among them. */
const TIE_FACTOR = 1.1;
/** With this much playback time left a node may be measured at our leisure. */
const EXPLORE_SLACK_MS = 8_000;
/** One segment in sixteen then takes a rival along. */
const EXPLORE_SHARE = 1 / 16;
/** Unknown nodes that race at a cold start: a third one costs another block and hardly ever wins. */
const RACERS = 2;
/** First byte presumed of a node that was never asked, to rank it among those that were. */
const PRESUMED_FIRST_BYTE_MS = 100;

/** Patience is four times the usual: the 95th percentile of the first byte, the mean gap between reads. */
const PATIENCE_FACTOR = 4;
const MIN_FIRST_BYTE_PATIENCE_MS = 400;
const UNKNOWN_FIRST_BYTE_PATIENCE_MS = 600;
const MIN_GAP_PATIENCE_MS = 300;
/** A hung node may cost 800 ms, the first byte of its replacement included; a wrong guess costs one block twice. */
const MAX_PATIENCE_MS = 700;
/** A node so far away that the bound above is near its usual first byte gets at least this many times that. */
const FAR_PATIENCE_FACTOR = 2;
/** A silent attempt whose replacement has not delivered either may still come back for this long. */
const LAST_HOPE_MS = 3_000;

/** An attempt crawls when its own pace needs this factor and this time more than another node is expected to. */
const CRAWL_FACTOR = 2;
const CRAWL_MARGIN_MS = 250;
/** Pace is judged after this time of body, then as often. */
const PACE_AFTER_MS = 500;
const PACE_REVIEW_MS = 250;
/** An unknown node is expected to take this long, when it comes to replacing one that crawls. */
const UNKNOWN_COMPLETION_MS = 2_000;

export const smartStrategy: Strategy = {
  name: "smart",
  assign: (situation) => situation.missing.flatMap((run) => assignRun(run, situation)),
  judge: judgeAttempt,
};

function assignRun(run: BlockRun, situation: Situation): Assignment[] {
  const { random, cause, blocks } = situation;
  const able = bestTier(situation.candidates.filter((candidate) => covers(candidate.source, run)));
  const best = bestExpected(able, run, random);
  if (best !== undefined) {
    const lead: Assignment = { nodeId: best.source.nodeId, run, because: cause };
    const rival = cause === "first" ? pickRival(best, able, situation) : undefined;
    // The rival gets the last block only, and the best node all of it: measuring costs at most that block, and no time.
    return rival === undefined ? [lead] : [lead, { ...rival, run: blockRun(blocks, run.endBlock - 1, run.endBlock) }];
  }
  return byLooks(able, random)
    .slice(0, RACERS)
    .map(({ source }, place) => ({ nodeId: source.nodeId, run, because: place === 0 ? cause : "race" }));
}

/** The healthiest candidates: blocked ones are asked only when nobody else is left, the soonest to be free first. */
function bestTier(candidates: readonly Candidate[]): Candidate[] {
  for (const health of ["closed", "half-open"] as const) {
    const tier = candidates.filter((candidate) => candidate.view.health === health);
    if (tier.length > 0) return tier;
  }
  const open = candidates.filter((candidate) => candidate.view.health === "open");
  return [...(open.length > 0 ? open : candidates)].sort((a, b) => a.view.retryAtMs - b.view.retryAtMs).slice(0, 1);
}

/** The known candidate that is expected to be done first, chance among near equals; undefined when none is known. */
function bestExpected(candidates: readonly Candidate[], run: BlockRun, random: Random): Candidate | undefined {
  const expectedMs = (candidate: Candidate) => expectedCompletionMs(candidate.view, run.end - run.start) ?? Infinity;
  const bestMs = Math.min(...candidates.map(expectedMs));
  if (bestMs === Infinity) return undefined;
  return oneOf(
    candidates.filter((candidate) => expectedMs(candidate) <= bestMs * TIE_FACTOR),
    random,
  );
}

/** A second node to measure beside the best one: one that may have recovered, or now and then any other. */
function pickRival(best: Candidate, able: readonly Candidate[], situation: Situation) {
  const { candidates, slackMs, random } = situation;
  const recovering = candidates.find((candidate) => candidate.view.health === "half-open");
  if (recovering !== undefined && recovering !== best) {
    return { nodeId: recovering.source.nodeId, because: "probe" } as const;
  }
  if (slackMs === null || slackMs < EXPLORE_SLACK_MS || random() >= EXPLORE_SHARE) return undefined;
  const others = able.filter((candidate) => candidate !== best);
  const unknown = others.filter((candidate) => candidate.view.rateBytesPerSecond === null);
  const other = oneOf(unknown.length > 0 ? unknown : others, random);
  return other === undefined ? undefined : ({ nodeId: other.source.nodeId, because: "explore" } as const);
}

/** Unknown nodes, the best-looking first: by first byte, chance among equals. */
function byLooks(candidates: readonly Candidate[], random: Random): Candidate[] {
  return candidates
    .map((candidate) => ({
      candidate,
      looksMs: candidate.view.firstByteMsP50 ?? PRESUMED_FIRST_BYTE_MS,
      lot: random(),
    }))
    .sort((a, b) => a.looksMs - b.looksMs || a.lot - b.lot)
    .map((entry) => entry.candidate);
}

function oneOf(candidates: readonly Candidate[], random: Random): Candidate | undefined {
  return candidates[Math.floor(random() * candidates.length)];
}

function judgeAttempt(attempt: RunningAttempt, view: NodeView, others: readonly Candidate[], nowMs: number): Verdict {
  const silentAtMs = attempt.lastProgressMs + patienceMs(attempt, view);
  const hopelessAtMs = silentAtMs + LAST_HOPE_MS;
  if (nowMs >= hopelessAtMs) return { is: "hopeless", reviewAtMs: nowMs };
  if (nowMs >= silentAtMs) return { is: "silent", reviewAtMs: hopelessAtMs };
  if (attempt.firstByteMs === null) return { is: "on-time", reviewAtMs: silentAtMs };
  const paceKnownAtMs = attempt.firstByteMs + PACE_AFTER_MS;
  if (nowMs < paceKnownAtMs) return { is: "on-time", reviewAtMs: Math.min(silentAtMs, paceKnownAtMs) };
  const is = crawls(attempt, others, nowMs) ? "slow" : "on-time";
  return { is, reviewAtMs: Math.min(silentAtMs, nowMs + PACE_REVIEW_MS) };
}

function patienceMs(attempt: RunningAttempt, view: NodeView): number {
  if (attempt.firstByteMs !== null) {
    return clamp(PATIENCE_FACTOR * attempt.usualGapMs, MIN_GAP_PATIENCE_MS, MAX_PATIENCE_MS);
  }
  const usualMs = view.firstByteMsP95;
  if (usualMs === null) return UNKNOWN_FIRST_BYTE_PATIENCE_MS;
  const mostMs = Math.max(MAX_PATIENCE_MS, FAR_PATIENCE_FACTOR * usualMs);
  return clamp(PATIENCE_FACTOR * usualMs, MIN_FIRST_BYTE_PATIENCE_MS, mostMs);
}

/** The replacement of one that crawled is not called slow in its turn: when both crawl, it is the link that they share. */
function crawls(attempt: RunningAttempt, others: readonly Candidate[], nowMs: number): boolean {
  if (attempt.because === "slow") return false;
  const bodyMs = nowMs - (attempt.firstByteMs ?? nowMs);
  const remainingBytes = attempt.end - attempt.start - attempt.receivedBytes;
  const finishMs = (remainingBytes * bodyMs) / Math.max(1, attempt.receivedBytes);
  const alternatives = others
    .filter((other) => other.view.health === "closed")
    .map((other) => expectedCompletionMs(other.view, remainingBytes) ?? UNKNOWN_COMPLETION_MS);
  return finishMs > Math.min(...alternatives) * CRAWL_FACTOR + CRAWL_MARGIN_MS;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
