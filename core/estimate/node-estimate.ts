/**
 * What is believed about one node: how soon it answers, how fast it delivers, what it still owes us, whether it may be
 * asked. Events in, views out; all times are monotonic milliseconds of the caller's clock.
 */
import { leftAfter } from "../half-life.ts";
import type { Breaker, BreakerState } from "./breaker.ts";
import {
  breakerAsked,
  breakerProved,
  breakerRefused,
  breakerReleased,
  breakerState,
  breakerStruck,
  CLOSED_BREAKER,
} from "./breaker.ts";
import type { SampleWindow } from "./quantiles.ts";
import { addToWindow, EMPTY_WINDOW } from "./quantiles.ts";
import type { Quarantine } from "./quarantine.ts";
import { caughtLying, isQuarantined, NO_QUARANTINE } from "./quarantine.ts";
import type { Throughput } from "./throughput.ts";
import {
  attemptMeasured,
  bodyClosed,
  bodyOpened,
  bytesArrived,
  EMPTY_THROUGHPUT,
  rateDeviation,
  throughputRate,
} from "./throughput.ts";

/** Successes and failures count half after this time. */
const OUTCOME_HALF_LIFE_MS = 60_000;

export interface NodeEstimate {
  readonly firstBytesMs: SampleWindow;
  readonly throughput: Throughput;
  readonly inFlightRequests: number;
  readonly inFlightBytes: number;
  /** Faded counts as of `outcomesAtMs`. */
  readonly successes: number;
  readonly failures: number;
  readonly outcomesAtMs: number;
  readonly breaker: Breaker;
  readonly quarantine: Quarantine;
  /** Null when no attempt ever failed. */
  readonly lastFailureMs: number | null;
  readonly lastEventMs: number;
}

export const UNKNOWN_NODE: NodeEstimate = {
  firstBytesMs: EMPTY_WINDOW,
  throughput: EMPTY_THROUGHPUT,
  inFlightRequests: 0,
  inFlightBytes: 0,
  successes: 0,
  failures: 0,
  outcomesAtMs: 0,
  breaker: CLOSED_BREAKER,
  quarantine: NO_QUARANTINE,
  lastFailureMs: null,
  lastEventMs: 0,
};

/**
 * How an attempt ended, as far as it says something about the node. `refused`: no connection. `stalled`: silent or far too
 * slow. `failed`: broke off, wrong answer, server error. `missing`: 404, which is about the chunk and not the node.
 */
export type AttemptEnd = "complete" | "cancelled" | "stalled" | "refused" | "failed" | "missing" | "corrupt";

/** Something that an attempt on the node went through. `isHedge`: its bytes are asked for twice, on purpose. */
export type NodeEvent =
  | { readonly saw: "started"; readonly wantedBytes: number; readonly isHedge?: boolean }
  | { readonly saw: "first-byte"; readonly latencyMs: number }
  | { readonly saw: "bytes"; readonly bytes: number }
  | { readonly saw: "block-ok" }
  | { readonly saw: "block-bad" }
  | {
      readonly saw: "ended";
      readonly how: AttemptEnd;
      readonly wantedBytes: number;
      readonly receivedBytes: number;
      /** Whether `first-byte` was seen: then a body was open. */
      readonly answered: boolean;
      /** Since the attempt's start. */
      readonly elapsedMs: number;
      readonly isHedge?: boolean;
    };

/** The node after an event. */
export function onNodeEvent(node: NodeEstimate, event: NodeEvent, atMs: number): NodeEstimate {
  const now: NodeEstimate = { ...node, lastEventMs: atMs };
  switch (event.saw) {
    case "started":
      return {
        ...now,
        inFlightRequests: now.inFlightRequests + 1,
        inFlightBytes: now.inFlightBytes + event.wantedBytes,
        breaker: breakerAsked(now.breaker, atMs),
      };
    case "first-byte":
      return {
        ...now,
        firstBytesMs: addToWindow(now.firstBytesMs, event.latencyMs),
        throughput: bodyOpened(now.throughput, atMs),
      };
    case "bytes":
      return {
        ...now,
        inFlightBytes: Math.max(0, now.inFlightBytes - event.bytes),
        throughput: bytesArrived(now.throughput, event.bytes, atMs),
      };
    case "block-ok":
      return { ...now, breaker: breakerProved(now.breaker) };
    case "block-bad":
      return { ...now, quarantine: caughtLying(now.quarantine, atMs) };
    case "ended":
      return attemptEnded(now, event, atMs);
  }
}

function attemptEnded(node: NodeEstimate, event: NodeEvent & { saw: "ended" }, atMs: number): NodeEstimate {
  const owedBytes = Math.max(0, event.wantedBytes - event.receivedBytes);
  const closed = event.answered ? bodyClosed(node.throughput, atMs) : node.throughput;
  const settled: NodeEstimate = {
    ...node,
    inFlightRequests: Math.max(0, node.inFlightRequests - 1),
    inFlightBytes: Math.max(0, node.inFlightBytes - owedBytes),
    throughput: attemptMeasured(closed, event.receivedBytes, event.elapsedMs),
  };
  const released = breakerReleased(settled.breaker, event.answered, atMs);
  switch (event.how) {
    case "complete":
      return counted(settled, { successes: 1, failures: 0 }, atMs);
    case "cancelled":
      return { ...settled, ...censored(settled, event), breaker: released };
    case "missing":
      return { ...settled, breaker: breakerReleased(settled.breaker, true, atMs) };
    case "refused":
      return { ...counted(settled, FAILURE, atMs), breaker: breakerRefused(settled.breaker, atMs) };
    case "stalled":
    case "failed":
      return { ...counted(settled, FAILURE, atMs), breaker: breakerStruck(settled.breaker, atMs) };
    case "corrupt":
      return { ...counted(settled, FAILURE, atMs), breaker: released };
  }
}

const FAILURE = { successes: 0, failures: 1 };

/**
 * A loser that was stopped before its first byte would have needed at least that long: without this sample, a slow node
 * would look unknown for ever. Failures add none, for a hung node must not earn more patience by hanging.
 */
function censored(node: NodeEstimate, event: NodeEvent & { saw: "ended" }): Pick<NodeEstimate, "firstBytesMs"> {
  const usualMs = node.firstBytesMs.p50 ?? 0;
  const teaches = !event.answered && event.elapsedMs > usualMs;
  return { firstBytesMs: teaches ? addToWindow(node.firstBytesMs, event.elapsedMs) : node.firstBytesMs };
}

function counted(node: NodeEstimate, more: { successes: number; failures: number }, atMs: number): NodeEstimate {
  const faded = fadedOutcomes(node, atMs);
  return {
    ...node,
    lastFailureMs: more.failures > 0 ? atMs : node.lastFailureMs,
    successes: faded.successes + more.successes,
    failures: faded.failures + more.failures,
    outcomesAtMs: atMs,
  };
}

function fadedOutcomes(node: NodeEstimate, nowMs: number): { successes: number; failures: number } {
  const kept = leftAfter((nowMs - node.outcomesAtMs) / OUTCOME_HALF_LIFE_MS);
  return { successes: node.successes * kept, failures: node.failures * kept };
}

/** A node as strategies and panels see it at one moment. */
export interface NodeView {
  /** Null when no first byte was ever seen. */
  readonly firstByteMsP50: number | null;
  readonly firstByteMsP95: number | null;
  /** Null when nothing was measured. */
  readonly rateBytesPerSecond: number | null;
  /** Mean distance of measured rates from the usual one. */
  readonly rateDeviation: number;
  readonly inFlightRequests: number;
  readonly inFlightBytes: number;
  /** Faded counts. */
  readonly successes: number;
  readonly failures: number;
  readonly health: BreakerState | "quarantined";
  /** When an open or quarantined node may be asked again, 0 when it may now. */
  readonly retryAtMs: number;
  /** First-byte samples that the quantiles rest on. */
  readonly sampleCount: number;
  /** Null when it never failed. */
  readonly lastFailureMs: number | null;
  /** When anything was last heard of or asked of it; null when nothing ever was. */
  readonly lastEventMs: number | null;
}

/** The node at `nowMs`. */
export function viewEstimate(node: NodeEstimate, nowMs: number): NodeView {
  const lies = isQuarantined(node.quarantine, nowMs);
  const health = lies ? "quarantined" : breakerState(node.breaker, nowMs);
  return {
    firstByteMsP50: node.firstBytesMs.p50,
    firstByteMsP95: node.firstBytesMs.p95,
    rateBytesPerSecond: throughputRate(node.throughput),
    rateDeviation: rateDeviation(node.throughput),
    inFlightRequests: node.inFlightRequests,
    inFlightBytes: node.inFlightBytes,
    ...fadedOutcomes(node, nowMs),
    health,
    retryAtMs: Math.max((lies && node.quarantine.untilMs) || 0, (health === "open" && node.breaker.openUntilMs) || 0),
    sampleCount: node.firstBytesMs.samples.length,
    lastFailureMs: node.lastFailureMs,
    lastEventMs: node === UNKNOWN_NODE ? null : node.lastEventMs,
  };
}

/**
 * Milliseconds until `bytes` more would be here: what the node still owes us, its first byte, the bytes themselves, all
 * divided by the share of attempts that it completes (one success is presumed, so that one failure is no verdict). Null
 * when the node is unknown. In-flight bytes and latency together beat either alone: C3 (NSDI 2015), Prequal (NSDI 2024).
 */
export function expectedCompletionMs(view: NodeView, bytes: number): number | null {
  const { firstByteMsP50, rateBytesPerSecond, successes, failures } = view;
  if (firstByteMsP50 === null || rateBytesPerSecond === null) return null;
  const reliability = (successes + 1) / (successes + failures + 1);
  return (firstByteMsP50 + ((view.inFlightBytes + bytes) * 1000) / rateBytesPerSecond) / reliability;
}
