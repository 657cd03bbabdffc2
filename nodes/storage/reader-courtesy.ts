/**
 * Lets reads by a node's readers go before reads for its own sake (verification). Who checks asks before each step. Without
 * readers it goes on at once; with readers about it pauses first, so that it takes a small part of disk and processor, and then
 * waits until nobody reads, or until so many reads have ended that it would otherwise never come to its end.
 */

/** Beside whole reads of 2 MiB all the time, checking gets at least a 64th of what readers get. */
const READS_LET_BY = 8;
/** Of 256 KiB each, steps so far apart are 60 MB/s at most: more than a scrub is allowed, a tenth of what it could take. */
const PAUSE_MS = 4;

interface Waiting {
  reads: number;
  readonly goOn: () => void;
}

/** The pause between two steps. */
export function livePause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

export class ReaderCourtesy {
  readonly #pause: () => Promise<void>;
  #underWay = 0;
  /** A read has begun since the last step. */
  #isBusy = false;
  /** As many as check at once. */
  #waiting: Waiting[] = [];

  constructor(pause: () => Promise<void>) {
    this.#pause = pause;
  }

  begin(): void {
    this.#underWay += 1;
    this.#isBusy = true;
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
    const isBusy = this.#isBusy || this.#underWay > 0;
    this.#isBusy = false;
    if (isBusy) await this.#pause();
    else await new Promise((resolve) => setImmediate(resolve));
    if (this.#underWay === 0) return;
    await new Promise<void>((goOn) => this.#waiting.push({ reads: 0, goOn }));
  }
}
