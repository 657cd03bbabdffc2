/**
 * How hls.js 1.7 picks a quality (src/controller/abr-controller.ts, read in 1.7.4), with its default settings: which level
 * comes next, and when a segment that loads too slowly is given up for a smaller one. Left out: codecs, errors of levels,
 * and the loading of playlists.
 */
import { BandwidthEstimate } from "./bandwidth-estimate.ts";
import type { VideoModel } from "./video-model.ts";

const STAY_FACTOR = 0.95;
const UP_FACTOR = 0.7;
const MAX_STARVATION_SECONDS = 4;
/** Before anything was measured. */
export const DEFAULT_ESTIMATE_BITS_PER_SECOND = 500_000;
/** Where nobody configured it, the first variant of the playlist says more (level-controller.ts), but no more than this. */
const MAX_START_ESTIMATE_BITS_PER_SECOND = 5_000_000;
/** How often a load under way is looked at. */
export const LOAD_REVIEW_MS = 100;

/** Times as the player was told them. */
export interface LoadTimes {
  readonly startMs: number;
  readonly firstByteMs: number;
  readonly endMs: number;
}

/** What is believed before anything was measured when the playlist begins with the best rendition, as ours do. */
export function startEstimateOf({ renditions }: Pick<VideoModel, "renditions">): number {
  const bestBitsPerSecond = renditions.at(-1)?.peakBitsPerSecond ?? 0;
  return Math.max(DEFAULT_ESTIMATE_BITS_PER_SECOND, Math.min(bestBitsPerSecond, MAX_START_ESTIMATE_BITS_PER_SECOND));
}

/** A load under way. */
export interface LoadProgress {
  readonly level: number;
  readonly nowMs: number;
  readonly startMs: number;
  /** Null before the first byte. */
  readonly firstByteMs: number | null;
  readonly loadedBytes: number;
}

/** Give up at once, or when this time has passed and the load is still not there. */
export interface AbandonPlan {
  readonly level: number;
  readonly afterMs: number;
}

interface Search {
  readonly estimate: number;
  readonly topLevel: number;
  readonly bufferedSeconds: number;
  readonly starvationSeconds: number;
  readonly stayFactor: number;
  readonly upFactor: number;
}

export class HlsAbr {
  readonly #video: VideoModel;
  readonly #estimate: BandwidthEstimate;
  #lastLevel: number | null = null;
  /** Set by a load that was given up; holds until a segment of it was loaded. */
  #forcedLevel: number | null = null;

  constructor(video: VideoModel, startEstimateBitsPerSecond: number) {
    this.#video = video;
    this.#estimate = new BandwidthEstimate(startEstimateBitsPerSecond);
  }

  get estimateBitsPerSecond(): number {
    return this.#estimate.bitsPerSecond;
  }

  /** A header came, which is too small to say more than this. */
  firstByteSeen({ startMs, firstByteMs }: LoadTimes): void {
    this.#estimate.sampleFirstByte(firstByteMs - startMs);
  }

  /** A segment came. */
  loaded(level: number, bytes: number, times: LoadTimes): void {
    const { startMs, firstByteMs, endMs } = times;
    this.firstByteSeen(times);
    if (level === this.#forcedLevel) this.#forcedLevel = null;
    this.#lastLevel = level;
    this.#estimate.sample(endMs - startMs - Math.min(firstByteMs - startMs, this.#estimate.firstByteMs), bytes);
  }

  /** The level of the next segment. */
  nextLevel(bufferedSeconds: number): number {
    if (this.#forcedLevel !== null) return this.#forcedLevel;
    const estimate = this.#estimate.bitsPerSecond;
    const topLevel = this.#video.renditions.length - 1;
    if (this.#lastLevel === null || !this.#estimate.isMeasured) {
      const starvationSeconds = MAX_STARVATION_SECONDS;
      const search = { estimate, topLevel, bufferedSeconds, starvationSeconds, stayFactor: 1, upFactor: 1 };
      return this.#bestLevel(search) ?? 0;
    }
    const [stayFactor, upFactor] = [STAY_FACTOR, UP_FACTOR];
    const calm = { estimate, topLevel, bufferedSeconds, starvationSeconds: 0, stayFactor, upFactor };
    const best = bufferedSeconds > 0 ? this.#bestLevel(calm) : null;
    if (best !== null) return best;
    const starvationSeconds = Math.min(this.#video.segmentSeconds, MAX_STARVATION_SECONDS);
    return this.#bestLevel({ ...calm, starvationSeconds }) ?? 0;
  }

  /** Whether to give a load up for a smaller segment; null to wait on. */
  review(load: LoadProgress, bufferedSeconds: number): AbandonPlan | null {
    const { segmentSeconds, renditions } = this.#video;
    const { level, loadedBytes } = load;
    const loadingMs = load.nowMs - load.startMs;
    const usualFirstByteMs = this.#estimate.firstByteMs;
    if (level <= 0 || loadingMs <= Math.max(usualFirstByteMs, (1000 * segmentSeconds) / 2)) return null;
    const estimate = this.#estimate.bitsPerSecond;
    const firstByteMs = load.firstByteMs === null || loadedBytes === 0 ? null : load.firstByteMs - load.startMs;
    const expectedBytes = Math.max(loadedBytes, ((renditions[level]?.meanBitsPerSecond ?? 0) * segmentSeconds) / 8);
    const streamingMs = Math.max(1, loadingMs - (firstByteMs ?? 0));
    const loadRate = firstByteMs === null ? 0 : (loadedBytes * 1000) / streamingMs;
    const restSeconds =
      loadRate > 0
        ? (expectedBytes - loadedBytes) / loadRate
        : (expectedBytes * 8) / estimate + usualFirstByteMs / 1000;
    if (restSeconds <= bufferedSeconds) return null;
    const smaller = this.#smallerLevel(level, loadRate > 0 ? loadRate * 8 : estimate, bufferedSeconds);
    if (smaller.seconds >= restSeconds || smaller.seconds > segmentSeconds * 10) return null;
    if (firstByteMs === null) this.#estimate.sampleFirstByte(loadingMs);
    else this.#estimate.sample(loadingMs - Math.min(usualFirstByteMs, firstByteMs), loadedBytes);
    const chosen = this.#forceLevel(smaller.level, bufferedSeconds);
    return { level: chosen, afterMs: restSeconds > smaller.seconds * 2 ? 0 : smaller.seconds * 1000 };
  }

  /**
   * The load is being given up for this level, which is not the lowest: after an emergency the lowest that can be loaded
   * in time is taken instead, and what was measured is forgotten.
   */
  abandoned(level: number, bufferedSeconds: number): void {
    const estimate = this.#peak(0);
    const search = { estimate, topLevel: level, bufferedSeconds: 0, starvationSeconds: bufferedSeconds };
    const lowest = this.#bestLevel({ ...search, stayFactor: 1, upFactor: 1 }) ?? 0;
    this.#forcedLevel = lowest;
    this.#estimate.reset(this.#peak(lowest));
  }

  /** The largest lower level whose segment would be there before the buffer is empty, and how long it would take. */
  #smallerLevel(level: number, bitsPerSecond: number, bufferedSeconds: number): { level: number; seconds: number } {
    const { segmentSeconds } = this.#video;
    const firstByteSeconds = this.#estimate.firstByteMs / 1000;
    let seconds = Infinity;
    let smaller = level - 1;
    for (; smaller > 0; smaller -= 1) {
      seconds = firstByteSeconds + (segmentSeconds * this.#peak(smaller)) / bitsPerSecond;
      if (seconds < Math.min(bufferedSeconds, segmentSeconds + firstByteSeconds)) break;
    }
    return { level: smaller, seconds };
  }

  #forceLevel(level: number, bufferedSeconds: number): number {
    const peak = this.#peak(level);
    if (this.#estimate.bitsPerSecond * UP_FACTOR > peak) this.#estimate.reset(peak);
    const search = { estimate: peak, topLevel: level, bufferedSeconds: 0, starvationSeconds: bufferedSeconds };
    const chosen = this.#bestLevel({ ...search, stayFactor: 1, upFactor: 1 }) ?? level;
    this.#forcedLevel = chosen;
    return chosen;
  }

  /** The highest level that the estimate carries and whose segment would be there in time; null when none is. */
  #bestLevel(search: Search): number | null {
    const { segmentSeconds, renditions } = this.#video;
    const { bufferedSeconds, starvationSeconds } = search;
    const isFirst = this.#lastLevel === null;
    const baseLevel = this.#lastLevel ?? 0;
    const estimate = isFirst ? Math.max(search.estimate, this.#peak(0)) : search.estimate;
    const firstByteSeconds = this.#estimate.firstByteMs / 1000;
    for (let level = search.topLevel; level >= 0; level -= 1) {
      const usable = estimate * (level > baseLevel ? search.upFactor : search.stayFactor);
      const isDeep = !isFirst && bufferedSeconds >= segmentSeconds * 2 && starvationSeconds === 0;
      const bits = isDeep ? (renditions[level]?.meanBitsPerSecond ?? 0) : this.#peak(level);
      // Before the first playlist is there, hls.js reckons with segments of a second.
      const seconds = firstByteSeconds + (bits * (isFirst ? 1 : segmentSeconds)) / usable;
      const isInTime = seconds <= firstByteSeconds || seconds < bufferedSeconds + starvationSeconds;
      if (usable >= bits && isInTime) return level;
    }
    return null;
  }

  #peak(level: number): number {
    return this.#video.renditions[level]?.peakBitsPerSecond ?? 0;
  }
}
