/**
 * Lets reads by a node's readers go before reads for its own sake (verification). Who checks asks before each step; it goes on
 * when nobody reads, or when so many reads have ended that it would otherwise never come to its end.
 */

/** At 256 KiB a step beside whole reads of 2 MiB, checking gets a 64th of what readers get. */
const READS_LET_BY = 8;

interface Waiting {
  reads: number;
  readonly goOn: () => void;
}

export class ReaderCourtesy {
  #underWay = 0;
  /** As many as check at once. */
  #waiting: Waiting[] = [];

  begin(): void {
    this.#underWay += 1;
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
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#underWay === 0) return;
    await new Promise<void>((goOn) => this.#waiting.push({ reads: 0, goOn }));
  }
}
