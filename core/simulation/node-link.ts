/** One node's end of the simulated network: its conditions now, its rate now, its connections. */
import type { PathConditions } from "../network/conditions.ts";
import { BROWN_OUT_BYTES_PER_SECOND } from "../network/conditions.ts";
import type { ConnectionWindow } from "../network/connection-window.ts";
import { startWindow, windowAfterIdle } from "../network/connection-window.ts";
import { nextChangeMs, rateAt } from "../network/rate-curve.ts";
import type { Flow, SharedLink } from "./fair-share.ts";

/** Connections to one node at once: HTTP/1.1 in a browser. The seventh request waits for one of them. */
const MAX_CONNECTIONS = 6;

/** Its window outlives the transfer. */
export interface Connection {
  /** Null when nothing on the path holds it down. */
  window: ConnectionWindow | null;
  idleSinceMs: number;
  isNew: boolean;
}

/** A request to the node; transfer.ts. */
interface Member extends Flow {
  /** Null while it waits for one. */
  readonly connection: Connection | null;
}

export class NodeLink<Transfer extends Member> implements SharedLink {
  readonly nodeId: string;
  conditions: PathConditions;
  rate = 0;
  /** The rate holds until then. */
  rateUntilMs = 0;
  /** Bodies under way. */
  readonly flows: Transfer[] = [];
  /** Asked, and no first byte yet. */
  readonly waiting: Transfer[] = [];
  /** Requests beyond the connections, first come first served. */
  readonly queue: Transfer[] = [];
  /** Idle, the last used one last. */
  readonly #idle: Connection[] = [];
  #openConnections = 0;

  constructor(nodeId: string, conditions: PathConditions) {
    this.nodeId = nodeId;
    this.conditions = conditions;
  }

  change(change: Partial<PathConditions>): void {
    this.conditions = { ...this.conditions, ...change };
    this.rateUntilMs = 0;
    const busy = [...this.flows, ...this.waiting].flatMap(({ connection }) => connection ?? []);
    for (const connection of [...this.#idle, ...busy]) {
      const fresh = startWindow(this.conditions);
      connection.window = fresh === null ? null : (connection.window ?? fresh);
    }
  }

  get faultKind(): string | null {
    return this.conditions.fault?.kind ?? null;
  }

  /** Brings the rate up to date; whether it may have changed. */
  refreshRate(nowMs: number): boolean {
    if (nowMs < this.rateUntilMs) return false;
    const { rate, lossRatio } = this.conditions;
    this.rateUntilMs = nextChangeMs(rate, nowMs);
    this.rate = this.faultKind === "hang" || lossRatio >= 1 ? 0 : rateAt(rate, nowMs);
    if (this.faultKind === "brown-out") this.rate = Math.min(this.rate, BROWN_OUT_BYTES_PER_SECOND);
    return true;
  }

  /** A connection for a request: a warm one, a new one, or undefined as all are busy. */
  takeConnection(nowMs: number): Connection | undefined {
    const warm = this.#idle.pop();
    if (warm !== undefined) {
      if (warm.window !== null) warm.window = windowAfterIdle(warm.window, nowMs - warm.idleSinceMs);
      return warm;
    }
    if (this.#openConnections >= MAX_CONNECTIONS) return undefined;
    this.#openConnections += 1;
    return { window: startWindow(this.conditions), idleSinceMs: 0, isNew: true };
  }

  keepConnection(connection: Connection, nowMs: number): void {
    connection.isNew = false;
    connection.idleSinceMs = nowMs;
    this.#idle.push(connection);
  }

  closeConnection(): void {
    this.#openConnections -= 1;
  }

  closeIdleConnections(): void {
    this.#openConnections -= this.#idle.length;
    this.#idle.length = 0;
  }
}
