/** What a network does to a transfer: the path to one node, the access link that all nodes share, and faults. */
import type { RateCurve } from "./rate-curve.ts";

/** The way from one node to the client, or what lies behind it. */
export interface PathConditions {
  /** What all transfers from this node share, equally. */
  readonly rate: RateCurve;
  /** Before the first byte of each answer, and once more for a new connection. */
  readonly roundTripMs: number;
  /** Each answer is early or late by up to this, uniformly. */
  readonly jitterMs: number;
  /** Share of packets lost, 0..1: holds the window of each connection down, as in TCP Reno. */
  readonly lossRatio: number;
  /** Connections begin with ten packets a round trip and double (RFC 6928, RFC 5681). */
  readonly slowStart: boolean;
  /** Share of requests that are answered 503, 0..1; none when left out. */
  readonly failureRatio?: number;
  readonly fault: Fault | null;
}

/**
 * `refuse`: connections are refused, and bodies under way break. `hang`: accepted, not answered, and bodies under way stop,
 * for as long as it lasts. `brown-out`: answers at 50 kbit/s. `unavailable`: 503. `truncate`: bodies end in the middle.
 * `corrupt`: bytes of the body are wrong. `slow-disk`: the first byte takes half a second longer.
 */
export const FAULT_KINDS = ["refuse", "hang", "brown-out", "unavailable", "truncate", "corrupt", "slow-disk"] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
}

export const BROWN_OUT_BYTES_PER_SECOND = 50_000 / 8;
export const SLOW_DISK_MS = 500;

/** What happens to a node at a time. */
export interface ScheduledChange {
  /** Since the start of the session. */
  readonly atMs: number;
  readonly nodeId: string;
  /** Replaced as given, the rest stays. */
  readonly change: Partial<PathConditions>;
}

/** The network of one session: who can be reached how, and what will happen. */
export interface NetworkPlan {
  readonly id: string;
  /** What a fair result looks like, for people. */
  readonly expect: string;
  /** How paths depend on each other: tells comparisons where nobody may win. */
  readonly kind: "independent" | "shared-access" | "shared-access+paths" | "correlated";
  readonly access: RateCurve;
  readonly nodes: readonly { readonly nodeId: string; readonly path: PathConditions }[];
  /** In order of time. */
  readonly changes: readonly ScheduledChange[];
}
