/**
 * What a viewer had to wait for, told from samples of the media element: the same rule for every player. Pure.
 *
 * A stall is a time without progress after the first frame, not paused, not seeking, for want of data. It counts from the
 * last progress to the next. Without data the element says so (`readyState`, or a `waiting` event); a decoder that is late
 * on a busy machine has its data and is no stall. Shorter gaps are between two ticks of the element's clock.
 */

/** `timeupdate` and the element's clock may be a quarter of a second apart on a busy machine. */
const LEAST_STALL_MS = 100;
/** `HAVE_FUTURE_DATA` (HTML Standard): with less the element cannot go on. */
const HAVE_FUTURE_DATA = 3;

/** One look at a media element. */
export interface MediaSample {
  readonly atMs: number;
  readonly currentTime: number;
  readonly bufferedSeconds: number;
  readonly readyState: number;
  /** Playing is not wanted, or over: paused, ended, seeking. */
  readonly isResting: boolean;
}

export interface Wait {
  readonly fromMs: number;
  readonly toMs: number;
}

export class StallWatch {
  readonly stalls: Wait[] = [];
  #startedMs: number | null = null;
  #last: MediaSample | null = null;
  /** Of the last progress. */
  #movedMs = 0;
  #lacksData = false;
  #bufferMsSeconds = 0;
  #watchedMs = 0;

  /** The first frame is on the screen. */
  started(atMs: number): void {
    this.#startedMs ??= atMs;
    this.#movedMs = Math.max(this.#movedMs, atMs);
  }

  /** The element said that it waits for data. */
  waiting(): void {
    if (this.#startedMs !== null && this.#last?.isResting !== true) this.#lacksData = true;
  }

  look(sample: MediaSample): void {
    const last = this.#last;
    this.#last = sample;
    if (this.#startedMs === null) return;
    if (last !== null && sample.atMs > this.#startedMs && !sample.isResting) {
      const forMs = sample.atMs - Math.max(last.atMs, this.#startedMs);
      this.#bufferMsSeconds += forMs * ((sample.bufferedSeconds + last.bufferedSeconds) / 2);
      this.#watchedMs += forMs;
    }
    const moved = last === null || sample.currentTime !== last.currentTime;
    if (moved || sample.isResting) this.#ended(sample.atMs);
    else if (sample.readyState < HAVE_FUTURE_DATA) this.#lacksData = true;
  }

  /** Nothing more comes: a stall that still lasts ends here. */
  close(atMs: number): void {
    if (this.#startedMs !== null) this.#ended(atMs);
  }

  /** Time-weighted over playing and stalling; null before the first frame. */
  get bufferMeanSeconds(): number | null {
    return this.#watchedMs > 0 ? this.#bufferMsSeconds / this.#watchedMs : null;
  }

  #ended(atMs: number): void {
    if (this.#lacksData && atMs - this.#movedMs >= LEAST_STALL_MS)
      this.stalls.push({ fromMs: this.#movedMs, toMs: atMs });
    this.#lacksData = false;
    this.#movedMs = atMs;
  }
}
