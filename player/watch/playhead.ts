/** Where playback stands, read from a video element. */
import type { Playback } from "../state/playback-store.ts";

type Position = Pick<
  Playback,
  "durationSeconds" | "positionSeconds" | "bufferedAheadSeconds" | "buffered" | "isPlaying"
>;

export function readPlayhead(video: HTMLVideoElement): Position {
  const buffered = Array.from(
    { length: video.buffered.length },
    (_, index) => [video.buffered.start(index), video.buffered.end(index)] as const,
  );
  const positionSeconds = video.currentTime;
  // A hole of a frame between two ranges is played over: it does not end what is ahead.
  const here = buffered.find(([start, end]) => start <= positionSeconds + 0.1 && positionSeconds < end);
  return {
    durationSeconds: Number.isFinite(video.duration) ? video.duration : 0,
    positionSeconds,
    bufferedAheadSeconds: here === undefined ? 0 : here[1] - positionSeconds,
    buffered,
    isPlaying: !video.paused && !video.ended,
  };
}
