/**
 * The smart strategy: every node that can help shares each chunk (split.ts), whoever is free helps the slowest
 * (endgame.ts), the silent are replaced within a fraction of a second (patience.ts), and how much of that is worth while
 * follows from the playback time left (urgency.ts). docs/scheduler.md tells it with figures.
 */
import { hedgeEarly } from "./early-hedge.ts";
import { playEndgame } from "./endgame.ts";
import type { NodeSupply } from "./node-supply.ts";
import { completionMs, supplies } from "./node-supply.ts";
import { judgePatiently } from "./patience.ts";
import type { Stay } from "./look-ahead.ts";
import type { BlockRun } from "./running-attempt.ts";
import { covers } from "./source.ts";
import { hasRoom, mustWait, roomInMs, splitMissing } from "./split.ts";
import { standInRun } from "./stand-ins.ts";
import type { Assignment, Candidate, Outlook, Situation, Strategy } from "./strategy.ts";
import { INDIFFERENT, urgencyOf } from "./urgency.ts";

/** What of the strategy is at work; ablations leave one out, to show what it earns. */
export interface SmartParts {
  readonly splits: boolean;
  readonly hedges: boolean;
  readonly races: boolean;
  readonly minds: boolean;
}

/** A chunk up to this size is asked of several unknown nodes at once: it measures them all and costs next to nothing. */
const RACE_BYTES = 32 * 1024;
const MAX_RACERS = 6;
/**
 * The last blocks of a chunk decide when it is there: whether somebody could help is looked at so often. And rates are
 * guesses: who has no room when it should is looked at again no sooner than this.
 */
const LOOK_AGAIN_MS = 40;
const CRUMB_RACERS = 2;
/** Segments of one rendition in a row after which the next one is likely to be of it, and after which all are. */
const MIN_IN_A_ROW = 4;
const SETTLED_SEGMENTS = 16;
/** With this much playback time left the buffer is nearly full: what is begun ahead makes it deeper. */
const DEEP_SLACK_MS = 16_000;
const SEGMENTS_AHEAD_DEEP = 3;
/** So few bytes cost no more than the request: a node that owes them is as good as idle, two may be asked for them. */
const CRUMB_BYTES = 4 * 1024;
/** But not one that needs longer for them: what was begun ahead would take it from what is wanted. */
const CRUMB_MS = 20;
/** With less playback time left than this nobody is sure that nodes share a bottleneck. */
const DISBELIEF_SLACK_MS = 8_000;
/** A node not heard of for this long is worth a block when there is time. */
const STALE_AFTER_MS = 15_000;

export function smartStrategyWith(name: string, parts: SmartParts): Strategy {
  return {
    name,
    usesParity: parts.minds ? "for-slow" : "for-lost",
    assign: (situation) => assign(situation, parts),
    judge: judgePatiently,
    reviewInMs: (situation, assigned) => reviewInMs(situation, assigned, parts),
    segmentsAhead,
  };
}

export const smartStrategy = smartStrategyWith("smart", { splits: true, hedges: true, races: true, minds: true });

function assign(situation: Situation, parts: SmartParts): Assignment[] {
  const { slackMs, isAhead } = situation;
  if (isAllGiven(situation)) return [];
  const sharesBottleneck = believesInBottleneck(situation);
  const urgency = parts.minds ? urgencyOf(slackMs, isAhead) : INDIFFERENT;
  const splits = parts.splits && !sharesBottleneck;
  const able = helpers(situation);
  if (able.length === 0) return [];
  const probing = probe(situation, urgency.mayExplore);
  if (splits && mustWait(situation, able, urgency)) return probing === undefined ? [] : [probing];
  const nodes = supplies(able, urgency.doubt);
  const racing = parts.races ? racers(situation, nodes) : [];
  if (racing.length > 0) return race(situation, racing);
  const assigned = splits ? splitMissing(situation, nodes, urgency.runMs) : wholeRuns(situation, nodes);
  if (probing !== undefined) assigned.push(probing);
  if (isAhead || !parts.hedges || sharesBottleneck) return assigned;
  const { runMs, mayHedge } = urgency;
  const asked = { nodes, assigned };
  const move =
    playEndgame(situation, asked, { steals: splits, hedges: mayHedge, runMs }) ??
    (mayHedge ? hedgeEarly(situation, asked, runMs) : undefined);
  if (move !== undefined) assigned.push(move);
  return assigned;
}

/**
 * Only for a player that has time: where nothing is split nothing is learnt of the others, and a wrong belief would keep a
 * session at one slow node, through ten seconds of stall.
 */
function believesInBottleneck({ sharesBottleneck, slackMs }: Situation): boolean {
  return sharesBottleneck && (slackMs === null || slackMs >= DISBELIEF_SLACK_MS);
}

/** Every second time that it asks: all blocks are being fetched, and no node is free to help. */
function isAllGiven({ missing, candidates }: Situation): boolean {
  if (missing.length > 0) return false;
  for (const { running } of candidates) if (running === 0) return false;
  return true;
}

/**
 * While blocks are left over, as soon as a node is expected to have room for more: else it would be idle for the first byte
 * of its next request, a tenth of its time when it is slow and far away. When all are being fetched and the player waits,
 * soon: somebody may help, and what a node left lying is given away one request at a time. What was begun ahead is not hurried.
 */
function reviewInMs(situation: Situation, assigned: readonly Assignment[], parts: SmartParts): number {
  const { slackMs, isAhead, missing, cause } = situation;
  let leftBytes = 0;
  for (const { start, end } of missing) leftBytes += end - start;
  for (const { run, because } of assigned) if (because !== "hedge") leftBytes -= run.end - run.start;
  if (leftBytes <= 0) return isAhead ? Infinity : LOOK_AGAIN_MS;
  if (cause === "failover") return LOOK_AGAIN_MS;
  if (!parts.splits || believesInBottleneck(situation)) return Infinity;
  const urgency = parts.minds ? urgencyOf(slackMs, isAhead) : INDIFFERENT;
  return Math.max(LOOK_AGAIN_MS, roomInMs(helpers(situation), assigned, urgency));
}

/**
 * Candidates worth planning with: healthy ones; for what none of those has, the ones that may have recovered; else the one
 * that is free soonest.
 */
function helpers({ candidates, missing, isAhead }: Situation): readonly Candidate[] {
  const healthy = areAll(candidates, isHealthy) ? candidates : candidates.filter(isHealthy);
  if (isAhead) return areAll(healthy, isIdle) ? healthy : healthy.filter(isIdle);
  if (healthy.length === 0) return lastResort(candidates);
  if (isAllHeld(missing, healthy)) return healthy;
  const lacking = missing.filter((run) => !isHeld(run, healthy));
  const others = lacking.flatMap((run) => lastResort(candidates.filter(({ source }) => covers(source, run))));
  return [...healthy, ...new Set(others)];
}

function isAllHeld(runs: readonly BlockRun[], candidates: readonly Candidate[]): boolean {
  for (const run of runs) if (!isHeld(run, candidates)) return false;
  return true;
}

function isHeld(run: BlockRun, candidates: readonly Candidate[]): boolean {
  for (const { source } of candidates) if (covers(source, run)) return true;
  return false;
}

/** A loop of our own: asked at every decision, of a handful. */
function areAll(candidates: readonly Candidate[], is: (candidate: Candidate) => boolean): boolean {
  for (const candidate of candidates) if (!is(candidate)) return false;
  return true;
}

function lastResort(candidates: readonly Candidate[]): readonly Candidate[] {
  const recovering = candidates.filter(({ view }) => view.health === "half-open");
  if (recovering.length > 0) return recovering;
  const open = candidates.filter(({ view }) => view.health === "open");
  return [...(open.length > 0 ? open : candidates)].sort((a, b) => a.view.retryAtMs - b.view.retryAtMs).slice(0, 1);
}

/** Other plans want nothing of it, or next to nothing. */
function isIdle({ view, running }: Candidate): boolean {
  const crumbs = Math.min(CRUMB_BYTES, ((view.rateBytesPerSecond ?? 0) * CRUMB_MS) / 1000);
  return view.inFlightRequests <= running || view.inFlightBytes <= crumbs;
}

function isHealthy({ view }: Candidate): boolean {
  return view.health === "closed";
}

/** The nodes that race for all of a small chunk: all while some are unknown, the best two for a crumb; else none. */
function racers(situation: Situation, nodes: readonly NodeSupply[]): readonly NodeSupply[] {
  const { running, blocks, missing, slackMs, coded } = situation;
  // Nobody has all of it.
  if (coded !== undefined) return [];
  const bytes = blocks.at(-1)?.end ?? 0;
  if (running.length > 0 || missing[0]?.end !== bytes || bytes > RACE_BYTES) return [];
  if (nodes.some(({ isKnown }) => !isKnown)) return nodes.slice(0, MAX_RACERS);
  if (slackMs !== null || bytes > CRUMB_BYTES) return [];
  return [...nodes].sort((a, b) => completionMs(a, bytes) - completionMs(b, bytes)).slice(0, CRUMB_RACERS);
}

function race({ missing, cause }: Situation, nodes: readonly NodeSupply[]): Assignment[] {
  return nodes.flatMap(({ nodeId, candidate }, place) =>
    missing
      .filter((run) => covers(candidate.source, run))
      .map((run) => ({ nodeId, run, because: place === 0 ? cause : "race" }) as const),
  );
}

/** Without splitting: every run to the node that is expected to be done with it first. */
function wholeRuns({ missing, cause }: Situation, nodes: readonly NodeSupply[]): Assignment[] {
  return missing.flatMap((run) => {
    const able = nodes.filter((node) => covers(node.candidate.source, run) && hasRoom(node, Infinity));
    const [first, ...others] = able;
    if (first === undefined) return [];
    const bytes = run.end - run.start;
    const best = others.reduce((a, b) => (completionMs(b, bytes) < completionMs(a, bytes) ? b : a), first);
    return [{ nodeId: best.nodeId, run, because: cause }];
  });
}

/** The last missing block, or what stands in for it, beside whoever else gets it, to a node that may have recovered or was not heard of for long. */
function probe(situation: Situation, mayExplore: boolean): Assignment | undefined {
  const { candidates, missing, nowMs, hedgeBudgetBytes } = situation;
  const last = missing.at(-1);
  if (last === undefined) return undefined;
  for (const { view, running, source } of candidates) {
    if (running > 0 || view.inFlightRequests > 0) continue;
    const isStale = nowMs - (view.lastEventMs ?? nowMs) > STALE_AFTER_MS;
    const isWorth = view.health === "half-open" || (mayExplore && view.health === "closed" && isStale);
    if (!isWorth) continue;
    const run = standInRun(situation, source, last.endBlock - 1, last.endBlock);
    if (run === undefined || run.end - run.start > hedgeBudgetBytes) continue;
    return { nodeId: source.nodeId, run, because: view.health === "half-open" ? "probe" : "explore" };
  }
  return undefined;
}

/**
 * The next one, as soon as nodes would idle: it takes no node from the one that is wanted, unless all share a link. On a
 * slow network the last block of a segment takes a second, in which the others would wait. None for a player that has
 * switched lately, for where the network limits the quality it goes up and down, and what it leaves is waste. With time,
 * and a player that stays with its rendition, more.
 */
function segmentsAhead(outlook: Outlook, { inARow, hasSwitched }: Stay): number {
  const { waitsFor, hasMissingBlocks, slackMs, sharesBottleneck, isQualityFixed } = outlook;
  if (hasMissingBlocks) return 0;
  if (waitsFor === "init") return 1;
  // Before playback has begun nothing is known of the player, and little of the link that all may share.
  const isEarly = (waitsFor === "segment" && slackMs === null) || inARow < MIN_IN_A_ROW;
  if (!isQualityFixed && (isEarly || hasSwitched)) return 0;
  const isSettled = isQualityFixed || inARow >= SETTLED_SEGMENTS;
  // Through one link it would take from what is wanted, if anything is.
  if (sharesBottleneck && (!isSettled || waitsFor !== "nothing")) return 0;
  return isSettled && slackMs !== null && slackMs > DEEP_SLACK_MS ? SEGMENTS_AHEAD_DEEP : 1;
}
