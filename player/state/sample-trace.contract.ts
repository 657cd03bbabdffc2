/** Traces for the tests of the pages: complete and valid; a test gives the parts that it is about. */
import * as v from "valibot";
import type { AttemptTrace, NodeEstimateView, SegmentTrace } from "#wire/contract/segment-trace.ts";
import { AttemptTraceSchema, NodeEstimateViewSchema, SegmentTraceSchema } from "#wire/contract/segment-trace.ts";

const SAMPLE_VIDEO_ID = "abcdefghijklmnopqrstuvwxyz";

export function sampleAttempt(given: Partial<Record<keyof AttemptTrace, unknown>> = {}): AttemptTrace {
  return v.parse(AttemptTraceSchema, {
    ...{ id: 0, nodeId: "node-1", start: 0, end: 1000, because: "first", startedMs: 0, firstByteMs: 20, endedMs: 100 },
    ...{ receivedBytes: 1000, verifyMs: 2, blocksVerified: 1, predictedMs: null, outcome: "complete", reason: null },
    ...given,
  });
}

export function sampleTrace(given: Partial<Record<keyof SegmentTrace, unknown>> = {}): SegmentTrace {
  return v.parse(SegmentTraceSchema, {
    ...{ schema: 1, id: "t1", session: "s1", strategy: "smart", driver: "worker", videoId: SAMPLE_VIDEO_ID },
    ...{ rendition: "720p", slot: "segment", seq: 0, hash: null, sizeBytes: 1000, servedFrom: "nodes" },
    ...{ startedAtMs: 1_000_000, firstReleaseMs: 30, endedMs: 100, deliveredBytes: 1000, wastedBytes: 0 },
    ...{ outcome: "delivered", failure: null, attempts: [sampleAttempt()], decisions: [] },
    ...given,
  });
}

export function sampleEstimate(nodeId: string, given: Partial<NodeEstimateView> = {}): NodeEstimateView {
  return v.parse(NodeEstimateViewSchema, {
    ...{ nodeId, url: `http://127.0.0.1/${nodeId}`, firstByteMsP50: 5, firstByteMsP95: 9, rateBytesPerSecond: 1e6 },
    ...{ inFlightRequests: 0, inFlightBytes: 0, successes: 3, failures: 0, health: "closed", sampleCount: 3, ...given },
  });
}
