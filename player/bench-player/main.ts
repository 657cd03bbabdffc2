/** Entry of the benchmark's page: says `window.benchPlayer`, plays once, and tells what was seen. */
import * as v from "valibot";
import { VStackError } from "#wire/contract/errors.ts";
import {
  type BenchAsk,
  BenchAskSchema,
  BenchSegmentsSchema,
  type WatchedPlayback,
} from "#wire/contract/bench-player.ts";
import { workerLink } from "../shell/worker-link.ts";
import { installPageApi } from "../watch/page-api.ts";
import { VideoSurface } from "../watch/video-surface.ts";
import { prepareNative, startNative } from "./native-player.ts";
import { type ElementWatch, type PlayersWords, watchElement } from "./watch-element.ts";

export interface BenchPlayer {
  /** All that comes before the wish to play: the worker takes control, playlists are read. */
  prepare(ask: unknown): Promise<void>;
  /** Plays from the start; resolves when it is over. Once. */
  play(): Promise<WatchedPlayback>;
}

declare global {
  interface Window {
    benchPlayer: BenchPlayer;
  }
}

/** Manifests come from the metadata server on the same machine. */
const PREPARE_MS = 20_000;
/** How often the product's player is asked for what it loaded and whether it gave up. */
const LOOK_EVERY_MS = 100;

type Segments = WatchedPlayback["segments"];

/** Plays, and ends the player when the watch is over. */
type Start = () => Promise<{ readonly watch: ElementWatch; readonly end: () => PlayersWords }>;

let start: Start | undefined;

installPageApi();
window.benchPlayer = {
  async prepare(words) {
    const ask = v.parse(BenchAskSchema, words);
    start = ask.by.player === "ours" ? await prepareOurs(ask, ask.by.strategy) : await prepareOther(ask, ask.by.policy);
  },
  async play() {
    if (start === undefined) throw new VStackError("bad-request", "Cannot play before it is prepared");
    const starting = start();
    start = undefined;
    const { watch, end } = await starting;
    const seen = await watch.over;
    return { ...seen, ...end() };
  },
};

async function prepareOurs(
  { videoId, session, limitMs }: BenchAsk,
  strategy: VideoSurface["strategy"],
): Promise<Start> {
  const status = await workerLink.connect();
  if (status.state !== "ready") throw new VStackError("not-ready", "Cannot measure as no worker serves this page");
  return async () => {
    const wish = { nowMs: performance.now(), wallMs: Date.now() };
    const surface = new VideoSurface();
    Object.assign(surface, { videoId, session, strategy, autoplay: true, fill: true });
    stage().replaceChildren(surface);
    // Lit renders in a microtask, long before anything can be loaded.
    await surface.updateComplete;
    const { video } = surface;
    if (video === null) throw new VStackError("internal", "Cannot watch as the player has no video element");
    const watch = watchElement(video, wish, limitMs);
    let failure: string | null = null;
    const timer = setInterval(() => {
      failure = surface.store?.playback.failure ?? null;
      if (failure !== null) watch.failed();
    }, LOOK_EVERY_MS);
    return {
      watch,
      end: () => {
        clearInterval(timer);
        const { placed = [], estimateBitsPerSecond = null } = surface.store?.playback ?? {};
        const segments = placed.map(({ rendition, seq }) => ({ rendition, seq }));
        surface.remove();
        return { segments: v.parse(BenchSegmentsSchema, segments), failure, estimateBitsPerSecond };
      },
    };
  };
}

async function prepareOther(
  { videoId, session, limitMs }: BenchAsk,
  policy: Extract<BenchAsk["by"], { player: "native" }>["policy"],
): Promise<Start> {
  const playlists = await prepareNative(videoId, session, AbortSignal.timeout(PREPARE_MS));
  return () => {
    const wish = { nowMs: performance.now(), wallMs: Date.now() };
    const video = document.createElement("video");
    video.playsInline = true;
    video.style.cssText = "inline-size: 100%";
    stage().replaceChildren(video);
    const watch = watchElement(video, wish, limitMs);
    const segments: Segments = [];
    let failure: string | null = null;
    const end = startNative(video, playlists, policy, {
      onSegment: (segment) => segments.push(segment),
      onFailed: (detail) => {
        failure = detail;
        watch.failed();
      },
    });
    return Promise.resolve({
      watch,
      end: () => {
        const estimateBitsPerSecond = end();
        video.remove();
        return { segments, failure, estimateBitsPerSecond };
      },
    });
  };
}

function stage(): HTMLElement {
  return document.getElementById("stage") ?? document.body;
}
