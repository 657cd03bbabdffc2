/** Does what a key means (keys.ts decides) to one player. */
import { announce } from "../shell/announce.ts";
import type { KeyAction, PressedKey } from "./keys.ts";
import { nextSpeed } from "./keys.ts";
import { VideoSurface } from "./video-surface.ts";

/** What kind of control a key press goes to. */
export function focusKind(event: KeyboardEvent): PressedKey["focus"] {
  const path = event.composedPath();
  const [target] = path;
  if (!(target instanceof HTMLElement)) return "page";
  // The player's own menus have options that begin with digits: after a choice by mouse the letters go on working.
  if (target instanceof HTMLSelectElement) return path.some((node) => node instanceof VideoSurface) ? "choice" : "text";
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return "text";
  if (target instanceof HTMLInputElement) return target.type === "radio" || target.type === "range" ? "choice" : "text";
  const role = target.getAttribute("role") ?? "";
  if (role === "slider" || role === "separator" || role === "option") return "choice";
  const isControl = target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement;
  return isControl || role === "button" || target.localName === "summary" ? "control" : "page";
}

/** Promises of the browser that may be refused (no gesture, no such feature): refused means nothing happens. */
const quietly = (promise: Promise<unknown> | undefined) => void promise?.catch(() => undefined);

export function actOnKey(action: KeyAction, player: VideoSurface): void {
  const { video } = player;
  if (video === null) return;
  switch (action.do) {
    case "toggle-play":
      if (video.paused) quietly(video.play());
      else video.pause();
      return;
    case "toggle-mute":
      video.muted = !video.muted;
      return;
    case "toggle-fullscreen":
      quietly(document.fullscreenElement === null ? player.frame?.requestFullscreen() : document.exitFullscreen());
      return;
    case "toggle-pip":
      if (!document.pictureInPictureEnabled) return;
      quietly(
        document.pictureInPictureElement === null ? video.requestPictureInPicture() : document.exitPictureInPicture(),
      );
      return;
    case "toggle-captions":
      toggleCaptions(video, player);
      return;
    case "seek-by":
      seekTo(video, video.currentTime + action.seconds);
      return;
    case "seek-to-tenth":
      seekTo(video, (video.duration * action.tenth) / 10);
      return;
    case "volume-by":
      video.volume = Math.min(1, Math.max(0, video.volume + action.amount));
      return;
    case "speed-step":
      video.playbackRate = nextSpeed(video.playbackRate, action.step);
      announce(player, `Speed ${video.playbackRate}`);
      return;
    case "toggle-stats":
    case "toggle-devtools":
      // The page's own.
      return;
  }
}

function seekTo(video: HTMLVideoElement, seconds: number): void {
  if (!Number.isFinite(video.duration)) return;
  video.currentTime = Math.min(Math.max(0, seconds), Math.max(0, video.duration - 0.1));
}

function toggleCaptions(video: HTMLVideoElement, player: VideoSurface): void {
  const [track] = [...video.textTracks].filter((candidate) => candidate.kind !== "metadata");
  if (track === undefined) {
    announce(player, "This video has no captions");
    return;
  }
  track.mode = track.mode === "showing" ? "hidden" : "showing";
  announce(player, track.mode === "showing" ? "Captions on" : "Captions off");
}
