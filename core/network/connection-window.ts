/**
 * What a connection may have under way, as TCP Reno would allow: it begins with ten packets (RFC 6928), doubles each round
 * trip until its threshold and then grows by a packet (RFC 5681 section 3.1), and is halved when a packet was lost. In
 * rounds of a round trip, sent evenly: the mean rate under loss p follows Mathis, Semke, Mahdavi and Ott 1997,
 * 1.22 * 1460 / (roundTrip * sqrt p). Retransmission timeouts are not in it: at losses above some ten per cent a real
 * connection is slower still.
 */
import type { Random } from "../random.ts";
import type { PathConditions } from "./conditions.ts";

export const PACKET_BYTES = 1460;
const INITIAL_BYTES = 10 * PACKET_BYTES;
const LEAST_BYTES = 2 * PACKET_BYTES;
const MATHIS = 1.22;
/** A connection idle for this long begins anew (RFC 5681 section 4.1; RFC 6298 section 2.4 for the second). */
const IDLE_MS = 1000;
/** Timers end here; a shorter round trip holds nothing down. */
const LEAST_ROUND_MS = 1;

export interface ConnectionWindow {
  readonly windowBytes: number;
  /** Up to here it doubles, from here it grows by a packet a round. */
  readonly thresholdBytes: number;
}

/** The window of a new connection; null when nothing on the path holds one down. */
export function startWindow({ slowStart, lossRatio }: PathConditions): ConnectionWindow | null {
  if (slowStart) return { windowBytes: INITIAL_BYTES, thresholdBytes: Infinity };
  if (lossRatio === 0) return null;
  const windowBytes = Math.max(LEAST_BYTES, (MATHIS * PACKET_BYTES) / Math.sqrt(lossRatio));
  return { windowBytes, thresholdBytes: windowBytes };
}

/** Length of a round. */
export function roundMs({ roundTripMs }: PathConditions): number {
  return Math.max(LEAST_ROUND_MS, roundTripMs);
}

/** Bytes per second during a round. */
export function windowRate({ windowBytes }: ConnectionWindow, path: PathConditions): number {
  return (windowBytes / roundMs(path)) * 1000;
}

/** What a round trip teaches. */
export interface RoundOutcome {
  readonly sentBytes: number;
  readonly lossRatio: number;
  readonly random: Random;
}

/** The window for the next round. It does not grow on a round that did not use it (RFC 7661 section 4.3). */
export function windowAfterRound(window: ConnectionWindow, round: RoundOutcome): ConnectionWindow {
  const { windowBytes, thresholdBytes } = window;
  const { sentBytes, lossRatio, random } = round;
  const survives = (1 - lossRatio) ** (sentBytes / PACKET_BYTES);
  if (lossRatio > 0 && random() >= survives) {
    const halfBytes = Math.max(LEAST_BYTES, windowBytes / 2);
    return { windowBytes: halfBytes, thresholdBytes: halfBytes };
  }
  if (sentBytes < windowBytes / 2) return window;
  const growthBytes = windowBytes < thresholdBytes ? sentBytes : (PACKET_BYTES * sentBytes) / windowBytes;
  return { windowBytes: windowBytes + growthBytes, thresholdBytes };
}

/** The window of a connection that has been silent. */
export function windowAfterIdle(window: ConnectionWindow, idleMs: number): ConnectionWindow {
  if (idleMs < IDLE_MS) return window;
  return { ...window, windowBytes: Math.min(window.windowBytes, INITIAL_BYTES) };
}
