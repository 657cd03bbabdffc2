/**
 * A session that was really played, as one of the report: what the player was seen to do, and what the nodes say that they
 * sent. The bytes are the nodes' count and not the player's, the same for every strategy. Pure; times are milliseconds
 * since the wish to play, which may be negative for what was asked for before it.
 */
import type { NetworkPlan } from "../network/conditions.ts";
import type { BenchSession, NodeShare, SessionMetrics } from "./report.ts";
import type { Timeline, TimelineAttempt } from "./timeline.ts";

/** One request by a node's own log. */
export interface SentRequest {
  readonly nodeId: string;
  readonly hash: string;
  /** Asked for: [start, end) of the chunk. */
  readonly start: number;
  readonly end: number;
  readonly sentBytes: number;
  readonly arrivedMs: number;
  /** Null: was still under way when the log was read. */
  readonly endedMs: number | null;
}

export interface PlayerSight {
  readonly outcome: BenchSession["outcome"];
  readonly endMs: number;
  readonly startupMs: number | null;
  readonly stalls: Timeline["stalls"];
  readonly playedSeconds: number;
  readonly bufferMeanSeconds: number | null;
  readonly buffer: Timeline["buffer"];
  readonly droppedFrames: number;
  /** In the order of loading; of one number the last one counts. */
  readonly segments: readonly { readonly rendition: string; readonly seq: number }[];
}

/** What is stored, by the manifest. */
export interface MeasuredVideo {
  /** By the hash of a chunk; init segments are not in here. */
  readonly chunks: ReadonlyMap<
    string,
    { readonly rendition: string; readonly seq: number; readonly sizeBytes: number }
  >;
  readonly bitsPerSecond: ReadonlyMap<string, number>;
}

/** How well a node's emulation kept time for the session. */
export interface NodePace {
  readonly nodeId: string;
  readonly lateMsP99: number | null;
  readonly passedBytes: number;
  readonly missedBytes: number;
}

/** A node whose loop is held up for longer than this sends late: the session does not count. */
const MAX_LATE_MS = 50;
/** The page's own: its figures are late by as much, which is the least that counts as a stall. */
const MAX_PAGE_LATE_MS = 100;
/** Nor does one whose network gave less than this of what was ordered. */
const LEAST_DELIVERED_SHARE = 0.95;

export interface MeasuredFacts {
  readonly scenario: string;
  readonly strategy: string;
  readonly quality: BenchSession["quality"];
  readonly seed: number;
  readonly plan: Pick<NetworkPlan, "kind" | "changes">;
  readonly nodeIds: readonly string[];
  readonly video: MeasuredVideo;
  readonly seen: PlayerSight;
  readonly requests: readonly SentRequest[];
  readonly paces: readonly NodePace[];
  /** The page's own loop, as the nodes'; null when it did not tell. */
  readonly pageLateMsP99: number | null;
  /** By the worker's traces; null where there is none. */
  readonly attempts: { readonly hedges: number; readonly faultsOf: ReadonlyMap<string, number> } | null;
  readonly violations: readonly string[];
}

export function measuredSession(facts: MeasuredFacts): BenchSession {
  const { scenario, strategy, quality, seed, plan, seen } = facts;
  return {
    ...{ tier: "browser", scenario, kind: plan.kind, strategy, quality, seed, isWarm: false },
    ...{ invalidReason: invalidReason(facts), outcome: seen.outcome },
    ...{ metrics: metricsOf(facts), nodes: sharesOf(facts), violations: facts.violations, timeline: timelineOf(facts) },
  };
}

/** Null when the session counts. */
function invalidReason({ paces, pageLateMsP99 }: MeasuredFacts): string | null {
  const late = paces.find(({ lateMsP99 }) => (lateMsP99 ?? 0) > MAX_LATE_MS);
  if (late !== undefined)
    return `the machine was too busy: timers of ${late.nodeId} came ${late.lateMsP99 ?? 0} ms late (p99)`;
  if ((pageLateMsP99 ?? 0) > MAX_PAGE_LATE_MS) {
    return `the machine was too busy: timers of the page came ${Math.round(pageLateMsP99 ?? 0)} ms late (p99)`;
  }
  for (const { nodeId, passedBytes, missedBytes } of paces) {
    const share = passedBytes / Math.max(1, passedBytes + missedBytes);
    if (missedBytes > 0 && share < LEAST_DELIVERED_SHARE) {
      return `the network of ${nodeId} delivered ${(share * 100).toFixed(1)} % of what was ordered`;
    }
  }
  return null;
}

function metricsOf(facts: MeasuredFacts): SessionMetrics {
  const { seen, requests, video, attempts } = facts;
  const last = lastLoads(seen.segments);
  const shown = [...last.values()];
  const usefulBytes = usefulOf(last, video);
  const busyMs = coveredLength(requests.map(({ arrivedMs, endedMs }) => [arrivedMs, endedMs ?? seen.endMs]));
  const receivedBytes = sum(requests.map(({ sentBytes }) => sentBytes));
  const duplicateBytes = duplicatesOf(requests);
  const headerBytes = distinctBytes(requests.filter(({ hash }) => !video.chunks.has(hash)));
  return {
    ...{ startupMs: seen.startupMs, startupShare: null, excessStallMs: null, throughputShare: null },
    stallMs: sum(seen.stalls.map(({ fromMs, toMs }) => toMs - fromMs)),
    stallCount: seen.stalls.length,
    playedSeconds: seen.playedSeconds,
    meanBitsPerSecond:
      shown.length === 0 ? 0 : sum(shown.map((one) => video.bitsPerSecond.get(one) ?? 0)) / shown.length,
    switches: shown.filter((one, at) => at > 0 && shown[at - 1] !== one).length,
    bufferMeanSeconds: seen.bufferMeanSeconds,
    goodputBytesPerSecond: busyMs > 0 ? (usefulBytes * 1000) / busyMs : 0,
    ...{ receivedBytes, duplicateBytes },
    lostBytes: Math.max(0, receivedBytes - usefulBytes - duplicateBytes - headerBytes),
    requests: requests.length,
    hedges: attempts?.hedges ?? null,
    detectedAfterMs: detectedAfterMs(facts),
    droppedFrames: seen.droppedFrames,
  };
}

/** Number of a segment to the rendition that was loaded last, in the order of playing. */
function lastLoads(segments: PlayerSight["segments"]): Map<number, string> {
  const last = new Map(segments.map(({ seq, rendition }) => [seq, rendition] as const));
  return new Map([...last].sort(([a], [b]) => a - b));
}

function usefulOf(last: ReadonlyMap<number, string>, { chunks }: MeasuredVideo): number {
  return sum(
    [...chunks.values()].map(({ rendition, seq, sizeBytes }) => (last.get(seq) === rendition ? sizeBytes : 0)),
  );
}

/** What was sent of the same bytes again. */
function duplicatesOf(requests: readonly SentRequest[]): number {
  return sum(requests.map(({ sentBytes }) => sentBytes)) - distinctBytes(requests);
}

function distinctBytes(requests: readonly SentRequest[]): number {
  return sum(
    [...new Set(requests.map(({ hash }) => hash))].map((hash) =>
      coveredLength(
        requests.filter((one) => one.hash === hash).map(({ start, sentBytes }) => [start, start + sentBytes] as const),
      ),
    ),
  );
}

/** Length of the union of intervals. */
function coveredLength(intervals: readonly (readonly [number, number])[]): number {
  let [covered, reached] = [0, -Infinity];
  for (const [from, to] of intervals.toSorted(([a], [b]) => a - b)) {
    covered += Math.max(0, to - Math.max(from, reached));
    reached = Math.max(reached, to);
  }
  return covered;
}

/** From a fault to the last bytes that it held being asked for elsewhere, or given up; the slowest. */
function detectedAfterMs({ plan, requests, seen }: MeasuredFacts): number | null {
  const after = plan.changes.flatMap(({ atMs, nodeId, change }) => {
    if (change.fault === undefined || change.fault === null) return [];
    const hits = requests.filter(
      (one) => one.nodeId === nodeId && one.arrivedMs <= atMs && (one.endedMs ?? seen.endMs) >= atMs && isCut(one),
    );
    return hits.map((hit) => {
      const takers = requests.filter(
        (one) =>
          one.nodeId !== nodeId &&
          one.hash === hit.hash &&
          one.arrivedMs >= atMs &&
          one.start < hit.end &&
          one.end >= hit.end,
      );
      return Math.min(hit.endedMs ?? seen.endMs, ...takers.map(({ arrivedMs }) => arrivedMs)) - atMs;
    });
  });
  return after.length === 0 ? null : Math.max(...after);
}

function isCut({ start, end, sentBytes }: SentRequest): boolean {
  return sentBytes < end - start;
}

function sharesOf({ nodeIds, requests, attempts }: MeasuredFacts): NodeShare[] {
  return nodeIds.map((nodeId) => {
    const own = requests.filter((one) => one.nodeId === nodeId);
    const receivedBytes = sum(own.map(({ sentBytes }) => sentBytes));
    return { nodeId, receivedBytes, requests: own.length, faults: attempts?.faultsOf.get(nodeId) ?? 0 };
  });
}

function timelineOf({ seen, requests, video, plan }: MeasuredFacts): Timeline {
  return {
    ...{ endMs: seen.endMs, buffer: seen.buffer, stalls: seen.stalls },
    attempts: requests.flatMap((one): TimelineAttempt[] => {
      const chunk = video.chunks.get(one.hash);
      if (chunk === undefined) return [];
      const { nodeId, arrivedMs: startedMs, sentBytes: receivedBytes } = one;
      const outcome = isCut(one) ? "cancelled" : "complete";
      const endedMs = one.endedMs ?? seen.endMs;
      return [
        { nodeId, seq: chunk.seq, startedMs, firstByteMs: null, endedMs, receivedBytes, isHedge: false, outcome },
      ];
    }),
    faults: plan.changes.flatMap(({ atMs, nodeId, change }) => {
      const kind = change.fault?.kind;
      if (kind === undefined) return [];
      const next = plan.changes.find(
        (later) => later.nodeId === nodeId && later.atMs > atMs && "fault" in later.change,
      );
      return [{ nodeId, kind, fromMs: atMs, toMs: next?.atMs ?? null }];
    }),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
