/**
 * A link that several programs share, such as the client's access link behind all nodes: each says what it wants to pass,
 * and gets what is due by the clock, shared by max-min among the flows that want. Nothing is granted that was not due;
 * nothing that was due while somebody wanted it is lost, however late the clock is looked at.
 */
import { fairLevel } from "./fair-level.ts";
import type { RateCurve } from "./rate-curve.ts";
import { bytesBetween, rateAt } from "./rate-curve.ts";

/** What an idle link keeps: a want is on its way for some milliseconds while the link counts as idle. */
const IDLE_CREDIT_MS = 10;
/** A process that slept for longer does not make up for all of it. */
const MAX_CATCH_UP_MS = 1000;

/** Whole bytes granted to a flow. */
export interface Grant<Key> {
  readonly flow: Key;
  readonly bytes: number;
}

export class SharedLink<Key> {
  #curve: RateCurve;
  readonly #wantedBytes = new Map<Key, number>();
  #lastMs: number;
  #creditBytes = 0;

  constructor(curve: RateCurve, startMs: number) {
    this.#curve = curve;
    this.#lastMs = startMs;
  }

  /** Goes on with another rate and at another time; what was wanted stays wanted. */
  replace(curve: RateCurve, nowMs: number): void {
    this.#curve = curve;
    this.#lastMs = nowMs;
  }

  /** Whether somebody wants more than was granted. */
  get isWanted(): boolean {
    return this.#wantedBytes.size > 0;
  }

  want(flow: Key, bytes: number): void {
    this.#wantedBytes.set(flow, (this.#wantedBytes.get(flow) ?? 0) + bytes);
  }

  /** Forgets what a flow wanted. */
  leave(flow: Key): void {
    this.#wantedBytes.delete(flow);
  }

  /** Forgets the wants of all flows that belong to somebody who is gone. */
  leaveAll(isGone: (flow: Key) => boolean): void {
    for (const flow of this.#wantedBytes.keys()) if (isGone(flow)) this.#wantedBytes.delete(flow);
  }

  /** What is granted now. Times do not go back. */
  advance(nowMs: number): Grant<Key>[] {
    const toMs = Math.max(this.#lastMs, nowMs);
    const fromMs = Math.max(0, this.#lastMs, toMs - MAX_CATCH_UP_MS);
    this.#lastMs = toMs;
    this.#creditBytes += toMs > fromMs ? bytesBetween(this.#curve, fromMs, toMs) : 0;
    const wants = [...this.#wantedBytes];
    const level = fairLevel(
      wants.map(([, bytes]) => bytes),
      this.#creditBytes,
    );
    const grants: Grant<Key>[] = [];
    for (const [flow, wantedBytes] of wants) {
      const bytes = Math.floor(Math.min(wantedBytes, level) + 1e-9);
      if (bytes === 0) continue;
      this.#creditBytes -= bytes;
      if (bytes >= wantedBytes) this.#wantedBytes.delete(flow);
      else this.#wantedBytes.set(flow, wantedBytes - bytes);
      grants.push({ flow, bytes });
    }
    if (!this.isWanted) {
      const idleBytes = (rateAt(this.#curve, Math.max(0, toMs)) * IDLE_CREDIT_MS) / 1000;
      this.#creditBytes = Math.min(this.#creditBytes, idleBytes);
    }
    return grants;
  }
}
