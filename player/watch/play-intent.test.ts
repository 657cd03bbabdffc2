import { describe, expect, it } from "vitest";
import { keepPlayIntent } from "./play-intent.ts";

class Video extends EventTarget {
  paused = true;
  plays = 0;
  play(): Promise<void> {
    this.plays += 1;
    this.paused = false;
    this.dispatchEvent(new Event("play"));
    return Promise.resolve();
  }
  pause(): void {
    this.paused = true;
    this.dispatchEvent(new Event("pause"));
  }
  /** A new source pauses without saying so. */
  attach(): void {
    this.paused = true;
    this.dispatchEvent(new Event("emptied"));
    this.dispatchEvent(new Event("loadedmetadata"));
  }
}

describe("keepPlayIntent()", () => {
  it("plays when Play was pressed before the source came", () => {
    const video = new Video();
    keepPlayIntent(video, new AbortController().signal);
    void video.play();
    video.attach();
    expect(video.paused).toBe(false);
    expect(video.plays).toBe(2);
  });

  it("leaves a video alone that nobody started, or that was paused again", () => {
    const video = new Video();
    keepPlayIntent(video, new AbortController().signal);
    video.attach();
    expect(video.plays).toBe(0);
    void video.play();
    video.pause();
    video.attach();
    expect(video.paused).toBe(true);
  });

  it("ends with its signal", () => {
    const video = new Video();
    const run = new AbortController();
    keepPlayIntent(video, run.signal);
    void video.play();
    run.abort();
    video.attach();
    expect(video.paused).toBe(true);
  });
});
