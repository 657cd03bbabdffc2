/**
 * Keeps what the person asked for: whoever presses Play before the playback library has attached its source has asked for
 * it. Giving a media element a new source pauses it without a `pause` event (HTML Standard, media element load algorithm,
 * step 6), and the click would be lost.
 */

/** What the rule needs of a video element. */
export interface Playable extends EventTarget {
  readonly paused: boolean;
  play(): Promise<void>;
}

/** Plays again after a source was attached, when the person wanted it to play and has not paused it since. */
export function keepPlayIntent(video: Playable, signal: AbortSignal): void {
  let isWanted = !video.paused;
  video.addEventListener("play", () => (isWanted = true), { signal });
  video.addEventListener("pause", () => (isWanted = false), { signal });
  video.addEventListener(
    "loadedmetadata",
    () => {
      // Refused when the browser wants a gesture for it: then Play is there to be pressed.
      if (isWanted && video.paused) video.play().catch(() => undefined);
    },
    { signal },
  );
}
