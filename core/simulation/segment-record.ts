/**
 * What happened for one segment in a simulated session: the words of SegmentTrace (wire/contract), which core cannot
 * import, with times in milliseconds since the start of the session.
 */
import type { NodeId } from "../ids.ts";
import type { Cause, GiveUpCode } from "../schedule/plan-events.ts";

export interface AttemptRecord {
  /** 0, 1, ... within the segment. */
  readonly id: number;
  readonly nodeId: NodeId;
  /** Byte range [start, end) of the chunk. */
  readonly start: number;
  readonly end: number;
  readonly because: Cause;
  readonly isHedge: boolean;
  readonly startedMs: number;
  firstByteMs: number | null;
  endedMs: number | null;
  receivedBytes: number;
  /** Of blocks that were delivered in its copy. */
  acceptedBytes: number;
  blocksVerified: number;
  /** What the estimate said at the start; null when nothing was known. */
  readonly predictedMs: number | null;
  outcome: "complete" | "failed" | "stalled" | "corrupt" | "cancelled" | null;
  reason: string | null;
}

type AttemptStart = Pick<
  AttemptRecord,
  "id" | "nodeId" | "start" | "end" | "because" | "isHedge" | "startedMs" | "predictedMs"
>;

/** An attempt of which nothing has come yet. Written member by member: made for every request of every session. */
export function startedAttempt(begun: AttemptStart): AttemptRecord {
  return {
    id: begun.id,
    nodeId: begun.nodeId,
    start: begun.start,
    end: begun.end,
    because: begun.because,
    isHedge: begun.isHedge,
    predictedMs: begun.predictedMs,
    startedMs: begun.startedMs,
    firstByteMs: null,
    endedMs: null,
    receivedBytes: 0,
    acceptedBytes: 0,
    blocksVerified: 0,
    outcome: null,
    reason: null,
  };
}

export interface SegmentRecord extends SegmentStart {
  /** When the first verified byte could go to the player. */
  firstReleaseMs: number | null;
  endedMs: number | null;
  /** Verified bytes released in order. */
  deliveredBytes: number;
  /** Received and not delivered. */
  wastedBytes: number;
  outcome: "running" | "delivered" | "failed" | "aborted";
  failure: GiveUpCode | null;
  readonly attempts: AttemptRecord[];
}

interface SegmentStart {
  readonly slot: "init" | "segment";
  readonly seq: number;
  /** Index in the ladder. */
  readonly level: number;
  readonly sizeBytes: number;
  readonly startedMs: number;
  /** Begun before the player asked. */
  readonly wasAhead: boolean;
}

/** A segment of which nothing has come yet. */
export function startedSegment(begun: SegmentStart): SegmentRecord {
  return {
    slot: begun.slot,
    seq: begun.seq,
    level: begun.level,
    sizeBytes: begun.sizeBytes,
    startedMs: begun.startedMs,
    wasAhead: begun.wasAhead,
    firstReleaseMs: null,
    endedMs: null,
    deliveredBytes: 0,
    wastedBytes: 0,
    outcome: "running",
    failure: null,
    attempts: [],
  };
}
