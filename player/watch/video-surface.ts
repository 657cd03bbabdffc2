/**
 * `<vstack-player video-id session strategy>`: picture, controls and node band of one player. Several may stand on one
 * page: each has its own session, by which the worker keeps strategy, playhead and traces apart.
 *
 * `fill` takes the whole frame, for an embedded player. Events: `vstack-viewed` once two seconds were watched.
 */
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import { parseVideoId } from "#core/ids.ts";
import type { Video } from "#wire/contract/catalog-api.ts";
import { PATHS, QUERY } from "#wire/contract/paths.ts";
import type { StrategyName } from "#wire/contract/segment-trace.ts";
import { placeholderOf } from "../library/placeholder.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { randomName } from "../shell/random-name.ts";
import { workerLink } from "../shell/worker-link.ts";
import { pageTraces } from "../state/page-traces.ts";
import type { Playback } from "../state/playback-store.ts";
import { isQualityFixed, listPlayer, PlaybackStore } from "../state/playback-store.ts";
import { storedEstimate, storeEstimate } from "./bandwidth-memory.ts";
import { DeliveredMail } from "./delivered-mail.ts";
import type { PlaybackEngine } from "./hls-engine.ts";
import { canUseEngine, startEngine } from "./hls-engine.ts";
import "./media-controls.ts";
import "./node-band.ts";
import { keepPlayIntent } from "./play-intent.ts";
import { renderCaptions, renderQuality, renderSound, renderSpeed } from "./player-menus.ts";
import { readPlayhead } from "./playhead.ts";
import { surfaceStyles } from "./surface-styles.ts";
import { NEW_VIEWING, viewingCounts, watchedTo } from "./viewing.ts";

/** The worker's deadlines follow from the playhead; four times a second is as exact as a segment needs. */
const PLAYHEAD_EVERY_MS = 250;
/** Keeps the worker alive while a video plays and notices within this time that it was restarted. */
const HELLO_EVERY_MS = 5000;

export class VideoSurface extends LitElement {
  static override properties = {
    videoId: { attribute: "video-id" },
    session: { reflect: true },
    strategy: { reflect: true },
    label: {},
    autoplay: { type: Boolean },
    fill: { type: Boolean, reflect: true },
    facts: { attribute: false },
  };
  static override styles = [elementStyles, surfaceStyles];

  declare videoId: string;
  declare session: string;
  declare strategy: StrategyName;
  /** The video's title, for screen readers. */
  declare label: string;
  /** Starts by itself where the browser allows it. */
  declare autoplay: boolean;
  /** Takes the whole frame, without the band below. */
  declare fill: boolean;
  /** What is known of the video, for its picture before the start; it plays without. */
  declare facts: Video | undefined;

  #store: PlaybackStore | undefined;
  #engine: PlaybackEngine | undefined;
  #run = new AbortController();
  #viewing = NEW_VIEWING;

  constructor() {
    super();
    this.videoId = "";
    this.session = randomName();
    this.strategy = "smart";
    this.label = "Video";
    this.autoplay = false;
    this.fill = false;
  }

  /** What this player is doing; another store after each change of video or session. */
  get store(): PlaybackStore | undefined {
    return this.#store;
  }

  get video(): HTMLVideoElement | null {
    return this.renderRoot.querySelector("video");
  }

  /** What goes fullscreen: picture and controls. */
  get frame(): HTMLElement | null {
    return this.renderRoot.querySelector("media-controller");
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#end();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) void this.#begin();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("videoId") || changed.has("session")) void this.#begin();
    if (changed.has("strategy")) this.#store?.change({ strategy: this.strategy });
  }

  async #begin(): Promise<void> {
    this.#end();
    const run = new AbortController();
    this.#run = run;
    const videoId = parseVideoId(this.videoId);
    const video = this.video;
    if (videoId === undefined || video === null) return;
    const store = new PlaybackStore(this.session, this.strategy);
    this.#store = store;
    this.#viewing = NEW_VIEWING;
    listPlayer(store, run.signal);
    run.signal.addEventListener(
      "abort",
      store.listen(() => this.requestUpdate()),
    );
    run.signal.addEventListener(
      "abort",
      pageTraces.listen(() => this.requestUpdate()),
    );
    this.#watch(video, store, run.signal);
    this.requestUpdate();
    // The first segments should already go through the worker; where it cannot be had, the gateway answers.
    await workerLink.connect();
    if (run.signal.aborted) return;
    if (canUseEngine()) this.#engine = this.#startEngine(store, video, run.signal);
    else video.src = `${PATHS.masterPlaylist(videoId)}?${QUERY.session}=${store.playback.session}`;
  }

  #startEngine(store: PlaybackStore, video: HTMLVideoElement, signal: AbortSignal): PlaybackEngine | undefined {
    const videoId = parseVideoId(this.videoId);
    if (videoId === undefined) return undefined;
    const { session } = store.playback;
    const mail = new DeliveredMail(session);
    workerLink.onMessage((message) => mail.take(message), signal);
    return startEngine({
      ...{ videoId, video, session },
      startEstimateBitsPerSecond: storedEstimate(),
      strategy: () => this.strategy,
      noteOf: (request) => mail.noteOf(request),
      abortInWorker: (request) => workerLink.post({ kind: "abort", session, request }),
      onLoaded: (_url, { servedBy }) => store.change({ servedBy }),
      onQualities: (qualities) => store.change({ qualities }),
      onQuality: (shownQuality) => store.change({ shownQuality }),
      onAudioTracks: (audioTracks, shownAudio) => store.change({ audioTracks, shownAudio }),
      onSubtitleTracks: (subtitleTracks, shownSubtitles) => store.change({ subtitleTracks, shownSubtitles }),
      onPlaced: (segment) => store.addPlaced(segment),
      onTrouble: (trouble) => store.change({ trouble }),
      onFailed: (failure) => store.change({ failure, trouble: undefined }),
    });
  }

  /** Follows the video element: publishes the playhead, tells the worker, counts what is watched. */
  #watch(video: HTMLVideoElement, store: PlaybackStore, signal: AbortSignal): void {
    keepPlayIntent(video, signal);
    let toldFixed = false;
    const publish = () => {
      toldFixed = isQualityFixed(store.playback);
      const playhead = readPlayhead(video);
      const estimateBitsPerSecond = this.#engine?.estimateBitsPerSecond() ?? null;
      store.change({ ...playhead, estimateBitsPerSecond });
      workerLink.post({
        kind: "playhead",
        session: store.playback.session,
        bufferedSeconds: playhead.bufferedAheadSeconds,
        playbackRate: video.playbackRate,
        paused: !playhead.isPlaying,
        isQualityFixed: toldFixed,
      });
      const countedBefore = viewingCounts(this.#viewing);
      this.#viewing = watchedTo(this.#viewing, playhead.positionSeconds, playhead.isPlaying);
      if (!countedBefore && viewingCounts(this.#viewing)) this.dispatchEvent(new CustomEvent("vstack-viewed"));
    };
    signal.addEventListener(
      "abort",
      store.listen(() => {
        if (isQualityFixed(store.playback) !== toldFixed) publish();
      }),
    );
    const playheadTimer = setInterval(() => {
      if (!video.paused) publish();
    }, PLAYHEAD_EVERY_MS);
    const helloTimer = setInterval(() => {
      if (video.paused) return;
      void pageTraces.check();
      const measured = this.#engine?.estimateBitsPerSecond() ?? null;
      if (measured !== null) storeEstimate(measured);
    }, HELLO_EVERY_MS);
    signal.addEventListener("abort", () => {
      clearInterval(playheadTimer);
      clearInterval(helloTimer);
    });
    window.addEventListener("pagehide", () => workerLink.post({ kind: "left", session: store.playback.session }), {
      signal,
    });
    for (const happened of ["play", "pause", "seeking", "seeked", "progress", "durationchange", "ended"]) {
      video.addEventListener(happened, publish, { signal });
    }
    video.addEventListener("ratechange", () => this.requestUpdate(), { signal });
    video.addEventListener(
      "error",
      () => {
        if (!canUseEngine())
          store.change({ failure: video.error?.message ?? "This browser could not play the video." });
      },
      { signal },
    );
  }

  #end(): void {
    const measured = this.#engine?.estimateBitsPerSecond() ?? null;
    if (measured !== null) storeEstimate(measured);
    this.#run.abort();
    this.#engine?.destroy();
    this.#engine = undefined;
    if (this.#store !== undefined) workerLink.post({ kind: "left", session: this.#store.playback.session });
    this.#store = undefined;
  }

  override render() {
    const playback = this.#store?.playback;
    return html`
      <media-controller nohotkeys autohide=${this.#isSoundAlone ? "-1" : nothing} class=${playback?.failure === undefined ? "" : "failed"}>
        <video slot="media" playsinline ?autoplay=${this.autoplay} preload="auto" poster=${this.facts?.poster ?? nothing} aria-label=${this.label}></video>
        ${this.#renderArt()}
        <media-loading-indicator slot="centered-chrome" noautohide aria-hidden="true"></media-loading-indicator>
        ${this.#renderFault(playback?.failure, playback?.trouble)}
        <slot></slot>
        <media-time-range></media-time-range>
        <media-control-bar>
          <media-play-button notooltip></media-play-button>
          <media-mute-button notooltip></media-mute-button>
          <media-volume-range></media-volume-range>
          <media-time-display showduration notoggle></media-time-display>
          <span class="gap"></span>
          ${this.#renderMenus(playback)}
          <media-captions-button notooltip></media-captions-button>
          <media-pip-button notooltip></media-pip-button>
          <media-fullscreen-button notooltip></media-fullscreen-button>
        </media-control-bar>
      </media-controller>
      ${
        this.fill
          ? nothing
          : html`<vstack-node-band .playback=${playback} .traces=${pageTraces.mirror.traces}></vstack-node-band>`
      }
    `;
  }

  #renderFault(failure: string | undefined, trouble: string | undefined) {
    if (failure !== undefined) {
      return html`<div class="fault" role="alert" noautohide>
        <p class="fault-title">This video stopped</p>
        <p>${failure}</p>
        <button class="primary" @click=${this.#retry}>Retry</button>
      </div>`;
    }
    if (trouble === undefined) return nothing;
    return html`<p class="trouble" role="status" noautohide>Trying again. ${trouble}</p>`;
  }

  #retry = (): void => {
    this.#store?.change({ failure: undefined });
    if (this.#engine === undefined) this.video?.load();
    else this.#engine.retry();
    this.video?.focus();
  };

  #renderMenus(playback: Playback | undefined) {
    const speed = renderSpeed(this.video?.playbackRate ?? 1, (chosen) => {
      if (this.video !== null) this.video.playbackRate = chosen;
    });
    if (playback === undefined) return speed;
    return html`${renderQuality(playback, this.#chooseQuality)} ${speed}
    ${renderSound(playback, (index) => this.#engine?.chooseAudio(index))}
    ${renderCaptions(playback, (index) => this.#engine?.chooseSubtitles(index))}`;
  }

  #chooseQuality = (chosenQuality: number): void => {
    this.#engine?.choose(chosenQuality);
    this.#store?.change({ chosenQuality });
  };

  get #isSoundAlone(): boolean {
    return this.facts?.renditions.every(({ kind }) => kind !== "video") ?? false;
  }

  /** A sound file has no picture: its own art stands in for it, and the controls hide nothing. */
  #renderArt() {
    const { facts } = this;
    if (facts === undefined || !this.#isSoundAlone) return nothing;
    const { background, letters } = placeholderOf(facts.id, facts.title);
    return html`<div class="art" noautohide style=${styleMap({ background })} aria-hidden="true">
      ${facts.poster === null ? html`<span>${letters}</span>` : html`<img src=${facts.poster} alt="" />`}
    </div>`;
  }
}

customElements.define("vstack-player", VideoSurface);
