/** Whether the emulation of a path kept time: how late its timers came, and what a standstill swallowed. */
import { MAX_CATCH_UP_MS } from "#core/network/path-pacer.ts";
import type { Pace } from "#wire/contract/byte-log-api.ts";

/** Later than this counts as this. */
const MAX_LATE_MS = 2_000;

export class PaceKeeper {
  /** Timers by whole milliseconds of lateness. */
  readonly #lateCounts = new Array<number>(MAX_LATE_MS + 1).fill(0);
  #timers = 0;
  #passedBytes = 0;
  #missedBytes = 0;

  /** A timer came. @param lateMs after it was due */
  came(lateMs: number): void {
    const bucket = Math.min(MAX_LATE_MS, Math.max(0, Math.floor(lateMs)));
    this.#lateCounts[bucket] = (this.#lateCounts[bucket] ?? 0) + 1;
    this.#timers += 1;
  }

  passed(bytes: number): void {
    this.#passedBytes += bytes;
  }

  /** The path moves on after so long. @param capacityOf what it would have carried from its start for so many ms */
  movedOn(elapsedMs: number, capacityOf: (forMs: number) => number): void {
    if (elapsedMs > MAX_CATCH_UP_MS) this.#missedBytes += capacityOf(elapsedMs - MAX_CATCH_UP_MS);
  }

  pace(): Pace {
    return { lateMsP99: this.#lateMsP99(), passedBytes: this.#passedBytes, missedBytes: this.#missedBytes };
  }

  #lateMsP99(): number | null {
    if (this.#timers === 0) return null;
    let left = this.#timers * 0.01;
    for (let lateMs = MAX_LATE_MS; lateMs > 0; lateMs -= 1) {
      left -= this.#lateCounts[lateMs] ?? 0;
      if (left < 0) return lateMs;
    }
    return 0;
  }
}
