/**
 * Who may move bytes now. Background work waits in one line for one budget: the most urgent kind first, a few at a time, at
 * the rate that playback leaves (core/redundancy/byte-budget.ts). Work begins while something is left and may overdraw.
 *
 * Bytes are not all that playback needs: processors and disks are shared too. While somebody watches, chunks go one after the
 * other, and after each there is a pause in proportion to what it took. On a machine that is busy everything takes longer, so
 * that the pauses grow with what viewers wait.
 */
import type { ByteBudget } from "#core/redundancy/byte-budget.ts";
import { isOpen, refilled, spent } from "#core/redundancy/byte-budget.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { ChangeKind } from "./plan-store.ts";
import { CHANGE_KINDS } from "./plan-store.ts";

/** Chunks in memory at once, with what is computed from them: four times about 45 MiB. */
const MAX_AT_ONCE = 4;
/** While somebody watches; of the time a third, as with a half viewers waited 1.8 times as long at the 99th percentile. */
const [WATCHED_AT_ONCE, WATCHED_SHARE] = [1, 1 / 3];
/** A pause ends by then: one slow disk must not stop everything. */
const MAX_PAUSE_MS = 5000;
/** Looks again whether something is left, at the latest. */
const LOOK_MS = 100;
/** Rates that are told are means over so long. */
const RATE_SECONDS = 5;

/** Scrubbing reads and moves nothing; it only stands behind everything else. */
export type WorkKind = ChangeKind | "scrub";
const KINDS: readonly WorkKind[] = [...CHANGE_KINDS, "scrub"];

interface Waiting {
  readonly kind: WorkKind;
  readonly isUrgent: boolean;
  readonly begin: () => void;
}

export class WorkBudget {
  readonly #clock: Clock;
  readonly #rate: () => number;
  readonly #isWatched: () => boolean;
  #budget: ByteBudget;
  #pauseUntilMs = -Infinity;
  #running = 0;
  #isLooking = false;
  readonly #waiting: Waiting[] = [];
  readonly #moved = new Map<WorkKind, { bytes: number; atSeconds: number }>();

  /**
   * @param rate bytes a second that background work may move now
   * @param isWatched whether players are being sent something
   */
  constructor(clock: Clock, rate: () => number, isWatched: () => boolean) {
    this.#clock = clock;
    this.#rate = rate;
    this.#isWatched = isWatched;
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
   * @param isUrgent the next loss would be for good: it comes before all else, and no pause holds it up
   * @throws the signal's reason when it fires before
   */
  async run<T>(kind: WorkKind, signal: AbortSignal, work: () => Promise<T>, isUrgent = false): Promise<T> {
    signal.throwIfAborted();
    await this.#turn({ kind, isUrgent }, signal);
    const beganMs = this.#clock.nowMs();
    try {
      return await work();
    } finally {
      this.#running -= 1;
      const endedMs = this.#clock.nowMs();
      const pauseMs = (endedMs - beganMs) * (1 / WATCHED_SHARE - 1);
      if (this.#isWatched()) this.#pauseUntilMs = endedMs + Math.min(MAX_PAUSE_MS, pauseMs);
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

  #turn(asked: Pick<Waiting, "kind" | "isUrgent">, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        const at = this.#waiting.indexOf(waiting);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        reject(signal.reason instanceof Error ? signal.reason : new Error("Stopped"));
      };
      const waiting: Waiting = {
        ...asked,
        begin: () => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        },
      };
      signal.addEventListener("abort", giveUp, { once: true });
      const at = this.#waiting.findIndex((one) => rank(one) > rank(asked));
      this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, waiting);
      this.#look();
    });
  }

  /** Lets begin what may, and looks again later while something waits for the budget. */
  #look(): void {
    this.#budget = refilled(this.#budget, this.#rate(), this.#clock.nowMs() / 1000);
    const [nowMs, isWatched] = [this.#clock.nowMs(), this.#isWatched()];
    const atOnce = isWatched ? WATCHED_AT_ONCE : MAX_AT_ONCE;
    const isPausing = isWatched && nowMs < this.#pauseUntilMs;
    while (this.#running < atOnce && isOpen(this.#budget)) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      if (isPausing && !next.isUrgent) break;
      this.#waiting.shift();
      this.#running += 1;
      next.begin();
    }
    if (this.#waiting.length === 0 || this.#running >= atOnce || this.#isLooking) return;
    this.#isLooking = true;
    const pauseMs = isPausing ? this.#pauseUntilMs - nowMs : LOOK_MS;
    void this.#clock.sleep(Math.min(LOOK_MS, pauseMs), NEVER).then(() => {
      this.#isLooking = false;
      this.#look();
    });
  }

  #faded(kind: WorkKind, nowSeconds: number): number {
    const { bytes, atSeconds } = this.#moved.get(kind) ?? { bytes: 0, atSeconds: nowSeconds };
    return bytes * Math.exp(-Math.max(0, nowSeconds - atSeconds) / RATE_SECONDS);
  }
}

function rank({ kind, isUrgent }: Pick<Waiting, "kind" | "isUrgent">): number {
  return isUrgent ? -1 : KINDS.indexOf(kind);
}

/** Nobody waits for the look itself; those in line have signals of their own. */
const NEVER = new AbortController().signal;
