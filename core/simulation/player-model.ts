/**
 * A simulated player, as hls.js plays: the header of a rendition, then one segment after the other while less than the
 * buffer goal is buffered; ABR and giving up slow loads as in core/playback/hls-abr.ts, or one fixed rendition; timeouts
 * and retries by its load policy. Appending and decoding take no time.
 */
import { BufferModel } from "../playback/buffer-model.ts";
import { HlsAbr, LOAD_REVIEW_MS, startEstimateOf } from "../playback/hls-abr.ts";
import type { VideoModel } from "../playback/video-model.ts";
import type { PlayerView, SegmentSource, SegmentWish } from "./segment-source.ts";
import type { Alarm, VirtualClock } from "./virtual-clock.ts";

export interface PlayerSettings {
  /** No further segment is asked for while as much is buffered. */
  readonly bufferGoalSeconds: number;
  /** `abr`: hls.js chooses, and begins as it does in the page. `fixed`: always this level of the ladder. */
  readonly quality: { readonly is: "abr" } | { readonly is: "fixed"; readonly level: number };
  /** Null: the source has its own. */
  readonly loadPolicy: LoadPolicy | null;
}

/** As hls.js names it: fragLoadPolicy. */
export interface LoadPolicy {
  readonly maxFirstByteMs: number;
  readonly maxLoadMs: number;
}

/** Of the watch page (player/watch/hls-engine.ts). */
export const PAGE_LOAD_POLICY: LoadPolicy = { maxFirstByteMs: 30_000, maxLoadMs: 60_000 };
/** After a load that failed: a first retry soon, then ever later, without end, as the page's recovery does. */
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 4_000;

/** A segment that was appended. */
export interface PlayedSegment {
  readonly level: number;
  readonly bytes: number;
  readonly appendedMs: number;
}

interface Load {
  readonly wish: SegmentWish;
  readonly startMs: number;
  readonly abort: () => void;
  readonly alarms: Alarm[];
  firstByteMs: number | null;
  loadedBytes: number;
}

export interface PlayerOptions {
  readonly clock: VirtualClock;
  readonly video: VideoModel;
  readonly settings: PlayerSettings;
  readonly makeSource: (player: PlayerView) => SegmentSource;
  /** Everything was played. */
  readonly onOver: () => void;
}

export class PlayerModel implements PlayerView {
  readonly buffer: BufferModel;
  readonly played: PlayedSegment[] = [];
  readonly source: SegmentSource;
  readonly #options: PlayerOptions;
  readonly #abr: HlsAbr | null;
  readonly #headers = new Set<number>();
  #load: Load | null = null;
  #failures = 0;
  #idle: Alarm | null = null;

  constructor(options: PlayerOptions) {
    const { video, settings, clock } = options;
    const { quality } = settings;
    this.#options = options;
    this.buffer = new BufferModel(video.segmentCount * video.segmentSeconds, clock.nowMs);
    this.#abr = quality.is === "abr" ? new HlsAbr(video, startEstimateOf(video)) : null;
    this.source = options.makeSource(this);
  }

  start(): void {
    this.#next();
  }

  slackMs(seq: number): number | null {
    if (this.buffer.state === "starting") return null;
    this.buffer.advance(this.#options.clock.nowMs);
    const between = Math.max(0, seq - this.played.length) * this.#options.video.segmentSeconds;
    return (this.buffer.bufferedSeconds + between) * 1000;
  }

  get isQualityFixed(): boolean {
    return this.#abr === null;
  }

  estimateBitsPerSecond(): number {
    return this.#abr?.estimateBitsPerSecond ?? 0;
  }

  /** Asks for what comes next, or waits until there is room for it. */
  #next(): void {
    const { clock, video, settings } = this.#options;
    const seq = this.played.length;
    if (this.#load !== null || seq >= video.segmentCount) return;
    this.buffer.advance(clock.nowMs);
    if (this.buffer.bufferedSeconds >= settings.bufferGoalSeconds) {
      this.#wait(this.buffer.fallsToMs(settings.bufferGoalSeconds) + 1e-3);
      return;
    }
    const { quality } = settings;
    const level = quality.is === "fixed" ? quality.level : (this.#abr?.nextLevel(this.buffer.bufferedSeconds) ?? 0);
    this.#ask({ slot: this.#headers.has(level) ? "segment" : "init", seq, level });
  }

  #wait(untilMs: number): void {
    this.#idle?.cancel();
    this.#idle = this.#options.clock.at(untilMs, () => this.#next());
  }

  #ask(wish: SegmentWish): void {
    const { clock, settings } = this.#options;
    const startMs = clock.nowMs;
    const abort = this.source.request(wish, {
      progress: (loadedBytes) => {
        load.firstByteMs ??= clock.nowMs;
        load.loadedBytes = loadedBytes;
      },
      loaded: (times) => {
        this.#endLoad();
        this.#failures = 0;
        if (wish.slot === "init") {
          this.#headers.add(wish.level);
          this.#abr?.firstByteSeen(times);
          this.#ask({ ...wish, slot: "segment" });
        } else {
          const bytes = this.#options.video.renditions[wish.level]?.segmentBytes[wish.seq] ?? 0;
          this.#abr?.loaded(wish.level, bytes, times);
          this.#append({ level: wish.level, bytes, appendedMs: clock.nowMs });
        }
      },
      failed: () => this.#onFailed(),
    });
    const load: Load = { wish, startMs, abort, alarms: [], firstByteMs: null, loadedBytes: 0 };
    this.#load = load;
    const { loadPolicy } = settings;
    if (loadPolicy !== null) {
      const tooSilent = () => (load.firstByteMs === null ? this.#timeOut() : undefined);
      load.alarms.push(clock.at(startMs + loadPolicy.maxFirstByteMs, tooSilent));
      load.alarms.push(clock.at(startMs + loadPolicy.maxLoadMs, () => this.#timeOut()));
    }
    if (wish.slot === "segment" && this.#abr !== null) {
      this.#reviewAt(load, startMs + (this.#options.video.segmentSeconds * 1000) / 2 + LOAD_REVIEW_MS);
    }
  }

  #append(segment: PlayedSegment): void {
    const { clock, video, onOver } = this.#options;
    this.played.push(segment);
    this.buffer.append(video.segmentSeconds, clock.nowMs);
    if (this.buffer.hasEverything) clock.at(this.buffer.fallsToMs(0) + 1e-3, onOver);
    else this.#next();
  }

  #endLoad(): void {
    for (const alarm of this.#load?.alarms ?? []) alarm.cancel();
    this.#load = null;
  }

  #timeOut(): void {
    this.#load?.abort();
    this.#onFailed();
  }

  #onFailed(): void {
    this.#endLoad();
    const pauseMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#wait(this.#options.clock.nowMs + pauseMs);
  }

  #reviewAt(load: Load, atMs: number): void {
    load.alarms.push(this.#options.clock.at(atMs, () => this.#review(load)));
  }

  #review(load: Load): void {
    const { clock } = this.#options;
    const { nowMs } = clock;
    const { level } = load.wish;
    if (this.buffer.state === "starting") {
      this.#reviewAt(load, nowMs + LOAD_REVIEW_MS);
      return;
    }
    this.buffer.advance(nowMs);
    const progress = { ...load, level, nowMs };
    const plan = this.#abr?.review(progress, this.buffer.bufferedSeconds) ?? null;
    if (plan === null) this.#reviewAt(load, nowMs + LOAD_REVIEW_MS);
    // hls.js 1.7.4 lets a load run on when only the lowest level would do.
    else if (plan.level > 0) load.alarms.push(clock.at(nowMs + plan.afterMs, () => this.#abandon(load, plan.level)));
  }

  #abandon(load: Load, level: number): void {
    if (this.#load !== load) return;
    load.abort();
    this.#endLoad();
    this.buffer.advance(this.#options.clock.nowMs);
    this.#abr?.abandoned(level, this.buffer.bufferedSeconds);
    this.#next();
  }
}
