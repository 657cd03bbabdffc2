/** What a simulated session came to: the figures of the benchmark notes, section 2.4, and the rules that were broken. */
import type { BookSnapshot } from "../estimate/book-snapshot.ts";
import { HEDGE_SHARE } from "../estimate/hedge-budget.ts";
import type { FaultKind, NetworkPlan } from "../network/conditions.ts";
import type { BufferSummary } from "../playback/buffer-model.ts";
import type { VideoModel } from "../playback/video-model.ts";
import type { BusyInterval, FluidNetwork } from "./fluid-network.ts";
import type { PlayedSegment, PlayerModel } from "./player-model.ts";
import type { AttemptRecord, SegmentRecord } from "./segment-record.ts";

/** Pauses between rounds of a plan are a second at most; plain hls.js waits eight. */
const MAX_IDLE_MS = 10_000;

export interface SessionResult extends BufferSummary {
  /** `ended`: all of it was played. `left`: it took too long. */
  readonly outcome: "ended" | "left";
  readonly endMs: number;
  /** Stalled share of the time after startup, 0..1. */
  readonly stallRatio: number;
  /** Mean of the renditions that were played, by time. */
  readonly meanBitsPerSecond: number;
  /** Changes of rendition. */
  readonly switches: number;
  /** Bytes that the player appended, per second in which anything was asked for. */
  readonly goodputBytesPerSecond: number;
  readonly busyMs: number;
  /** Appended by the player. */
  readonly usefulBytes: number;
  /** Came over the network. */
  readonly receivedBytes: number;
  /** Asked for twice: received by hedges and other losers of a competition. */
  readonly duplicateBytes: number;
  /** Received in vain for other reasons: loads that the player gave up, faults, segments that nobody asked for. */
  readonly lostBytes: number;
  readonly requests: number;
  readonly hedges: number;
  readonly nodes: readonly NodeShare[];
  readonly detections: readonly Detection[];
  /** Rules that must hold in every run and did not; empty when all is well. */
  readonly violations: readonly string[];
  readonly busyIntervals: readonly BusyInterval[];
  readonly played: readonly PlayedSegment[];
  readonly records: readonly SegmentRecord[];
  /** What was learnt, as a worker stores it. */
  readonly book: BookSnapshot;
}

export interface NodeShare {
  readonly nodeId: string;
  readonly receivedBytes: number;
  readonly requests: number;
  /** Attempts that ended by the node's fault. */
  readonly faults: number;
}

/** How long a fault went unnoticed by the attempts that it hit. */
export interface Detection {
  readonly nodeId: string;
  readonly kind: FaultKind;
  readonly atMs: number;
  /** From the fault to the last of them being moved to another node or ended. */
  readonly detectedAfterMs: number;
}

export interface SessionFacts {
  readonly plan: NetworkPlan;
  readonly video: VideoModel;
  readonly player: PlayerModel;
  readonly network: FluidNetwork;
  readonly endMs: number;
  readonly book: BookSnapshot;
  /** At the start. */
  readonly hedgeBudgetBytes: number;
}

export function sessionResult(facts: SessionFacts): SessionResult {
  const { plan, video, player, network, endMs, book } = facts;
  const { played } = player;
  const { records } = player.source;
  const summary = player.buffer.summary(endMs);
  const busyIntervals = network.busyIntervals();
  const busyMs = sum(busyIntervals.map(({ fromMs, toMs }) => toMs - fromMs));
  const usefulBytes = sum(played.map(({ bytes }) => bytes));
  const attempts = records.flatMap((record) => record.attempts);
  const receivedBytes = sum(attempts.map((attempt) => attempt.receivedBytes));
  const duplicateBytes = sum(records.map(duplicatesOf));
  const headerBytes = sum(records.map(({ slot, deliveredBytes }) => (slot === "init" ? deliveredBytes : 0)));
  const watchedMs = summary.stallMs + summary.playedSeconds * 1000;
  const ladder = video.renditions.map(({ meanBitsPerSecond }) => meanBitsPerSecond);
  return {
    ...summary,
    outcome: player.buffer.state === "ended" ? "ended" : "left",
    endMs,
    stallRatio: watchedMs > 0 ? summary.stallMs / watchedMs : 0,
    meanBitsPerSecond: played.length === 0 ? 0 : sum(played.map(({ level }) => ladder[level] ?? 0)) / played.length,
    switches: played.filter(({ level }, at) => at > 0 && played[at - 1]?.level !== level).length,
    goodputBytesPerSecond: busyMs > 0 ? (usefulBytes * 1000) / busyMs : 0,
    ...{ busyMs, usefulBytes, receivedBytes, duplicateBytes },
    lostBytes: receivedBytes - usefulBytes - headerBytes - duplicateBytes,
    requests: attempts.length,
    hedges: attempts.filter(({ isHedge }) => isHedge).length,
    nodes: plan.nodes.map(({ nodeId }) => shareOf(nodeId, attempts)),
    detections: detectionsOf(plan, records),
    violations: violationsOf(facts, records, attempts),
    ...{ busyIntervals, played, records, book },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** What attempts without a fault received of a delivered segment and others delivered. */
function duplicatesOf({ outcome, attempts }: SegmentRecord): number {
  if (outcome !== "delivered") return 0;
  const blameless = attempts.filter((attempt) => attempt.outcome === "complete" || attempt.outcome === "cancelled");
  return sum(blameless.map(({ receivedBytes, acceptedBytes }) => receivedBytes - acceptedBytes));
}

function shareOf(nodeId: string, attempts: readonly AttemptRecord[]): NodeShare {
  let [receivedBytes, requests, faults] = [0, 0, 0];
  for (const attempt of attempts) {
    if (attempt.nodeId !== nodeId) continue;
    const { outcome } = attempt;
    requests += 1;
    receivedBytes += attempt.receivedBytes;
    if (outcome === "failed" || outcome === "stalled" || outcome === "corrupt") faults += 1;
  }
  return { nodeId, receivedBytes, requests, faults };
}

function detectionsOf(plan: NetworkPlan, records: readonly SegmentRecord[]): Detection[] {
  return plan.changes.flatMap(({ atMs, nodeId, change }) => {
    const kind = change.fault?.kind;
    if (kind === undefined) return [];
    const movedAfterMs = records.flatMap((record) =>
      record.attempts
        .filter(
          (attempt) => attempt.nodeId === nodeId && attempt.startedMs <= atMs && (attempt.endedMs ?? Infinity) >= atMs,
        )
        .filter((attempt) => attempt.outcome !== "complete")
        .map((hit) => movedMs(record, hit, atMs) - atMs),
    );
    return movedAfterMs.length === 0 ? [] : [{ nodeId, kind, atMs, detectedAfterMs: Math.max(...movedAfterMs) }];
  });
}

/** When the last bytes of the attempt were given to another node, or it ended. */
function movedMs(record: SegmentRecord, hit: SegmentRecord["attempts"][number], atMs: number): number {
  const takers = record.attempts.filter(
    (other) => other.nodeId !== hit.nodeId && other.startedMs >= atMs && other.start < hit.end && other.end >= hit.end,
  );
  return Math.min(hit.endedMs ?? Infinity, ...takers.map(({ startedMs }) => startedMs));
}

function violationsOf(
  { video, hedgeBudgetBytes }: SessionFacts,
  records: readonly SegmentRecord[],
  allAttempts: readonly AttemptRecord[],
): string[] {
  const broken: string[] = [];
  for (const record of records) {
    const { slot, seq, level, outcome, deliveredBytes, sizeBytes, failure, attempts } = record;
    const name = `${slot} ${seq} of level ${level}`;
    if (outcome === "running") broken.push(`${name} neither ended nor was given up`);
    if (outcome === "delivered" && deliveredBytes !== sizeBytes) broken.push(`${name} was delivered in part`);
    if (outcome === "failed" && failure === null) broken.push(`${name} failed without a reason`);
    const idleMs = longestIdleMs(record);
    if (idleMs > MAX_IDLE_MS) broken.push(`${name} starved for ${idleMs} ms`);
    if (attempts.some(({ endedMs }) => endedMs === null)) broken.push(`${name} left an attempt behind`);
  }
  const hedgedBytes = sum(allAttempts.map(({ isHedge, receivedBytes }) => (isHedge ? receivedBytes : 0)));
  const allowedBytes = hedgeBudgetBytes + HEDGE_SHARE * sum(allAttempts.map(({ receivedBytes }) => receivedBytes));
  if (hedgedBytes > allowedBytes + 1) broken.push(`hedges received ${hedgedBytes} bytes of ${allowedBytes}`);
  if (records.length > video.segmentCount * 100) broken.push("segments were asked for again and again");
  return broken;
}

/** The longest time in which a segment that the player waited for had no attempt under way. */
function longestIdleMs({ wasAhead, startedMs, endedMs, attempts }: SegmentRecord): number {
  if (wasAhead || endedMs === null) return 0;
  let [coveredToMs, longestMs] = [startedMs, 0];
  for (const attempt of attempts) {
    longestMs = Math.max(longestMs, attempt.startedMs - coveredToMs);
    coveredToMs = Math.max(coveredToMs, attempt.endedMs ?? endedMs);
  }
  return Math.max(longestMs, endedMs - coveredToMs);
}
