/** What a simulated player asks for segments: the engine (engine-source.ts) or plain hls.js (native-source.ts). */
import type { LoadTimes } from "../playback/hls-abr.ts";
import type { SegmentRecord } from "./segment-record.ts";

export interface SegmentWish {
  readonly slot: "init" | "segment";
  /** Of the segment; of a header, that of the segment it is wanted for. */
  readonly seq: number;
  /** Index in the ladder. */
  readonly level: number;
}

/** What the player hears of its wish: progress, then one of the others; nothing after it gave the wish up. */
export interface LoadListener {
  progress(loadedBytes: number): void;
  /** @param times what the player is told of the time that it took */
  loaded(times: LoadTimes): void;
  failed(): void;
}

export interface SegmentSource {
  /**
   * Asks. Reports come later than this call returns, never within it.
   *
   * @returns gives the wish up
   */
  request(wish: SegmentWish, listener: LoadListener): () => void;
  /** Everything that was fetched, in order of its beginning. */
  readonly records: readonly SegmentRecord[];
  /** Ends everything that is under way: the player has what it wants. */
  close(): void;
}

/** What a source may know of its player. */
export interface PlayerView {
  /** Playback time until a segment is missed; null before anything was buffered. */
  slackMs(seq: number): number | null;
  /** It will not switch: somebody chose its quality. */
  readonly isQualityFixed: boolean;
  /** The player's own estimate. */
  estimateBitsPerSecond(): number;
}
