/** What a node could deliver from now on, in the two numbers that planning needs: when it begins, and how fast it is. */
import type { NodeId } from "../ids.ts";
import type { NodeView } from "../estimate/node-estimate.ts";
import type { Candidate } from "./strategy.ts";

/** First byte presumed of a node that was never asked. */
const PRESUMED_FIRST_BYTE_MS = 100;
/** Rate presumed where no node's is known: 2 Mbit/s, so that a first request is neither a crumb nor a gamble. */
const PRESUMED_RATE = 250_000;
/** An unknown node is presumed to be half as good as the known ones. */
const UNKNOWN_SHARE = 0.5;
/** However bad a day: so much of the measured rate is counted on. */
const LEAST_SHARE = 0.3;

export interface NodeSupply {
  readonly candidate: Candidate;
  readonly nodeId: NodeId;
  /** Milliseconds from now until the first byte of something new would come: its first byte, or what it still owes us. */
  readonly beginsInMs: number;
  readonly firstByteMs: number;
  /** Bytes per millisecond to count on. */
  readonly rate: number;
  /** Bytes per millisecond without doubt, as in its newest second: who doubts when a node will be idle lets it idle. */
  readonly usualRate: number;
  /** Its rate was measured, not presumed. */
  readonly isKnown: boolean;
}

/**
 * @param doubt mean deviations by which rates are believed to be worse than measured
 */
export function supplies(candidates: readonly Candidate[], doubt: number): NodeSupply[] {
  const nodes: NodeSupply[] = [];
  for (const candidate of candidates) nodes.push(supplyOf(candidate, doubt, candidates));
  return nodes;
}

function supplyOf(candidate: Candidate, doubt: number, all: readonly Candidate[]): NodeSupply {
  const { view, source } = candidate;
  const measured = view.rateBytesPerSecond ?? presumedRate(all);
  const rate = countedRate(measured, doubt, view);
  const firstByteMs = firstByteOf(view, doubt);
  const beginsInMs = Math.max(firstByteMs, view.inFlightBytes / rate);
  const usualRate = Math.max(rate, measured / 1000, newestRate(view));
  return { candidate, nodeId: source.nodeId, beginsInMs, firstByteMs, rate, usualRate, isKnown: isKnown(view) };
}

/** For questions that need no {@link NodeSupply}: they are asked at every decision. Bytes per millisecond without doubt. */
export function usualRateOf(view: NodeView & { readonly rateBytesPerSecond: number }, doubt: number): number {
  const { rateBytesPerSecond: measured } = view;
  return Math.max(countedRate(measured, doubt, view), measured / 1000, newestRate(view));
}

/** Bytes per millisecond. */
function newestRate({ newestRateBytesPerSecond }: NodeView): number {
  return (newestRateBytesPerSecond ?? 0) / 1000;
}

/** Bytes per millisecond to count on. */
function countedRate(measured: number, doubt: number, { rateDeviation, reliability }: NodeView): number {
  const doubted = Math.max(measured * LEAST_SHARE, measured - doubt * rateDeviation);
  return Math.max(1e-3, (doubted * reliability) / 1000);
}

/** Milliseconds. */
export function firstByteOf({ firstByteMsP50, firstByteMsP95 }: NodeView, doubt: number): number {
  return (doubt > 0 ? firstByteMsP95 : firstByteMsP50) ?? PRESUMED_FIRST_BYTE_MS;
}

/** Whether its rate was measured, and need not be presumed. */
export function isKnown<View extends NodeView>(view: View): view is View & { readonly rateBytesPerSecond: number } {
  return view.firstByteMsP50 !== null && view.rateBytesPerSecond !== null;
}

/** By insertion, as they are few: sort() takes several times as long, and every decision sorts. */
export function byBegin(nodes: readonly NodeSupply[]): NodeSupply[] {
  const sorted: NodeSupply[] = [];
  for (const node of nodes) {
    let at = sorted.length;
    for (let before = sorted[at - 1]; before !== undefined && before.beginsInMs > node.beginsInMs; ) {
      sorted[at] = before;
      at -= 1;
      before = sorted[at - 1];
    }
    sorted[at] = node;
  }
  return sorted;
}

/** Milliseconds until so many more bytes would be here. */
export function completionMs(supply: NodeSupply, bytes: number): number {
  return supply.beginsInMs + bytes / supply.rate;
}

/**
 * Milliseconds until all of them together would have delivered so many bytes more: water-filling, in which whoever begins
 * later than the end takes no part.
 */
export function fluidFinishMs(nodesByBegin: readonly NodeSupply[], bytes: number): number {
  let rate = 0;
  let begun = 0;
  let finishMs = Infinity;
  for (const node of nodesByBegin) {
    if (node.beginsInMs >= finishMs) break;
    rate += node.rate;
    begun += node.rate * node.beginsInMs;
    finishMs = (bytes + begun) / rate;
  }
  return finishMs;
}

function presumedRate(candidates: readonly Candidate[]): number {
  const known = candidates.flatMap(({ view }) => (view.rateBytesPerSecond === null ? [] : [view.rateBytesPerSecond]));
  if (known.length === 0) return PRESUMED_RATE;
  return (known.reduce((sum, rate) => sum + rate, 0) / known.length) * UNKNOWN_SHARE;
}
