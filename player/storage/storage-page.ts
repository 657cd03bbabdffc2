/** `<vstack-storage-page>`: where the bytes are and in which form, what is changed and healed, and what may be set. */
import { html, LitElement, nothing } from "lit";
import type { RenditionId, VideoId } from "#core/ids.ts";
import { parseRenditionId, parseVideoId } from "#core/ids.ts";
import { errorCode } from "#wire/contract/errors.ts";
import type { ConfigPatch, Override } from "#wire/contract/redundancy-schemas.ts";
import type { Damage } from "#wire/contract/piece-api.ts";
import { NO_DATA } from "../charts/quantities.ts";
import { announce } from "../shell/announce.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { isLabCluster } from "../shell/lab-mode.ts";
import { replaceQuery } from "../shell/navigation.ts";
import { pageStyles } from "../shell/page-styles.ts";
import type { ClusterView } from "../state/cluster-link.ts";
import { watchCluster } from "../state/cluster-link.ts";
import type { MapCell } from "./map-cells.ts";
import "./map-section.ts";
import type { MapPlace } from "./map-section.ts";
import { renderEfficiency } from "./efficiency-view.ts";
import { renderOverhead } from "./overhead-view.ts";
import { renderDecisions, renderQueue } from "./queue-view.ts";
import "./settings-form.ts";
import type { StorageView, VideoPage } from "./storage-link.ts";
import { NOTHING_YET, StorageLink } from "./storage-link.ts";
import { storageStyles } from "./storage-styles.ts";
import type { VideoListView } from "./video-forms.ts";
import { renderVideos } from "./video-forms.ts";
import "./what-if.ts";

/** Rows of the map at once. */
const MAP_ROWS = 32;
type ListedVideo = Parameters<VideoListView["onOverride"]>[0];

export class StoragePage extends LitElement {
  static override properties = {
    view: { state: true },
    cluster: { state: true },
    isLab: { state: true },
    page: { state: true },
    place: { state: true },
    overrides: { state: true },
    isStarting: { state: true },
    proposal: { state: true },
    isSaving: { state: true },
    refused: { state: true },
    trouble: { state: true },
  };
  static override styles = [elementStyles, pageStyles, storageStyles];

  declare view: StorageView;
  declare cluster: ClusterView | undefined;
  declare isLab: boolean;
  declare page: VideoPage;
  /** What the map shows; undefined without one. */
  declare place: MapPlace | undefined;
  /** Choices of form that nobody has confirmed yet. */
  declare overrides: ReadonlyMap<VideoId, Override>;
  declare isStarting: boolean;
  /** Settings to be put into the form. */
  declare proposal: ConfigPatch;
  declare isSaving: boolean;
  declare refused: string;
  /** Why the last order was not carried out. */
  declare trouble: string;
  #run = new AbortController();
  #link: StorageLink | undefined;

  constructor() {
    super();
    this.view = NOTHING_YET;
    this.cluster = undefined;
    this.isLab = false;
    this.page = { from: 0, sort: "largest" };
    this.place = placeOfAddress();
    this.overrides = new Map();
    this.isStarting = false;
    this.proposal = {};
    this.isSaving = false;
    this.refused = "";
    this.trouble = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#run = new AbortController();
    const { signal } = this.#run;
    this.#link = new StorageLink(this.page, (view) => (this.view = view), signal);
    this.#showMap();
    watchCluster((view) => this.#heard(view), signal);
    void isLabCluster().then((isLab) => (this.isLab = isLab));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#run.abort();
  }

  #heard(view: ClusterView): void {
    const before = this.cluster?.live;
    this.cluster = view;
    const states = (live: ClusterView["live"]) => live?.nodes.map(({ id, state }) => `${id} ${state}`).join();
    const work = (live: ClusterView["live"]) => JSON.stringify({ ...live?.queue, atSeconds: 0 });
    if (states(before) !== states(view.live) || work(before) !== work(view.live)) this.#link?.hurry();
  }

  override render() {
    const { view, trouble } = this;
    return html`<div class="page">
      <header>
        <h1 tabindex="-1">Storage</h1>
        <p class="lead">
          What is read a lot is kept as whole copies; what is cold as shards, of which any three of five are enough. Bytes
          and pieces are counted from the nodes.
        </p>
      </header>
      ${[trouble, view.trouble].map((text) =>
        text === "" ? nothing : html`<p class="trouble" role="alert">${text}.</p>`,
      )}
      ${view.status === "absent" ? renderAbsent() : nothing} ${view.status === "here" ? this.#renderHere() : nothing}
      <vstack-what-if @vstack-take=${this.#takeThresholds}></vstack-what-if>
      ${
        view.config === undefined || view.status !== "here"
          ? nothing
          : html`<vstack-redundancy-settings
              .config=${view.config.config}
              .proposal=${this.proposal}
              .isPending=${this.isSaving}
              .refused=${this.refused}
              @vstack-save=${(event: CustomEvent<ConfigPatch>) => void this.#save(event.detail)}
            ></vstack-redundancy-settings>`
      }
    </div>`;
  }

  #renderHere() {
    const { view, page, overrides } = this;
    // The queue comes by events; its clock is the server's, as are the times of counts and decisions.
    const queue = this.cluster?.live?.queue ?? null;
    const nowSeconds = queue?.atSeconds ?? Date.now() / 1000;
    const titles = new Map(view.videos?.videos.map(({ videoId, title }) => [videoId, title]));
    return html`${view.overhead === undefined ? nothing : renderOverhead(view.overhead, nowSeconds)}
    ${renderVideos({
      ...{ videos: view.videos, page, shown: this.place?.videoId, pending: overrides },
      onPage: (next) => this.#showVideos(next),
      onShow: (videoId) => this.#toggleMap(videoId),
      onOverride: (video, form) => void this.#override(video, form),
    })}
    ${
      this.place === undefined
        ? nothing
        : html`<vstack-map-section
            .map=${view.map}
            .title=${titles.get(this.place.videoId) ?? this.place.videoId}
            .rows=${MAP_ROWS}
            .isLab=${this.isLab}
            .damage=${(cell: MapCell, damage: Damage["damage"]) => this.#damage(cell, damage)}
            @vstack-map-place=${(event: CustomEvent<Omit<MapPlace, "videoId">>) => this.#moveMap(event.detail)}
          ></vstack-map-section>`
    }
    ${renderQueue(queue, titles, { isPending: this.isStarting, onStart: (what) => void this.#start(what) })}
    ${view.efficiency === undefined ? nothing : renderEfficiency(view.efficiency, nowSeconds)}
    ${view.decisions === undefined ? nothing : renderDecisions(view.decisions, titles, nowSeconds)}`;
  }

  #showVideos(page: VideoPage): void {
    this.page = page;
    this.#link?.showVideos(page);
  }

  #toggleMap(videoId: VideoId): void {
    this.place = this.place?.videoId === videoId ? undefined : { videoId, rendition: null, from: 0 };
    this.#showMap();
  }

  #moveMap(to: Omit<MapPlace, "videoId">): void {
    if (this.place === undefined) return;
    this.place = { ...this.place, ...to };
    this.#showMap();
  }

  /** The address names what is shown, so that it can be sent to somebody. */
  #showMap(): void {
    const { place } = this;
    this.#link?.showMap(place === undefined ? undefined : { ...place, limit: MAP_ROWS });
    replaceQuery("video", place?.videoId ?? "");
    replaceQuery("rendition", place?.rendition ?? "");
  }

  async #override({ videoId, title }: ListedVideo, form: Override): Promise<void> {
    this.overrides = new Map(this.overrides).set(videoId, form);
    await this.#order(async () => {
      await this.#link?.override(videoId, form);
      announce(this, form === "auto" ? `${title} is automatic again` : `${title} shall be kept by ${form}`);
    });
    const overrides = new Map(this.overrides);
    overrides.delete(videoId);
    this.overrides = overrides;
  }

  async #start(what: "repair" | "scrub"): Promise<void> {
    if (this.isStarting) return;
    this.isStarting = true;
    await this.#order(async () => {
      const isStarted = await this.#link?.start(what);
      announce(this, isStarted === true ? `The ${what} has begun` : `A ${what} is under way`);
    });
    this.isStarting = false;
  }

  /** @returns whether it was done */
  async #damage({ row, nodeId, piece }: MapCell, damage: Damage["damage"]): Promise<boolean> {
    if (piece === undefined) return false;
    return await this.#order(async () => {
      await this.#link?.damage({ nodeId: piece.nodeId, hash: row.hash, shard: piece.shard, damage });
      announce(this, damage === "corrupt" ? `A byte on ${nodeId} is flipped` : `A file on ${nodeId} is gone`);
    });
  }

  async #save(patch: ConfigPatch): Promise<void> {
    this.isSaving = true;
    this.refused = "";
    try {
      await this.#link?.saveConfig(patch);
      this.proposal = {};
      announce(this, "The settings are saved");
    } catch (error) {
      this.refused = error instanceof Error ? error.message : String(error);
    }
    this.isSaving = false;
  }

  #takeThresholds = (event: CustomEvent<ConfigPatch>): void => {
    this.proposal = { ...event.detail };
    const form = this.renderRoot.querySelector("vstack-redundancy-settings");
    if (form === null) {
      announce(this, "There are no settings here to put them into");
      return;
    }
    form.scrollIntoView({ block: "start" });
    announce(this, "The thresholds are in the settings, to be saved");
  };

  /** @returns whether it was carried out */
  async #order(run: () => Promise<void>): Promise<boolean> {
    this.trouble = "";
    try {
      await run();
      return true;
    } catch (error) {
      if (errorCode(error) !== "aborted") this.trouble = error instanceof Error ? error.message : String(error);
      return false;
    }
  }
}

function placeOfAddress(): MapPlace | undefined {
  const { searchParams } = new URL(location.href);
  const videoId = parseVideoId(searchParams.get("video") ?? "");
  const rendition: RenditionId | undefined = parseRenditionId(searchParams.get("rendition") ?? "");
  return videoId === undefined ? undefined : { videoId, rendition: rendition ?? null, from: 0 };
}

function renderAbsent() {
  return html`<section class="calm" aria-labelledby="absent">
    <h2 id="absent">Redundancy: ${NO_DATA}</h2>
    <p>This metadata server does not look after redundancy: it counts, changes and heals nothing.</p>
  </section>`;
}

customElements.define("vstack-storage-page", StoragePage);
