/** One request on the simulated network: bytes without contents. */
import { roundMs, windowAfterRound, windowRate } from "../network/connection-window.ts";
import type { Random } from "../random.ts";
import type { FailureKind } from "../schedule/plan-events.ts";
import type { Flow } from "./fair-share.ts";
import type { Connection, NodeLink } from "./node-link.ts";

/** Where a transfer stands. `queued`: no connection is free. `held`: its answer is ready, but the node hangs. */
type TransferPhase = "queued" | "waiting" | "held" | "flowing" | "over";

/** What a transfer tells, in the order in which it happens; nothing after `ended` or `failed`, and nothing after a stop. */
export interface TransferListener {
  firstByte(): void;
  /** @param isCorrupt whether any byte up to here is wrong */
  bytes(bytes: number, isCorrupt: boolean): void;
  ended(): void;
  failed(kind: FailureKind, detail: string): void;
}

/** So many times the rate of the path, a window is as good as none. */
const OPEN_WINDOW_FACTOR = 4;

/** The first read of a body is what one packet carries. */
const FIRST_READ_BYTES = 1448;

export class Transfer implements Flow {
  readonly link: NodeLink<Transfer>;
  readonly wantedBytes: number;
  readonly listener: TransferListener;
  /** Ends of the blocks, counted from the start of the transfer; rising, the last is `wantedBytes`. */
  readonly #blockEnds: readonly number[];
  #block = 0;
  phase: TransferPhase = "queued";
  /** Null while it waits for one. */
  connection: Connection | null = null;
  windowRate = Infinity;
  rate = 0;
  receivedBytes = 0;
  reportedBytes = 0;
  /** Where the body ends: earlier than wanted when it is cut off. */
  endsAtBytes: number;
  isCorrupt = false;
  isAnswered = false;
  lastReadMs = 0;
  /** When the next block, or the first packet, is whole at the present rate. */
  markDueMs = Infinity;
  /** When something is to be told at the present rate. */
  dueMs = Infinity;
  /** When the window of the connection grows or shrinks; Infinity when nothing holds it down. */
  roundDueMs = Infinity;
  #roundStartBytes = 0;

  constructor(link: NodeLink<Transfer>, blockEnds: readonly number[], listener: TransferListener) {
    this.link = link;
    this.#blockEnds = blockEnds;
    this.wantedBytes = blockEnds[blockEnds.length - 1] ?? 0;
    this.endsAtBytes = this.wantedBytes;
    this.listener = listener;
  }

  advance(passedMs: number): void {
    this.receivedBytes = Math.min(this.endsAtBytes, this.receivedBytes + (this.rate * passedMs) / 1000);
  }

  /** A round of the connection's window begins: at the start of the body, and after each round. */
  beginRound(nowMs: number): void {
    const { conditions } = this.link;
    const window = this.connection?.window ?? null;
    this.#roundStartBytes = this.receivedBytes;
    this.windowRate = window === null ? Infinity : windowRate(window, conditions);
    // A window far beyond the path holds nothing back, and cannot shrink without loss.
    const isOpen = conditions.lossRatio === 0 && this.windowRate > OPEN_WINDOW_FACTOR * this.link.rate;
    this.roundDueMs = window === null || (isOpen && this.link.rate > 0) ? Infinity : nowMs + roundMs(conditions);
  }

  endRound(nowMs: number, random: Random): void {
    const { connection } = this;
    const { lossRatio } = this.link.conditions;
    const sentBytes = this.receivedBytes - this.#roundStartBytes;
    if (connection?.window) {
      connection.window = windowAfterRound(connection.window, { sentBytes, lossRatio, random });
    }
    this.beginRound(nowMs);
  }

  /** The next byte count at which something happens. */
  get markBytes(): number {
    const mark = this.isAnswered ? (this.#blockEnds[this.#block] ?? this.wantedBytes) : FIRST_READ_BYTES;
    return mark < this.endsAtBytes ? mark : this.endsAtBytes;
  }

  /** Foresees what comes next, after the rate changed or something was told. */
  plan(nowMs: number, readEveryMs: number): void {
    const { rate } = this;
    if (rate <= 0) {
      this.markDueMs = Infinity;
      this.dueMs = Infinity;
      return;
    }
    this.markDueMs = nowMs + ((this.markBytes - this.receivedBytes) / rate) * 1000;
    const readDueMs = this.isAnswered ? Math.max(nowMs, this.lastReadMs + readEveryMs) : Infinity;
    this.dueMs = this.markDueMs < readDueMs ? this.markDueMs : readDueMs;
  }

  /** What a read gives now, in whole bytes. */
  read(nowMs: number): number {
    if (this.markDueMs <= nowMs) this.receivedBytes = Math.max(this.receivedBytes, this.markBytes);
    const whole = Math.floor(this.receivedBytes + 1e-6);
    const bytes = whole - this.reportedBytes;
    this.reportedBytes = whole;
    this.lastReadMs = nowMs;
    while ((this.#blockEnds[this.#block] ?? Infinity) <= whole) this.#block += 1;
    return bytes;
  }
}
