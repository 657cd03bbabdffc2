/** `<vstack-watch-page>`: one video with its title, the scheduling switch, the overlay and the docked devtools. */
import { html, LitElement, nothing, type PropertyValues } from "lit";
import type { VideoId } from "#core/ids.ts";
import { parseVideoId } from "#core/ids.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import type { Video } from "#wire/contract/catalog-api.ts";
import { errorCode } from "#wire/contract/errors.ts";
import type { StrategyName } from "#wire/contract/segment-trace.ts";
import { STRATEGIES, VIEWER_STRATEGIES } from "#wire/contract/segment-trace.ts";
import { bytesText, clockText, counted } from "../charts/quantities.ts";
import "../devtools/vstack-devtools.ts";
import "../library/video-menu.ts";
import { announce } from "../shell/announce.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { isLabCluster } from "../shell/lab-mode.ts";
import { replaceQuery } from "../shell/navigation.ts";
import { randomName } from "../shell/random-name.ts";
import { readStored, writeStored } from "../shell/stored.ts";
import { absenceText } from "../shell/worker-absence.ts";
import { workerLink } from "../shell/worker-link.ts";
import { pageTraces } from "../state/page-traces.ts";
import { actOnKey, focusKind } from "./key-deeds.ts";
import { keyAction } from "./keys.ts";
import "./stats-overlay.ts";
import "./strategy-switch.ts";
import { VideoSurface } from "./video-surface.ts";
import { watchStyles } from "./watch-styles.ts";

type Loaded =
  | { readonly is: "loading" }
  | { readonly is: "here"; readonly video: Video }
  | { readonly is: "missing" }
  | { readonly is: "failed"; readonly detail: string };

const ASK_AGAIN_WHILE_PROCESSING_MS = 3000;

export class WatchPage extends LitElement {
  static override properties = {
    videoId: { attribute: false },
    loaded: { state: true },
    strategy: { state: true },
    isStatsShown: { state: true },
    isDevtoolsOpen: { state: true },
    isLab: { state: true },
  };
  static override styles = [elementStyles, watchStyles];

  declare videoId: VideoId;
  declare loaded: Loaded;
  declare strategy: StrategyName;
  declare isStatsShown: boolean;
  declare isDevtoolsOpen: boolean;
  /** Undefined until it is known: only whoever wants a strategy of the lab waits for that. */
  declare isLab: boolean | undefined;
  #run = new AbortController();
  #viewing = randomName();

  constructor() {
    super();
    this.loaded = { is: "loading" };
    this.strategy = strategyOf(new URL(location.href).searchParams.get("mode") ?? readStored("strategy"));
    this.isLab = undefined;
    this.isStatsShown = false;
    this.isDevtoolsOpen = readStored("devtools") === "open";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#run = new AbortController();
    const { signal } = this.#run;
    window.addEventListener("keydown", this.#pressed, { signal });
    void isLabCluster().then((isLab) => {
      this.isLab = isLab;
      if (!isLab && !isForViewers(this.strategy)) this.strategy = "smart";
    });
    signal.addEventListener(
      "abort",
      workerLink.listen(() => this.requestUpdate()),
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#run.abort();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("videoId")) {
      this.#viewing = randomName();
      this.loaded = { is: "loading" };
      void this.#load(this.videoId);
    }
  }

  async #load(videoId: VideoId): Promise<void> {
    const { signal } = this.#run;
    try {
      const video = await metadataClient("").video(videoId, signal);
      if (videoId !== this.videoId) return;
      this.loaded = { is: "here", video };
      document.title = `${video.title} · V-Stack`;
      if (video.state === "processing") setTimeout(() => void this.#load(videoId), ASK_AGAIN_WHILE_PROCESSING_MS);
    } catch (cause) {
      if (signal.aborted || videoId !== this.videoId) return;
      const isMissing = errorCode(cause) === "not-found" || errorCode(cause) === "gone";
      this.loaded = isMissing
        ? { is: "missing" }
        : { is: "failed", detail: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  get #player(): VideoSurface | undefined {
    const player = this.renderRoot.querySelector("vstack-player");
    return player instanceof VideoSurface ? player : undefined;
  }

  #pressed = (event: KeyboardEvent): void => {
    const hasModifier = event.ctrlKey || event.metaKey || event.altKey;
    const action = keyAction({ key: event.key, hasModifier, focus: focusKind(event) });
    if (action === undefined || event.defaultPrevented) return;
    event.preventDefault();
    if (action.do === "toggle-stats") this.isStatsShown = !this.isStatsShown;
    else if (action.do === "toggle-devtools") this.#showDevtools(!this.isDevtoolsOpen);
    else if (this.#player !== undefined) actOnKey(action, this.#player);
  };

  #showDevtools(isOpen: boolean): void {
    this.isDevtoolsOpen = isOpen;
    writeStored("devtools", isOpen ? "open" : "closed");
  }

  #chooseStrategy = (event: Event): void => {
    const chosen = strategyOf(event instanceof CustomEvent ? event.detail : undefined);
    this.strategy = chosen;
    writeStored("strategy", chosen);
    replaceQuery("mode", chosen);
    announce(this, `${chosen.charAt(0).toUpperCase()}${chosen.slice(1)} scheduling from the next segment on`);
  };

  #countView = (): void => {
    const videoId = parseVideoId(this.videoId);
    if (videoId === undefined) return;
    // A view that cannot be reported is lost: the viewer must not notice, and the next viewing counts again.
    metadataClient("")
      .reportView(videoId, this.#viewing, this.#run.signal)
      .catch(() => undefined);
  };

  override render() {
    if (this.isLab === undefined && !isForViewers(this.strategy)) return nothing;
    switch (this.loaded.is) {
      case "missing":
        return renderNotice("There is no such video", "It may have been removed. The library shows what is here.");
      case "failed":
        return html`${renderNotice("The video could not be looked up", this.loaded.detail)}
          <p class="notice-more"><button class="primary" @click=${() => void this.#load(this.videoId)}>Try again</button></p>`;
      case "loading":
        return this.#renderPlayer(undefined);
      case "here":
        return this.#renderVideo(this.loaded.video);
    }
  }

  #renderVideo(video: Video) {
    if (video.state === "processing") {
      return renderNotice(video.title, "This video is being stored. It starts here as soon as it is ready.");
    }
    if (video.state === "failed") {
      const why = video.failure ?? "no reason is known";
      return renderNotice(video.title, `This video could not be stored: ${why}. Upload it again.`);
    }
    return this.#renderPlayer(video);
  }

  #renderPlayer(video: Video | undefined) {
    return html`
      <article>
        ${renderWithoutWorker()}
        <vstack-player
          video-id=${this.videoId}
          strategy=${this.strategy}
          label=${video?.title ?? "Video"}
          .facts=${video}
          @vstack-viewed=${this.#countView}
        >
          ${
            this.isStatsShown
              ? html`<vstack-stats
                  noautohide
                  .player=${this.#player}
                  @vstack-close=${() => (this.isStatsShown = false)}
                ></vstack-stats>`
              : nothing
          }
        </vstack-player>
        <div class="about">
          <div class="heading">
            <h1 tabindex="-1">${video?.title ?? "Loading…"}</h1>
            ${video === undefined ? nothing : renderFacts(video)}
          </div>
          <vstack-strategy
            .value=${this.strategy}
            ?lab=${this.isLab ?? false}
            @vstack-strategy=${this.#chooseStrategy}></vstack-strategy>
          <div class="tools">
            <button aria-pressed=${this.isStatsShown} @click=${() => (this.isStatsShown = !this.isStatsShown)}>
              Statistics <kbd>N</kbd>
            </button>
            <button aria-pressed=${this.isDevtoolsOpen} @click=${() => this.#showDevtools(!this.isDevtoolsOpen)}>
              Devtools <kbd>D</kbd>
            </button>
            ${
              video === undefined
                ? nothing
                : html`<vstack-video-menu
                    .video=${video}
                    @vstack-renamed=${() => void this.#load(this.videoId)}
                    @vstack-removed=${() => (this.loaded = { is: "missing" })}
                  ></vstack-video-menu>`
            }
          </div>
        </div>
      </article>
      ${
        this.isDevtoolsOpen
          ? html`<vstack-devtools
              docked
              .store=${pageTraces}
              @vstack-close=${() => this.#showDevtools(false)}
            ></vstack-devtools>`
          : nothing
      }
    `;
  }
}

function renderNotice(title: string, text: string) {
  return html`<section class="notice">
    <h1 tabindex="-1">${title}</h1>
    <p>${text}</p>
    <p><a href="/" data-page>Go to the library</a></p>
  </section>`;
}

function renderFacts(video: Video) {
  const { present, wanted } = video.copies;
  const health = present === wanted ? `${present} of ${wanted} copies` : `${present} of ${wanted} copies: at risk`;
  return html`<p class="facts">
    <span>${clockText(video.durationSeconds)}</span>
    <span>${bytesText(video.sizeBytes)}</span>
    ${renditionCounts(video).map((count) => html`<span>${count}</span>`)}
    <span class=${present === wanted ? "" : "at-risk"}>${health}</span>
    <span>${counted(video.views, "view")}</span>
  </p>`;
}

/** What there is to choose from: of one sound track there is none. */
function renditionCounts({ renditions }: Video): string[] {
  const counts = { video: 0, audio: 0, subtitles: 0 };
  for (const { kind } of renditions) counts[kind] += 1;
  return [
    ...(counts.video === 0 ? [] : [counts.video === 1 ? "1 quality" : `${counts.video} qualities`]),
    // The first sound of a video is inside its qualities.
    ...(counts.audio === 0 ? [] : [counted(counts.video === 0 ? counts.audio : counts.audio + 1, "sound track")]),
    ...(counts.subtitles === 0 ? [] : [counts.subtitles === 1 ? "subtitles" : `${counts.subtitles} subtitles`]),
  ];
}

function renderWithoutWorker() {
  const { status } = workerLink;
  if (status.state === "outdated") {
    return html`<aside class="banner" role="status">
      <p><strong>A new version of V-Stack is ready.</strong> This page plays on; reload it when it suits you.</p>
    </aside>`;
  }
  if (status.state !== "absent") return nothing;
  const { why, remedy } = absenceText(status.absence, location.origin);
  return html`<aside class="banner" role="status">
    <p><strong>This video plays through the gateway,</strong> not straight from the storage nodes. ${why} ${remedy}</p>
  </aside>`;
}

function isForViewers(strategy: StrategyName): boolean {
  return VIEWER_STRATEGIES.some((name) => name === strategy);
}

function strategyOf(text: unknown): StrategyName {
  return STRATEGIES.find((strategy) => strategy === text) ?? "smart";
}

customElements.define("vstack-watch-page", WatchPage);
