/**
 * When the bytes of several transfers pass a path: shared equally, held down by the window of each connection, following
 * curves and phases. Driven from outside with the time; how often it is asked changes nothing, as every answer is the sum
 * over what was due since the last one. Emulation drives it with a real clock; times are milliseconds of the session.
 */
import { invariant } from "../invariant.ts";
import type { Random } from "../random.ts";
import type { PathConditions } from "./conditions.ts";
import type { ConnectionWindow } from "./connection-window.ts";
import {
  PACKET_BYTES,
  roundMs,
  startWindow,
  windowAfterIdle,
  windowAfterRound,
  windowRate,
} from "./connection-window.ts";
import { fairLevel } from "./fair-level.ts";
import type { PathPhase } from "./path-phases.ts";
import { capacityBetween, nextPhaseMs, phaseAt } from "./path-phases.ts";

/** Windows are looked at this often: round trips are whole milliseconds or nearly so. */
const SLICE_MS = 1;
/** A process that slept for longer does not make up for all of it: no network would have waited. */
export const MAX_CATCH_UP_MS = 1000;

/** A connection as the emulation sees it: its window outlives the transfer. */
export interface PacedConnection {
  window: ConnectionWindow | null;
  lastSentMs: number;
}

/** A transfer on the path. */
export interface Flow {
  readonly connection: PacedConnection;
  /** What it still wants to pass; set by the driver before each `advance`. */
  wantedBytes: number;
  /** What has passed, in all; whole bytes. */
  passedBytes: number;
  roundEndsMs: number;
  roundBytes: number;
  /** What the window allowed and whole bytes could not use. */
  allowanceBytes: number;
}

export class PathPacer {
  readonly #random: Random;
  #phases: readonly PathPhase[];
  readonly #flows = new Set<Flow>();
  #lastMs: number;
  #creditBytes = 0;

  constructor(phases: readonly PathPhase[], random: Random, startMs: number) {
    this.#phases = phases;
    this.#random = random;
    this.#lastMs = startMs;
  }

  /**
   * Goes on with other conditions and at another time; what is under way stays under way.
   *
   * @param nowMs time of the session now, as it may begin anew
   */
  replace(phases: readonly PathPhase[], nowMs: number): void {
    this.#phases = phases;
    for (const flow of this.#flows) {
      flow.roundEndsMs += nowMs - this.#lastMs;
      flow.connection.lastSentMs += nowMs - this.#lastMs;
    }
    this.#lastMs = nowMs;
  }

  conditionsAt(atMs: number): PathConditions {
    return phaseAt(this.#phases, Math.max(0, atMs)).path;
  }

  /** A transfer begins now. */
  open(connection: PacedConnection, wantedBytes: number, nowMs: number): Flow {
    this.advance(nowMs);
    const path = this.conditionsAt(nowMs);
    connection.window =
      connection.window === null
        ? startWindow(path)
        : windowAfterIdle(connection.window, Math.max(0, nowMs - connection.lastSentMs));
    const flow: Flow = {
      ...{ connection, wantedBytes, passedBytes: 0 },
      ...{ roundEndsMs: nowMs + roundMs(path), roundBytes: 0, allowanceBytes: 0 },
    };
    this.#flows.add(flow);
    return flow;
  }

  close(flow: Flow): void {
    this.#flows.delete(flow);
  }

  /** Lets pass what was due since the last call. Times do not go back; one that does counts as no time. */
  advance(nowMs: number): void {
    const toMs = Math.max(this.#lastMs, nowMs);
    let atMs = Math.max(this.#lastMs, toMs - MAX_CATCH_UP_MS);
    this.#lastMs = toMs;
    if (this.#flows.size === 0) {
      this.#creditBytes = 0;
      return;
    }
    while (atMs < toMs) {
      const path = this.conditionsAt(atMs);
      let endMs = Math.min(toMs, nextPhaseMs(this.#phases, Math.max(0, atMs)));
      if (this.#isWindowed(path)) endMs = Math.min(endMs, atMs + SLICE_MS);
      this.#pass(path, atMs, endMs);
      atMs = endMs;
    }
  }

  #isWindowed({ slowStart, lossRatio }: PathConditions): boolean {
    if (slowStart || lossRatio > 0) return true;
    // A window of earlier conditions holds nothing down any more.
    for (const { connection } of this.#flows) connection.window = null;
    return false;
  }

  #pass(path: PathConditions, fromMs: number, toMs: number): void {
    const flows = [...this.#flows];
    // Before the session starts its time stands at 0, with the rate of that moment.
    const startMs = Math.max(0, fromMs);
    this.#creditBytes += capacityBetween(path, startMs, startMs + toMs - fromMs);
    const limits = flows.map((flow) => Math.min(flow.wantedBytes, this.#allowance(flow, path, toMs - fromMs)));
    const level = fairLevel(limits, this.#creditBytes);
    flows.forEach((flow, index) => {
      const bytes = Math.floor(Math.min(limits[index] ?? 0, level) + 1e-9);
      flow.passedBytes += bytes;
      flow.wantedBytes -= bytes;
      flow.roundBytes += bytes;
      flow.allowanceBytes -= bytes;
      this.#creditBytes -= bytes;
      if (bytes > 0) flow.connection.lastSentMs = toMs;
      if (toMs >= flow.roundEndsMs) this.#endRound(flow, path);
    });
    // What nobody wanted is gone; a packet's worth stays, as bytes are whole.
    this.#creditBytes = Math.min(this.#creditBytes, PACKET_BYTES);
  }

  #allowance(flow: Flow, path: PathConditions, passedMs: number): number {
    const { connection } = flow;
    connection.window ??= startWindow(path);
    if (connection.window === null) return Infinity;
    const grownBytes = (windowRate(connection.window, path) * passedMs) / 1000;
    flow.allowanceBytes = Math.min(Math.max(0, flow.allowanceBytes), PACKET_BYTES) + grownBytes;
    return flow.allowanceBytes;
  }

  #endRound(flow: Flow, path: PathConditions): void {
    const { connection } = flow;
    if (connection.window === null) return;
    const { lossRatio } = path;
    invariant(lossRatio <= 1, `Cannot lose a share of ${lossRatio} packets`);
    const round = { sentBytes: flow.roundBytes, lossRatio, random: this.#random };
    connection.window = windowAfterRound(connection.window, round);
    flow.roundEndsMs += roundMs(path);
    flow.roundBytes = 0;
  }
}
