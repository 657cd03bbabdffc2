/**
 * The buffer of a player: media goes in by whole segments and out by time. Exact between two events, without ticks. Stalls
 * begin when the last buffered moment is shown and end with the next segment.
 */

export type PlaybackState = "starting" | "playing" | "stalled" | "ended";

export class BufferModel {
  readonly #mediaSeconds: number;
  #state: PlaybackState = "starting";
  #playheadSeconds = 0;
  #bufferedEndSeconds = 0;
  #atMs: number;
  #startedMs: number | null = null;
  #endedMs: number | null = null;
  #stallBeganMs = 0;
  #stallMs = 0;
  #stallCount = 0;
  /** Integral of the buffer since playback began. */
  #bufferMsSeconds = 0;

  constructor(mediaSeconds: number, nowMs: number) {
    this.#mediaSeconds = mediaSeconds;
    this.#atMs = nowMs;
  }

  /** A segment of so many seconds was appended: playback begins or goes on. */
  append(seconds: number, nowMs: number): void {
    this.advance(nowMs);
    this.#bufferedEndSeconds += seconds;
    if (this.#state === "starting") this.#startedMs = nowMs;
    if (this.#state === "stalled") this.#stallMs += nowMs - this.#stallBeganMs;
    this.#state = "playing";
  }

  /** Brings playback up to a time. */
  advance(nowMs: number): void {
    const passedSeconds = (nowMs - this.#atMs) / 1000;
    const fromMs = this.#atMs;
    this.#atMs = nowMs;
    if (this.#state !== "playing" || passedSeconds <= 0) return;
    const before = this.bufferedSeconds;
    const played = Math.min(passedSeconds, before);
    this.#playheadSeconds += played;
    this.#bufferMsSeconds += played * 1000 * (before - played / 2);
    if (passedSeconds < before) return;
    const ranOutMs = fromMs + before * 1000;
    this.#playheadSeconds = this.#bufferedEndSeconds;
    if (this.#bufferedEndSeconds >= this.#mediaSeconds - 1e-9) {
      this.#state = "ended";
      this.#endedMs = ranOutMs;
    } else {
      this.#state = "stalled";
      this.#stallBeganMs = ranOutMs;
      this.#stallCount += 1;
    }
  }

  get state(): PlaybackState {
    return this.#state;
  }

  /** As of the last event. */
  get bufferedSeconds(): number {
    return this.#bufferedEndSeconds - this.#playheadSeconds;
  }

  get hasEverything(): boolean {
    return this.#bufferedEndSeconds >= this.#mediaSeconds - 1e-9;
  }

  /** When no more than `seconds` are left; now when that is so. */
  fallsToMs(seconds: number): number {
    return this.#atMs + Math.max(0, this.bufferedSeconds - seconds) * 1000;
  }

  /** How it went until a time; a stall that goes on counts until then. */
  summary(nowMs: number): BufferSummary {
    this.advance(nowMs);
    const openStallMs = this.#state === "stalled" ? nowMs - this.#stallBeganMs : 0;
    const startedMs = this.#startedMs;
    const watchedMs = startedMs === null ? 0 : (this.#endedMs ?? nowMs) - startedMs;
    return {
      startupMs: startedMs,
      stallMs: this.#stallMs + openStallMs,
      stallCount: this.#stallCount,
      playedSeconds: this.#playheadSeconds,
      bufferMeanSeconds: watchedMs > 0 ? this.#bufferMsSeconds / watchedMs : 0,
    };
  }
}

export interface BufferSummary {
  /** From the start to the first frame; null when nothing was ever shown. */
  readonly startupMs: number | null;
  /** Without startup. */
  readonly stallMs: number;
  readonly stallCount: number;
  readonly playedSeconds: number;
  /** Time-weighted over playing and stalling. */
  readonly bufferMeanSeconds: number;
}
