/** Watches one media element from the wish to play until it is over: first frame, stalls, buffer, dropped frames. */
import type { WatchedPlayback } from "#wire/contract/bench-player.ts";
import { readPlayhead } from "../watch/playhead.ts";
import { StallWatch } from "./stall-watch.ts";

const LOOK_EVERY_MS = 50;
/** Corners of the buffer's line that are kept: one of ten looks. */
const LOOKS_PER_CORNER = 10;
/** The end of playback and of the video's own length differ by less than a frame or two. */
const END_SECONDS = 0.1;

/** What the element does not know. */
export type PlayersWords = Pick<WatchedPlayback, "segments" | "failure" | "estimateBitsPerSecond">;

export interface ElementWatch {
  /** When it is over: what was seen. The rest is the player's to tell. */
  readonly over: Promise<Omit<WatchedPlayback, keyof PlayersWords>>;
  /** The player gave up. */
  failed(): void;
}

/** @param wish when playing was wished for: monotonic and Unix milliseconds */
export function watchElement(
  video: HTMLVideoElement,
  wish: { readonly nowMs: number; readonly wallMs: number },
  limitMs: number,
): ElementWatch {
  const watch = new StallWatch();
  const sinceWish = () => performance.now() - wish.nowMs;
  const buffer: { atMs: number; bufferedSeconds: number }[] = [];
  const lateMs: number[] = [];
  let startupMs: number | null = null;
  let outcome: WatchedPlayback["outcome"] | undefined;
  video.requestVideoFrameCallback((nowMs) => {
    startupMs = Math.max(0, nowMs - wish.nowMs);
    watch.started(startupMs);
  });
  video.addEventListener("waiting", () => watch.waiting());
  video.addEventListener("ended", () => (outcome ??= "ended"));
  const over = new Promise<Awaited<ElementWatch["over"]>>((resolve) => {
    let looks = 0;
    let lastMs = sinceWish();
    const timer = setInterval(() => {
      const atMs = sinceWish();
      lateMs.push(Math.max(0, atMs - lastMs - LOOK_EVERY_MS));
      lastMs = atMs;
      const { bufferedAheadSeconds: bufferedSeconds } = readPlayhead(video);
      const isResting = video.paused || video.ended || video.seeking;
      const { currentTime, readyState } = video;
      watch.look({ atMs, currentTime, bufferedSeconds, readyState, isResting });
      if (looks % LOOKS_PER_CORNER === 0) buffer.push({ atMs, bufferedSeconds });
      looks += 1;
      if (currentTime > 0 && currentTime >= video.duration - END_SECONDS) outcome ??= "ended";
      if (atMs >= limitMs) outcome ??= "left";
      if (outcome === undefined) return;
      clearInterval(timer);
      watch.close(atMs);
      resolve({
        ...{ outcome, startedAtMs: wish.wallMs, endMs: atMs, startupMs, stalls: watch.stalls },
        ...{ playedSeconds: currentTime, bufferMeanSeconds: watch.bufferMeanSeconds, buffer },
        droppedFrames: video.getVideoPlaybackQuality().droppedVideoFrames,
        pageLateMsP99: percentile99(lateMs),
      });
    }, LOOK_EVERY_MS);
  });
  return { over, failed: () => (outcome ??= "failed") };
}

function percentile99(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? null;
}
