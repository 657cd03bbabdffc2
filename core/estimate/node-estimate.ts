/**
 * What is believed about one node: how soon it answers, how fast it delivers, what it still owes us, whether it may be
 * asked. Events in, views out; all times are monotonic milliseconds of the caller's clock.
 */
import type { Draft } from "../draft.ts";
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
import { addToWindow, windowOf } from "./quantiles.ts";
import type { Quarantine } from "./quarantine.ts";
import { caughtLying, isQuarantined, NO_QUARANTINE } from "./quarantine.ts";
import type { Throughput } from "./throughput.ts";
import {
  attemptMeasured,
  bodyClosed,
  bodyOpened,
  bytesArrived,
  copyOfThroughput,
  newestRate,
  newThroughput,
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

/** Nothing is known of it. */
export function newNode(): NodeEstimate {
  return {
    firstBytesMs: windowOf([]),
    throughput: newThroughput(),
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
}

/** For views of nodes that nobody has met; never changed. */
export const UNKNOWN_NODE = newNode();

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

/** The event changes the node, in place. */
export function onNodeEvent(node: Draft<NodeEstimate>, event: NodeEvent, atMs: number): void {
  node.lastEventMs = atMs;
  switch (event.saw) {
    case "started":
      node.inFlightRequests += 1;
      node.inFlightBytes += event.wantedBytes;
      node.breaker = breakerAsked(node.breaker, atMs);
      break;
    case "first-byte":
      addToWindow(node.firstBytesMs, event.latencyMs);
      bodyOpened(node.throughput, atMs);
      break;
    case "bytes":
      onNodeBytes(node, event.bytes, atMs);
      break;
    case "block-ok":
      node.breaker = breakerProved(node.breaker);
      break;
    case "block-bad":
      node.quarantine = caughtLying(node.quarantine, atMs);
      break;
    case "ended":
      attemptEnded(node, event, atMs);
      break;
  }
}

/** Bytes of an open body arrived. */
export function onNodeBytes(node: Draft<NodeEstimate>, bytes: number, atMs: number): void {
  node.lastEventMs = atMs;
  node.inFlightBytes = Math.max(0, node.inFlightBytes - bytes);
  bytesArrived(node.throughput, bytes, atMs);
}

function attemptEnded(next: Draft<NodeEstimate>, event: NodeEvent & { saw: "ended" }, atMs: number): void {
  const owedBytes = Math.max(0, event.wantedBytes - event.receivedBytes);
  if (event.answered) bodyClosed(next.throughput, atMs);
  next.inFlightRequests = Math.max(0, next.inFlightRequests - 1);
  next.inFlightBytes = Math.max(0, next.inFlightBytes - owedBytes);
  attemptMeasured(next.throughput, event.receivedBytes, event.elapsedMs);
  switch (event.how) {
    case "complete":
      countSuccess(next, atMs);
      break;
    case "cancelled":
      learnFromLoser(next, event);
      next.breaker = breakerReleased(next.breaker, event.answered, atMs);
      break;
    case "missing":
      next.breaker = breakerReleased(next.breaker, true, atMs);
      break;
    case "refused":
      countFailure(next, atMs);
      next.breaker = breakerRefused(next.breaker, atMs);
      break;
    case "stalled":
    case "failed":
      countFailure(next, atMs);
      next.breaker = breakerStruck(next.breaker, atMs);
      break;
    case "corrupt":
      countFailure(next, atMs);
      next.breaker = breakerReleased(next.breaker, event.answered, atMs);
      break;
  }
}

/**
 * A loser that was stopped before its first byte would have needed at least that long: without this sample, a slow node
 * would look unknown for ever. Failures add none, for a hung node must not earn more patience by hanging.
 */
function learnFromLoser(next: Draft<NodeEstimate>, event: NodeEvent & { saw: "ended" }): void {
  const usualMs = next.firstBytesMs.p50 ?? 0;
  if (event.answered || event.elapsedMs <= usualMs) return;
  addToWindow(next.firstBytesMs, event.elapsedMs);
}

function countSuccess(next: Draft<NodeEstimate>, atMs: number): void {
  fadeOutcomes(next, atMs);
  next.successes += 1;
}

function countFailure(next: Draft<NodeEstimate>, atMs: number): void {
  fadeOutcomes(next, atMs);
  next.failures += 1;
  next.lastFailureMs = atMs;
}

function fadeOutcomes(next: Draft<NodeEstimate>, atMs: number): void {
  const { successes, failures } = fadedOutcomes(next, atMs);
  next.successes = successes;
  next.failures = failures;
  next.outcomesAtMs = atMs;
}

function fadedOutcomes(node: NodeEstimate, nowMs: number): { successes: number; failures: number } {
  const kept = leftAfter((nowMs - node.outcomesAtMs) / OUTCOME_HALF_LIFE_MS);
  return { successes: node.successes * kept, failures: node.failures * kept };
}

export function copyOfNode(node: NodeEstimate): NodeEstimate {
  const { samples, p50, p95 } = node.firstBytesMs;
  return {
    firstBytesMs: { samples: [...samples], p50, p95 },
    throughput: copyOfThroughput(node.throughput),
    inFlightRequests: node.inFlightRequests,
    inFlightBytes: node.inFlightBytes,
    successes: node.successes,
    failures: node.failures,
    outcomesAtMs: node.outcomesAtMs,
    breaker: node.breaker,
    quarantine: node.quarantine,
    lastFailureMs: node.lastFailureMs,
    lastEventMs: node.lastEventMs,
  };
}

/** A node as strategies and panels see it at one moment. */
export interface NodeView {
  /** Null when no first byte was ever seen. */
  readonly firstByteMsP50: number | null;
  readonly firstByteMsP95: number | null;
  /** Null when nothing was measured. */
  readonly rateBytesPerSecond: number | null;
  /** Of the newest second; null when nothing was measured. */
  readonly newestRateBytesPerSecond: number | null;
  /** Mean distance of measured rates from the usual one. */
  readonly rateDeviation: number;
  readonly inFlightRequests: number;
  readonly inFlightBytes: number;
  /** Share of attempts that it completes, 0..1; one success is presumed, so that one failure is no verdict. */
  readonly reliability: number;
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

/** With what only people want to know. */
export interface NodeReport extends NodeView {
  /** Faded counts. */
  readonly successes: number;
  readonly failures: number;
}

/** The node at `nowMs`. */
export function viewEstimate(node: NodeEstimate, nowMs: number): Draft<NodeView> {
  const view: Draft<NodeView> = {
    firstByteMsP50: null,
    firstByteMsP95: null,
    rateBytesPerSecond: null,
    newestRateBytesPerSecond: null,
    rateDeviation: 0,
    inFlightRequests: 0,
    inFlightBytes: 0,
    reliability: 1,
    health: "closed",
    retryAtMs: 0,
    sampleCount: 0,
    lastFailureMs: null,
    lastEventMs: null,
  };
  writeView(view, node, nowMs);
  return view;
}

/** Writes the same into a view that nobody reads any more. */
export function writeView(view: Draft<NodeView>, node: NodeEstimate, nowMs: number): void {
  const { breaker, quarantine, firstBytesMs, throughput } = node;
  const lies = isQuarantined(quarantine, nowMs);
  const health = lies ? "quarantined" : breakerState(breaker, nowMs);
  view.firstByteMsP50 = firstBytesMs.p50;
  view.firstByteMsP95 = firstBytesMs.p95;
  view.rateBytesPerSecond = throughputRate(throughput);
  view.newestRateBytesPerSecond = newestRate(throughput);
  view.rateDeviation = rateDeviation(throughput);
  view.inFlightRequests = node.inFlightRequests;
  view.inFlightBytes = node.inFlightBytes;
  view.reliability = reliabilityOf(node, nowMs);
  view.health = health;
  view.retryAtMs = Math.max((lies && quarantine.untilMs) || 0, (health === "open" && breaker.openUntilMs) || 0);
  view.sampleCount = firstBytesMs.samples.length;
  view.lastFailureMs = node.lastFailureMs;
  view.lastEventMs = node === UNKNOWN_NODE ? null : node.lastEventMs;
}

/** The same for people. */
export function reportEstimate(node: NodeEstimate, nowMs: number): NodeReport {
  return { ...viewEstimate(node, nowMs), ...fadedOutcomes(node, nowMs) };
}

/** Whether time alone changes nothing of the node's view. */
export function staysAsItIs({ failures, breaker, quarantine }: NodeEstimate): boolean {
  return failures === 0 && breaker.openUntilMs === null && quarantine.untilMs === null;
}

function reliabilityOf(node: NodeEstimate, nowMs: number): number {
  if (node.failures === 0) return 1;
  const { successes, failures } = fadedOutcomes(node, nowMs);
  return (successes + 1) / (successes + failures + 1);
}
