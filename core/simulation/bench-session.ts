/** Rows of a matrix as sessions of a benchmark's report, and the course of single ones. */
import type { BenchSession } from "../benchmark/report.ts";
import type { Timeline } from "../benchmark/timeline.ts";
import { playbackOf } from "../benchmark/timeline.ts";
import type { NetworkPlan } from "../network/conditions.ts";
import type { MatrixRow } from "./run-matrix.ts";
import type { SessionResult } from "./session-result.ts";

/** @param isWarm estimates came from an earlier session; plain hls.js remembers nothing */
export function benchSession(row: MatrixRow, isWarm: boolean): BenchSession {
  const { scenario, kind, competitor, quality, seed, outcome, violations, nodes } = row;
  const { startupMs, startupShare, stallMs, stallCount, playedSeconds, excessStallMs, meanBitsPerSecond } = row;
  const { switches, bufferMeanSeconds, throughputShare, goodputBytesPerSecond, receivedBytes, duplicateBytes } = row;
  const { lostBytes, requests, hedges, detectedAfterMs } = row;
  return {
    ...{ tier: "sim", scenario, kind, strategy: competitor, quality, seed, isWarm, invalidReason: null, outcome },
    metrics: {
      ...{ startupMs, startupShare, stallMs, stallCount, playedSeconds, excessStallMs, meanBitsPerSecond, switches },
      ...{ bufferMeanSeconds, goodputBytesPerSecond, throughputShare, receivedBytes, duplicateBytes, lostBytes },
      ...{ requests, hedges, detectedAfterMs, droppedFrames: null },
    },
    ...{ nodes, violations, timeline: null },
  };
}

export function timelineOf(result: SessionResult, plan: NetworkPlan, segmentSeconds: number): Timeline {
  const attempts = result.records.flatMap(({ slot, seq, attempts: all }) =>
    slot === "init" ? [] : all.map((attempt) => ({ ...attempt, seq })),
  );
  return {
    endMs: result.endMs,
    ...playbackOf(
      result.played.map(({ appendedMs }) => appendedMs),
      segmentSeconds,
    ),
    attempts: attempts.map(({ nodeId, seq, startedMs, firstByteMs, endedMs, receivedBytes, isHedge, outcome }) => ({
      ...{ nodeId, seq, startedMs, firstByteMs, endedMs: endedMs ?? result.endMs, receivedBytes, isHedge },
      outcome: outcome ?? "running",
    })),
    faults: faultsOf(plan),
  };
}

function faultsOf({ changes }: NetworkPlan): Timeline["faults"] {
  return changes.flatMap(({ atMs, nodeId, change }) => {
    const kind = change.fault?.kind;
    if (kind === undefined) return [];
    const next = changes.find((later) => later.nodeId === nodeId && later.atMs > atMs && "fault" in later.change);
    return [{ nodeId, kind, fromMs: atMs, toMs: next?.atMs ?? null }];
  });
}
