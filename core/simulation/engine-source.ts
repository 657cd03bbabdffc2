/**
 * The engine behind a simulated player: what the worker does around the fetch plans (sw/deliver.ts). One plan for each
 * segment, some of them begun before the player asks, as the strategy says; those of a rendition that the player left are
 * stopped.
 */
import type { Span } from "../estimate/busy-rate.ts";
import { busyRate } from "../estimate/busy-rate.ts";
import { linkRate, sharesBottleneck } from "../estimate/link-estimate.ts";
import { shardCount } from "../erasure/geometry.ts";
import type { ErasureCode } from "../erasure/reed-solomon.ts";
import type { NodeId } from "../ids.ts";
import { blockSizeFor, chunkBlocks } from "../placement/blocks.ts";
import type { LoadTimes } from "../playback/hls-abr.ts";
import type { VideoModel } from "../playback/video-model.ts";
import { codedBlocks, shardSpan } from "../schedule/coded-blocks.ts";
import type { Asked, Foresight } from "../schedule/look-ahead.ts";
import { foresee, MAX_ASKED } from "../schedule/look-ahead.ts";
import type { FetchInput } from "../schedule/plan-state.ts";
import { segmentsAhead } from "../schedule/segments-ahead.ts";
import type { Strategy } from "../schedule/strategy.ts";
import type { DriverPorts } from "./plan-driver.ts";
import { PlanDriver } from "./plan-driver.ts";
import type { SegmentRecord } from "./segment-record.ts";
import { startedSegment } from "./segment-record.ts";
import type { LoadListener, PlayerView, SegmentSource, SegmentWish } from "./segment-source.ts";

export interface EngineSourceOptions {
  readonly strategy: Strategy;
  readonly video: VideoModel;
  /** Holders of every chunk, in the record's order. */
  readonly nodeIds: readonly NodeId[];
  /** Segments are kept as shards, one on each node in order; left out: whole on all. */
  readonly code?: ErasureCode;
  readonly ports: DriverPorts;
  readonly player: PlayerView;
}

/** Verified segments that wait for the player, and fetches under way: as the worker's cache, bounded. */
const MAX_FETCHES = 8;

/** Fetches that may have overlapped the newest one. */
const RECENT_RECORDS = 8;

/** More than a day of video. */
const MAX_SEGMENTS = 2 ** 20;

interface Fetch {
  readonly wish: SegmentWish;
  readonly driver: PlanDriver;
  listener: LoadListener | null;
  requestedMs: number;
  hasEnded: boolean;
}

export class EngineSource implements SegmentSource {
  readonly records: SegmentRecord[] = [];
  readonly #options: EngineSourceOptions;
  readonly #fetches = new Map<number, Fetch>();
  readonly #layoutOf = new Map<string, Layout>();
  /** What the player asked for last, and the fetch that was or is under way for it. */
  #newest: Fetch | null = null;
  #asked: readonly Asked[] = [];
  #foresight: Foresight = foresee([]);
  #isLookingAhead = false;

  constructor(options: EngineSourceOptions) {
    this.#options = options;
  }

  request(wish: SegmentWish, listener: LoadListener): () => void {
    const { clock } = this.#options.ports;
    if (this.#newest?.wish.level !== wish.level) this.#stopAhead(wish.level);
    this.#asked = [...this.#asked, askedFor(wish)].slice(-MAX_ASKED);
    this.#foresight = foresee(this.#asked);
    const known = this.#fetches.get(keyOf(wish));
    const fetch = known ?? this.#begin(wish, false);
    this.#newest = fetch;
    fetch.listener = listener;
    fetch.requestedMs = clock.nowMs;
    const slackMs = this.#slackMs(wish);
    // The call must return before anything is told; the player's clock does not move in between.
    clock.at(clock.nowMs, () => {
      if (fetch.listener !== listener) return;
      if (fetch.hasEnded) this.#settle(fetch);
      else if (known === undefined) fetch.driver.begin();
      else fetch.driver.want(slackMs);
      this.#lookAhead();
    });
    return () => this.#giveUp(fetch, listener);
  }

  close(): void {
    for (const fetch of this.#fetches.values()) {
      fetch.listener = null;
      fetch.driver.abort("over");
    }
    this.#fetches.clear();
  }

  #giveUp(fetch: Fetch, listener: LoadListener): void {
    if (fetch.listener !== listener) return;
    fetch.listener = null;
    this.#fetches.delete(keyOf(fetch.wish));
    fetch.driver.abort("reader-cancelled");
  }

  #begin(wish: SegmentWish, isAhead: boolean): Fetch {
    const { strategy, video, ports } = this.#options;
    const sizeBytes = sizeOf(video, wish);
    const { nowMs: startedMs } = ports.clock;
    const { slot, seq, level } = wish;
    const record = startedSegment({ slot, seq, level, sizeBytes, startedMs, wasAhead: isAhead });
    this.records.push(record);
    const { blocks, coded, sources } = this.#layout(wish, sizeBytes);
    const slackMs = this.#slackMs(wish);
    const input = { blocks, coded, sources, strategy, slackMs, isAhead, turn: seq, givesUpWhenAllUnreachable: false };
    const driver = new PlanDriver(input, record, ports, {
      released: () => fetch.listener?.progress(record.deliveredBytes),
      changed: () => this.#lookAhead(),
      caught: (nodeId) => this.#dropLiar(nodeId, fetch),
      ended: () => this.#onEnded(fetch),
    });
    const fetch: Fetch = { wish, driver, listener: null, requestedMs: startedMs, hasEnded: false };
    this.#fetches.set(keyOf(wish), fetch);
    return fetch;
  }

  #dropLiar(nodeId: NodeId, finder: Fetch): void {
    for (const fetch of [...this.#fetches.values()]) if (fetch !== finder) fetch.driver.dropLiar(nodeId);
  }

  #onEnded(fetch: Fetch): void {
    fetch.hasEnded = true;
    if (fetch.listener !== null) this.#settle(fetch);
    // Nobody waits for it: the player will ask anew, perhaps for another rendition.
    else if (fetch.driver.record.outcome === "failed") this.#fetches.delete(keyOf(fetch.wish));
  }

  #settle(fetch: Fetch): void {
    const { listener } = fetch;
    fetch.listener = null;
    this.#fetches.delete(keyOf(fetch.wish));
    if (fetch.driver.record.outcome === "delivered") listener?.loaded(this.#timesOf(fetch));
    else listener?.failed();
  }

  /** The times that the network needed, not those of the hand-over: as the watch page does it (honest-timing.ts). */
  #timesOf({ driver }: Fetch): LoadTimes {
    const { clock, book } = this.#options.ports;
    const endMs = clock.nowMs;
    const { sizeBytes, attempts } = driver.record;
    let [firstByteMs, firstStartedMs] = [Infinity, Infinity];
    for (const attempt of attempts) {
      firstByteMs = Math.min(firstByteMs, attempt.firstByteMs ?? Infinity);
      firstStartedMs = Math.min(firstStartedMs, attempt.startedMs);
    }
    const rate =
      busyRate(this.#spansSince(firstByteMs)) ??
      linkRate(book.link) ??
      this.#options.player.estimateBitsPerSecond() / 8;
    const bodyMs = (1000 * sizeBytes) / rate;
    const waitMs = firstByteMs === Infinity ? 0 : firstByteMs - firstStartedMs;
    return { startMs: endMs - bodyMs - waitMs, firstByteMs: endMs - bodyMs, endMs };
  }

  /** What was useful of the transfers that reached into this time or began in it. */
  #spansSince(fromMs: number): Span[] {
    const { nowMs } = this.#options.ports.clock;
    const spans: Span[] = [];
    for (const { attempts, endedMs: recordEndedMs } of this.records.slice(-RECENT_RECORDS)) {
      if ((recordEndedMs ?? Infinity) < fromMs) continue;
      for (const { firstByteMs, endedMs, acceptedBytes } of attempts) {
        if (firstByteMs === null || (endedMs ?? Infinity) < fromMs || acceptedBytes === 0) continue;
        spans.push({ startMs: firstByteMs, endMs: endedMs ?? nowMs, bytes: acceptedBytes });
      }
    }
    return spans;
  }

  /** THE place where segments are begun before the player asks. Called at every change but an answer or a read. */
  #lookAhead(): void {
    const newest = this.#newest;
    if (newest === null || this.#isLookingAhead) return;
    this.#isLookingAhead = true;
    const { strategy, ports, video } = this.#options;
    const { slot, level } = newest.wish;
    const ahead = segmentsAhead({
      foresight: this.#foresight,
      strategy,
      segmentCount: video.segmentCount,
      outlook: {
        waitsFor: newest.listener === null ? "nothing" : slot,
        hasMissingBlocks: newest.driver.hasMissingBlocks,
        slackMs: this.#slackMs(newest.wish),
        sharesBottleneck: sharesBottleneck(ports.book.link, ports.clock.nowMs),
        isQualityFixed: this.#options.player.isQualityFixed,
      },
    });
    for (const { seq } of ahead) {
      if (this.#fetches.size >= MAX_FETCHES) break;
      if (this.#fetches.has(segmentKey(seq, level))) continue;
      this.#begin({ slot: "segment", seq, level }, true).driver.begin();
    }
    this.#isLookingAhead = false;
  }

  #stopAhead(level: number): void {
    for (const [key, fetch] of this.#fetches) {
      if (fetch.wish.level === level || fetch.listener !== null) continue;
      this.#fetches.delete(key);
      fetch.driver.abort("another-rendition");
    }
  }

  #slackMs({ seq }: SegmentWish): number | null {
    return this.#options.player.slackMs(seq);
  }

  /** Headers are small: they are kept whole. */
  #layout({ slot }: SegmentWish, sizeBytes: number): Layout {
    const { nodeIds, code } = this.#options;
    const key = `${slot} ${sizeBytes}`;
    const layout =
      this.#layoutOf.get(key) ??
      (code === undefined || slot === "init" ? wholeLayout(nodeIds, sizeBytes) : shardLayout(nodeIds, code, sizeBytes));
    this.#layoutOf.set(key, layout);
    return layout;
  }
}

/** What a plan is told of where a chunk lies. */
type Layout = Pick<FetchInput, "blocks" | "coded" | "sources">;

function wholeLayout(nodeIds: readonly NodeId[], sizeBytes: number): Layout {
  const sources = nodeIds.map((nodeId) => ({ nodeId, start: 0, end: sizeBytes }));
  return { blocks: chunkBlocks(sizeBytes, blockSizeFor(sizeBytes)), sources };
}

function shardLayout(nodeIds: readonly NodeId[], code: ErasureCode, sizeBytes: number): Layout {
  const coded = codedBlocks(code, sizeBytes, blockSizeFor(sizeBytes));
  const sources = nodeIds
    .slice(0, shardCount(code))
    .map((nodeId, shard) => ({ nodeId, ...shardSpan(coded.geometry, shard), shard }));
  return { blocks: coded.blocks, coded, sources };
}

export function sizeOf(video: VideoModel, { slot, seq, level }: SegmentWish): number {
  return slot === "init" ? video.initBytes : (video.renditions[level]?.segmentBytes[seq] ?? 0);
}

function askedFor({ slot, seq, level }: SegmentWish): Asked {
  return { rendition: `${level}`, slot, seq: slot === "init" ? 0 : seq };
}

/** Headers below zero, segments from it on. */
function keyOf({ slot, seq, level }: SegmentWish): number {
  return slot === "init" ? -1 - level : segmentKey(seq, level);
}

function segmentKey(seq: number, level: number): number {
  return level * MAX_SEGMENTS + seq;
}
