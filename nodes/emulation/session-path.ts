/**
 * The emulated path from this node to one session: drives core/network/path-pacer.ts by the clock while bodies are under
 * way, and hands what has passed to them, or to the client's access link first.
 */
import type { PathConditions } from "#core/network/conditions.ts";
import type { PacedConnection } from "#core/network/path-pacer.ts";
import { PathPacer } from "#core/network/path-pacer.ts";
import type { PathPhase } from "#core/network/path-phases.ts";
import { capacityBetween, firstByteDelayMs, FREE_PATH } from "#core/network/path-phases.ts";
import type { Random } from "#core/random.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { Pace } from "#wire/contract/byte-log-api.ts";
import type { Rate } from "#wire/contract/emulation-api.ts";
import type { AccessLedger, AccessLink } from "./access-link.ts";
import { PacedTransfer } from "./paced-transfer.ts";
import { PaceKeeper } from "./pace-keeper.ts";

/** Often enough that a block of 128 KiB at 50 Mbit/s comes in four pieces; a late tick makes up for itself. */
const TICK_MS = 5;
/** A body that begins does not wait for a whole tick: its first bytes are its latency. */
const FIRST_TICK_MS = 1;
/** What may wait for the access link besides a tenth of a second of the path: wants travel between processes. */
const ACCESS_QUEUE_BYTES = 64 * 1024;
const ACCESS_QUEUE_MS = 100;

/** A network as it concerns one session on this node. */
export interface PathPlan {
  readonly phases: readonly PathPhase[];
  /** Wall clock. */
  readonly startedAtMs: number;
  /** Null when the access link has no limit, or nobody keeps its ledger. */
  readonly access: Rate | null;
}

export interface SessionPathPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: AccessLedger | undefined;
}

export class SessionPath {
  readonly #session: string;
  readonly #ports: SessionPathPorts;
  readonly #pacer: PathPacer;
  readonly #transfers = new Map<number, PacedTransfer>();
  /** A browser's connections serve all its sessions, each of which finds them new once. */
  readonly #connections = new WeakMap<object, PacedConnection>();
  readonly #stopping = new AbortController();
  #link: AccessLink | undefined;
  /** Monotonic time of the session's start. */
  #originMs: number;
  #lastId = 0;
  readonly #paceKeeper = new PaceKeeper();
  #lastTickMs = 0;
  #isTicking = false;
  #isFree = false;
  /** Requests that wait for their first byte. */
  waitingCount = 0;
  lastUsedMs = 0;

  constructor(session: string, plan: PathPlan, ports: SessionPathPorts) {
    this.#session = session;
    this.#ports = ports;
    this.#originMs = this.#originOf(plan);
    this.#pacer = new PathPacer(plan.phases, ports.random, this.#sessionMs());
    this.#link = this.#openLink(plan);
  }

  get isIdle(): boolean {
    return this.waitingCount === 0 && this.#transfers.size === 0;
  }

  /** The network changed: bodies under way go on as it is now. */
  replace(plan: PathPlan): void {
    this.#tick();
    this.#originMs = this.#originOf(plan);
    this.#lastTickMs = this.#sessionMs();
    this.#pacer.replace(plan.phases, this.#lastTickMs);
    const before = this.#link;
    this.#link = this.#openLink(plan);
    if (before === undefined || this.#link !== undefined) return;
    before.close();
    for (const transfer of this.#transfers.values()) transfer.passAccess();
  }

  /** The network is no more: what is under way is sent at once. */
  free(): void {
    this.#isFree = true;
    this.#stopping.abort();
    this.#link?.close();
    this.#link = undefined;
    for (const transfer of this.#transfers.values()) transfer.release();
  }

  /** How well it kept time so far. */
  pace(): Pace {
    return this.#paceKeeper.pace();
  }

  conditions(): PathConditions {
    return this.#isFree ? FREE_PATH : this.#pacer.conditionsAt(this.#sessionMs());
  }

  /** The connection behind a socket, and whether this session uses it for the first time. */
  connectionOf(socket: object): { readonly connection: PacedConnection; readonly isNew: boolean } {
    const known = this.#connections.get(socket);
    if (known !== undefined) return { connection: known, isNew: false };
    const connection: PacedConnection = { window: null, lastSentMs: 0 };
    this.#connections.set(socket, connection);
    return { connection, isNew: true };
  }

  firstByteDelayMs(isNewConnection: boolean): number {
    return firstByteDelayMs(this.conditions(), isNewConnection, this.#ports.random);
  }

  /** Whether a request fails by the path's share of failures. */
  fails(): boolean {
    const { failureRatio = 0 } = this.conditions();
    return failureRatio > 0 && this.#ports.random() < failureRatio;
  }

  /**
   * A body begins. It must be closed.
   *
   * @param readyAtMs when its first byte was due, monotonic: late timers and slow disks do not delay it any further
   */
  open(connection: PacedConnection, wantedBytes: number, readyAtMs: number): PacedTransfer {
    const flow = this.#pacer.open(connection, wantedBytes, Math.min(readyAtMs - this.#originMs, this.#sessionMs()));
    const onClose = (closed: PacedTransfer) => {
      this.#pacer.close(flow);
      this.#transfers.delete(closed.id);
      this.#link?.leave(closed.id);
      this.lastUsedMs = this.#ports.clock.nowMs();
    };
    if (this.#transfers.size === 0) this.#lastTickMs = this.#sessionMs();
    const transfer = new PacedTransfer((this.#lastId += 1), { flow, wantedBytes, onClose });
    this.#transfers.set(transfer.id, transfer);
    if (this.#isFree) transfer.release();
    else {
      this.#tick();
      if (!this.#isTicking) void this.#keepTicking();
    }
    return transfer;
  }

  async #keepTicking(): Promise<void> {
    this.#isTicking = true;
    await this.#sleep(FIRST_TICK_MS);
    while (this.#transfers.size > 0 && !this.#isFree) {
      this.#tick();
      await this.#sleep(TICK_MS);
    }
    this.#isTicking = false;
  }

  async #sleep(delayMs: number): Promise<void> {
    const { clock } = this.#ports;
    const dueMs = clock.nowMs() + delayMs;
    await clock.sleep(delayMs, this.#stopping.signal);
    if (!this.#isFree) this.#paceKeeper.came(clock.nowMs() - dueMs);
  }

  #tick(): void {
    if (this.#isFree) return;
    const nowMs = this.#sessionMs();
    const path = this.#pacer.conditionsAt(nowMs);
    const roomBytes = this.#link === undefined ? Infinity : accessQueueBytes(path, nowMs);
    for (const transfer of this.#transfers.values()) transfer.prepare(roomBytes);
    if (this.#transfers.size > 0) this.#noticeStandstill(path, nowMs);
    this.#lastTickMs = nowMs;
    this.#pacer.advance(nowMs);
    for (const transfer of this.#transfers.values()) {
      const bytes = transfer.collect();
      if (bytes === 0) continue;
      this.#paceKeeper.passed(bytes);
      if (this.#link === undefined) transfer.ready(bytes);
      else {
        transfer.waitForAccess(bytes);
        this.#link.want(transfer.id, bytes);
      }
    }
    this.#link?.flush();
    // A node that refuses has lost its connections too.
    if (path.fault?.kind === "refuse") for (const transfer of [...this.#transfers.values()]) transfer.close();
  }

  #noticeStandstill(path: PathConditions, nowMs: number): void {
    const fromMs = Math.max(0, this.#lastTickMs);
    this.#paceKeeper.movedOn(nowMs - this.#lastTickMs, (forMs) => capacityBetween(path, fromMs, fromMs + forMs));
  }

  #openLink({ access, startedAtMs }: PathPlan): AccessLink | undefined {
    if (access === null) return undefined;
    return this.#ports.ledger?.open({
      ...{ session: this.#session, startedAtMs, rate: access },
      onGrant: (transfer, bytes) => this.#transfers.get(transfer)?.granted(bytes),
    });
  }

  #originOf({ startedAtMs }: PathPlan): number {
    const { clock } = this.#ports;
    return clock.nowMs() - (clock.wallMs() - startedAtMs);
  }

  /** Negative before the session starts. */
  #sessionMs(): number {
    return this.#ports.clock.nowMs() - this.#originMs;
  }
}

function accessQueueBytes(path: PathConditions, nowMs: number): number {
  const fromMs = Math.max(0, nowMs);
  return ACCESS_QUEUE_BYTES + capacityBetween(path, fromMs, fromMs + ACCESS_QUEUE_MS);
}
