/**
 * Lets reads by a node's readers go before reads for its own sake (verification). Who checks asks before each step. When nobody
 * has read for a while it goes on at once; else it pauses first, so that it takes a small part of disk and processor, and then
 * waits until nobody reads, or until so many reads have ended that it would otherwise never come to its end.
 */

/** Beside whole reads of 2 MiB all the time, checking gets at least a 64th of what readers get. */
const READS_LET_BY = 8;
/** Of 256 KiB each, steps so far apart are 60 MB/s at most: more than a scrub is allowed, a tenth of what it could take. */
const PAUSE_MS = 4;
/** After a read: players ask every few seconds, and there is more than one of them. */
const READERS_ABOUT_MS = 2_000;

interface Waiting {
  reads: number;
  readonly goOn: () => void;
}

/** The pause between two steps. */
export function livePause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

export interface CourtesyPorts {
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  readonly pause: () => Promise<void>;
}

export class ReaderCourtesy {
  readonly #ports: CourtesyPorts;
  #underWay = 0;
  #lastReadMs = Number.NEGATIVE_INFINITY;
  /** As many as check at once. */
  #waiting: Waiting[] = [];

  constructor(ports: CourtesyPorts) {
    this.#ports = ports;
  }

  begin(): void {
    this.#underWay += 1;
    this.#lastReadMs = this.#ports.nowMs();
  }

  end(): void {
    this.#underWay -= 1;
    if (this.#waiting.length === 0) return;
    for (const one of this.#waiting) one.reads += 1;
    const ready = this.#waiting.filter(({ reads }) => this.#underWay === 0 || reads >= READS_LET_BY);
    this.#waiting = this.#waiting.filter((one) => !ready.includes(one));
    for (const { goOn } of ready) goOn();
  }

  /** Returns when the next step may begin; never in the same turn of the event loop, so that requests come in between. */
  async giveWay(): Promise<void> {
    const { nowMs, pause } = this.#ports;
    if (nowMs() - this.#lastReadMs < READERS_ABOUT_MS) await pause();
    else await new Promise((resolve) => setImmediate(resolve));
    if (this.#underWay === 0) return;
    await new Promise<void>((goOn) => this.#waiting.push({ reads: 0, goOn }));
  }
}
