/**
 * Who may move bytes now. Background work waits in one line for one budget: the most urgent kind first, a few at a time, at
 * the rate that playback leaves (core/redundancy/byte-budget.ts). Work begins while something is left and may overdraw.
 */
import type { ByteBudget } from "#core/redundancy/byte-budget.ts";
import { isOpen, refilled, spent } from "#core/redundancy/byte-budget.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { ChangeKind } from "./plan-store.ts";
import { CHANGE_KINDS } from "./plan-store.ts";

/** Chunks in memory at once, with what is computed from them: four times about 45 MiB. */
const MAX_AT_ONCE = 4;
/** Looks again whether something is left, at the latest. */
const LOOK_MS = 100;
/** Rates that are told are means over so long. */
const RATE_SECONDS = 5;

/** Scrubbing reads and moves nothing; it only stands behind everything else. */
export type WorkKind = ChangeKind | "scrub";
const KINDS: readonly WorkKind[] = [...CHANGE_KINDS, "scrub"];

interface Waiting {
  readonly kind: WorkKind;
  readonly begin: () => void;
}

export class WorkBudget {
  readonly #clock: Clock;
  readonly #rate: () => number;
  #budget: ByteBudget;
  #running = 0;
  #isLooking = false;
  readonly #waiting: Waiting[] = [];
  readonly #moved = new Map<WorkKind, { bytes: number; atSeconds: number }>();

  /** @param rate bytes a second that background work may move now */
  constructor(clock: Clock, rate: () => number) {
    this.#clock = clock;
    this.#rate = rate;
    this.#budget = { bytes: 1, atSeconds: clock.nowMs() / 1000 };
  }

  get limitBytesPerSecond(): number {
    return this.#rate();
  }

  /** Whether something more urgent waits. */
  hasBefore(kind: WorkKind): boolean {
    return this.#waiting.some((one) => KINDS.indexOf(one.kind) < KINDS.indexOf(kind));
  }

  /**
   * Runs work when its turn has come.
   *
   * @throws the signal's reason when it fires before
   */
  async run<T>(kind: WorkKind, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    await this.#turn(kind, signal);
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#look();
    }
  }

  /** Bytes that work is about to read or write. */
  spend(kind: WorkKind, bytes: number): void {
    this.#budget = spent(refilled(this.#budget, this.#rate(), this.#clock.nowMs() / 1000), bytes);
    this.note(kind, bytes);
  }

  /** Bytes that no network carries: told, and not charged. */
  note(kind: WorkKind, bytes: number): void {
    const nowSeconds = this.#clock.nowMs() / 1000;
    this.#moved.set(kind, { bytes: this.#faded(kind, nowSeconds) + bytes, atSeconds: nowSeconds });
  }

  /** What kinds of work have moved lately; null before the first byte. */
  bytesPerSecond(kinds: readonly WorkKind[]): number | null {
    const known = kinds.filter((kind) => this.#moved.has(kind));
    if (known.length === 0) return null;
    const nowSeconds = this.#clock.nowMs() / 1000;
    return known.reduce((sum, kind) => sum + this.#faded(kind, nowSeconds), 0) / RATE_SECONDS;
  }

  #turn(kind: WorkKind, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        const at = this.#waiting.indexOf(waiting);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        reject(signal.reason instanceof Error ? signal.reason : new Error("Stopped"));
      };
      const waiting = {
        kind,
        begin: () => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        },
      };
      signal.addEventListener("abort", giveUp, { once: true });
      const at = this.#waiting.findIndex((one) => KINDS.indexOf(one.kind) > KINDS.indexOf(kind));
      this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, waiting);
      this.#look();
    });
  }

  /** Lets begin what may, and looks again later while something waits for the budget. */
  #look(): void {
    this.#budget = refilled(this.#budget, this.#rate(), this.#clock.nowMs() / 1000);
    while (this.#running < MAX_AT_ONCE && isOpen(this.#budget)) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running += 1;
      next.begin();
    }
    if (this.#waiting.length === 0 || this.#running >= MAX_AT_ONCE || this.#isLooking) return;
    this.#isLooking = true;
    void this.#clock.sleep(LOOK_MS, NEVER).then(() => {
      this.#isLooking = false;
      this.#look();
    });
  }

  #faded(kind: WorkKind, nowSeconds: number): number {
    const { bytes, atSeconds } = this.#moved.get(kind) ?? { bytes: 0, atSeconds: nowSeconds };
    return bytes * Math.exp(-Math.max(0, nowSeconds - atSeconds) / RATE_SECONDS);
  }
}

/** Nobody waits for the look itself; those in line have signals of their own. */
const NEVER = new AbortController().signal;
