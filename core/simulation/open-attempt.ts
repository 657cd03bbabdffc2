/**
 * An attempt under way, as the simulator's driver keeps it: it hears what its transfer tells, and says whose it was. One
 * object for each request, where five closures took a tenth of the memory that a session goes through.
 */
import type { Block } from "../placement/blocks.ts";
import type { FailureKind } from "../schedule/plan-events.ts";
import type { AttemptRecord } from "./segment-record.ts";
import type { Transfer, TransferListener } from "./transfer.ts";

/** Told what the transfers of a fetch tell. */
export interface AttemptListener {
  onFirstByte(attempt: OpenAttempt): void;
  onBytes(attempt: OpenAttempt, bytes: number, isCorrupt: boolean): void;
  onEnded(attempt: OpenAttempt): void;
  onFailed(attempt: OpenAttempt, kind: FailureKind, detail: string): void;
}

export class OpenAttempt implements TransferListener {
  readonly record: AttemptRecord;
  /** Where its blocks end, counted from its start. */
  readonly blockEnds: readonly number[];
  readonly firstBlock: number;
  nextBlock: number;
  transfer: Transfer | null = null;
  /** Blocks that are being hashed, and what is to be told behind them. */
  hashing = 0;
  afterHashing: (() => void) | null = null;
  readonly #listener: AttemptListener;

  constructor(record: AttemptRecord, blocks: readonly Block[], listener: AttemptListener) {
    this.record = record;
    this.firstBlock = blocks[0]?.index ?? 0;
    this.nextBlock = this.firstBlock;
    this.blockEnds = blocks.map(({ end }) => end - record.start);
    this.#listener = listener;
  }

  get isOpen(): boolean {
    return this.record.outcome === null;
  }

  /** Whether everything of its next block has come. */
  get hasNextBlock(): boolean {
    return (this.blockEnds[this.nextBlock - this.firstBlock] ?? Infinity) <= this.record.receivedBytes;
  }

  firstByte(): void {
    this.#listener.onFirstByte(this);
  }

  bytes(bytes: number, isCorrupt: boolean): void {
    this.#listener.onBytes(this, bytes, isCorrupt);
  }

  ended(): void {
    this.#listener.onEnded(this);
  }

  failed(kind: FailureKind, detail: string): void {
    this.#listener.onFailed(this, kind, detail);
  }
}
