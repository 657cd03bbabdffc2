/**
 * What a decision cost, known afterwards: for every attempt that it started, what it took, and what the best candidate
 * would have needed by the first bytes and rates that the nodes really showed in this segment. The difference is regret.
 *
 * It judges with the same segment's evidence alone, so a node that nobody asked is no rival, however good it may have been;
 * and a rival is charged with what it delivered meanwhile, or splitting would look like a mistake every time.
 */
import { busyRate } from "../estimate/busy-rate.ts";

/** An attempt as traces know it; times are milliseconds since the segment's request. */
export interface SeenAttempt {
  readonly nodeId: string;
  readonly start: number;
  readonly end: number;
  readonly startedMs: number;
  readonly firstByteMs: number | null;
  readonly endedMs: number | null;
  readonly receivedBytes: number;
  readonly outcome: string | null;
}

/** A decision as traces know it: decisions start their attempts in order, one for each node chosen. */
export interface SeenDecision {
  readonly chosen: readonly string[];
  readonly candidates: readonly { readonly nodeId: string }[];
}

export interface Hindsight {
  /** Attempts that it started, by their place in the trace. */
  readonly attempts: readonly number[];
  /** Until the last of them ended; null while one is under way. */
  readonly tookMs: number | null;
  /** The worst of its attempts against the best candidate for the same bytes. */
  readonly bestNodeId: string | null;
  readonly bestMs: number | null;
  /** >= 0; null while an attempt is under way or nothing was seen that it could be compared with. */
  readonly regretMs: number | null;
}

/** One for each decision, in order. */
export function hindsightOf(decisions: readonly SeenDecision[], attempts: readonly SeenAttempt[]): Hindsight[] {
  let started = 0;
  return decisions.map((decision) => {
    const own = decision.chosen.map((_, place) => started + place).filter((id) => id < attempts.length);
    started += decision.chosen.length;
    return judge(decision, own, attempts);
  });
}

function judge({ candidates }: SeenDecision, own: readonly number[], attempts: readonly SeenAttempt[]): Hindsight {
  const nothing = { attempts: own, tookMs: null, bestNodeId: null, bestMs: null, regretMs: null };
  const verdicts = own.flatMap((id) => verdictOf(id, attempts, candidates) ?? []);
  if (own.length === 0 || verdicts.length < own.length) return nothing;
  const tookMs = Math.max(...verdicts.map((verdict) => verdict.tookMs));
  const worst = verdicts.reduce((a, b) => ((b.regretMs ?? -1) > (a.regretMs ?? -1) ? b : a));
  return { ...nothing, ...worst, tookMs };
}

type Verdict = Pick<Hindsight, "bestNodeId" | "bestMs" | "regretMs"> & { readonly tookMs: number };

/** Undefined while the attempt is under way. */
function verdictOf(
  id: number,
  attempts: readonly SeenAttempt[],
  candidates: SeenDecision["candidates"],
): Verdict | undefined {
  const attempt = attempts[id];
  if (attempt === undefined || attempt.endedMs === null) return undefined;
  const tookMs = attempt.endedMs - attempt.startedMs;
  // What was stopped in its middle is compared for what it brought; what brought nothing useful, for all it was asked for.
  const isPartial = attempt.outcome === "cancelled" && attempt.receivedBytes > 0;
  const bytes = isPartial ? attempt.receivedBytes : attempt.end - attempt.start;
  let best: { readonly nodeId: string; readonly needMs: number } | undefined;
  for (const { nodeId } of candidates) {
    const needMs = nodeId === attempt.nodeId ? ownNeedMs(attempt) : needMsOf(nodeId, { attempt, bytes, attempts });
    if (needMs !== null && (best === undefined || needMs < best.needMs)) best = { nodeId, needMs };
  }
  if (best === undefined) return { tookMs, bestNodeId: null, bestMs: null, regretMs: null };
  return { tookMs, bestNodeId: best.nodeId, bestMs: best.needMs, regretMs: Math.max(0, tookMs - best.needMs) };
}

/** The node that was chosen did what it did; when it failed, it would never have been done. */
function ownNeedMs({ outcome, startedMs, endedMs }: SeenAttempt): number | null {
  const isGood = outcome === "complete" || outcome === "cancelled";
  return isGood && endedMs !== null ? endedMs - startedMs : null;
}

interface Question {
  readonly attempt: SeenAttempt;
  readonly bytes: number;
  readonly attempts: readonly SeenAttempt[];
}

/** What another node would have needed: its first byte, what it delivered meanwhile, and these bytes. */
function needMsOf(nodeId: string, { attempt, bytes, attempts }: Question): number | null {
  const good = attempts.filter((other) => other.nodeId === nodeId && !hasFailed(other));
  const firstBytesMs = good.flatMap(({ firstByteMs, startedMs }) =>
    firstByteMs === null ? [] : [firstByteMs - startedMs],
  );
  const rate = seenRate(good);
  if (firstBytesMs.length === 0 || rate === null) return null;
  const busyBytes = good.reduce((sum, other) => sum + receivedDuring(other, attempt), 0);
  return Math.min(...firstBytesMs) + (busyBytes + bytes) / rate;
}

function hasFailed({ outcome }: SeenAttempt): boolean {
  return outcome === "failed" || outcome === "stalled" || outcome === "corrupt";
}

/** Bytes per millisecond while a body of the node was open; null when none was for long enough to tell. */
function seenRate(attempts: readonly SeenAttempt[]): number | null {
  const bodies = attempts.flatMap(({ firstByteMs, endedMs, receivedBytes }) =>
    firstByteMs === null || endedMs === null ? [] : [{ startMs: firstByteMs, endMs: endedMs, bytes: receivedBytes }],
  );
  const bytesPerSecond = busyRate(bodies);
  return bytesPerSecond === null ? null : bytesPerSecond / 1000;
}

/** Of the bytes of one attempt, those that came in the time of another, as if spread evenly over its body. */
function receivedDuring(one: SeenAttempt, other: SeenAttempt): number {
  if (one.firstByteMs === null || one.endedMs === null || other.endedMs === null) return 0;
  const sharedMs = Math.min(one.endedMs, other.endedMs) - Math.max(one.firstByteMs, other.startedMs);
  const bodyMs = one.endedMs - one.firstByteMs;
  if (bodyMs <= 0) return sharedMs >= 0 ? one.receivedBytes : 0;
  return sharedMs <= 0 ? 0 : (one.receivedBytes * sharedMs) / bodyMs;
}
