/** One node's end of the simulated network: its conditions now, its rate now, its connections. */
import type { PathConditions } from "../network/conditions.ts";
import { BROWN_OUT_BYTES_PER_SECOND, SLOW_DISK_MS } from "../network/conditions.ts";
import { nextChangeMs, rateAt } from "../network/rate-curve.ts";
import type { SharedLink } from "./fair-share.ts";
import type { Transfer } from "./transfer.ts";

/** Connections to one node at once: HTTP/1.1 in a browser. The seventh request waits for one of them. */
const MAX_CONNECTIONS = 6;

export class NodeLink implements SharedLink {
  readonly nodeId: string;
  conditions: PathConditions;
  rate = 0;
  /** The rate holds until then. */
  rateUntilMs = 0;
  /** Bodies under way. */
  readonly flows: Transfer[] = [];
  /** Asked, and no first byte yet. */
  readonly waiting = new Set<Transfer>();
  /** Requests beyond the connections, first come first served. */
  readonly queue: Transfer[] = [];
  idleConnections = 0;
  openConnections = 0;

  constructor(nodeId: string, conditions: PathConditions) {
    this.nodeId = nodeId;
    this.conditions = conditions;
  }

  change(change: Partial<PathConditions>): void {
    this.conditions = { ...this.conditions, ...change };
    this.rateUntilMs = 0;
  }

  get faultKind(): string | null {
    return this.conditions.fault?.kind ?? null;
  }

  /** Brings the rate up to date; whether it may have changed. */
  refreshRate(nowMs: number): boolean {
    if (nowMs < this.rateUntilMs) return false;
    const { rate } = this.conditions;
    const pathRate = rateAt(rate, nowMs);
    this.rateUntilMs = nextChangeMs(rate, nowMs);
    this.rate =
      this.faultKind === "hang"
        ? 0
        : this.faultKind === "brown-out"
          ? Math.min(pathRate, BROWN_OUT_BYTES_PER_SECOND)
          : pathRate;
    return true;
  }

  /** Takes a connection for a request: a warm one, a new one, or none as all are busy. */
  takeConnection(): "warm" | "new" | "none" {
    if (this.idleConnections > 0) {
      this.idleConnections -= 1;
      return "warm";
    }
    if (this.openConnections >= MAX_CONNECTIONS) return "none";
    this.openConnections += 1;
    return "new";
  }

  /** From the request to the first byte of the answer, `lot` uniform in [0, 1). */
  firstByteDelayMs(connection: "warm" | "new", lot: number): number {
    const { roundTripMs, jitterMs } = this.conditions;
    const jitter = (2 * lot - 1) * jitterMs;
    const disk = this.faultKind === "slow-disk" ? SLOW_DISK_MS : 0;
    return Math.max(0, roundTripMs + jitter) + (connection === "new" ? roundTripMs : 0) + disk;
  }
}
