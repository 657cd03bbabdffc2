/**
 * The budget of bytes that may be asked for twice. A share of all delivered bytes flows in, every duplicate takes its size
 * out, and gets back what it did not receive: so duplicates stay below that share whatever goes wrong (gRPC retry
 * throttling, gRFC A6, works the same way with requests).
 */

/** Share of the delivered bytes. */
export const HEDGE_SHARE = 0.03;
/** At the start, so that a cold start can be saved too. Bytes. */
export const HEDGE_START_BYTES = 512 * 1024;
/** A long calm gives no right to a storm. Bytes. */
const MAX_HEDGE_BYTES = 1024 * 1024;

/** Bytes that may be asked for twice now. */
export type HedgeBudget = number;

export function earnHedges(budget: HedgeBudget, deliveredBytes: number): HedgeBudget {
  return Math.min(MAX_HEDGE_BYTES, budget + deliveredBytes * HEDGE_SHARE);
}

/** A duplicate of so many bytes was asked for. */
export function spendHedge(budget: HedgeBudget, bytes: number): HedgeBudget {
  return Math.max(0, budget - bytes);
}

/** It ended before it had all of them. */
export function refundHedge(budget: HedgeBudget, unreceivedBytes: number): HedgeBudget {
  return Math.min(MAX_HEDGE_BYTES, budget + unreceivedBytes);
}
