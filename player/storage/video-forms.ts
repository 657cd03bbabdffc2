/** Videos as they are kept: form, heat, bytes, the choice by hand, and which one's map is shown. */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { live } from "lit/directives/live.js";
import type { VideoId } from "#core/ids.ts";
import { formText } from "#core/redundancy/form.ts";
import type { Override } from "#wire/contract/redundancy-schemas.ts";
import { OVERRIDES } from "#wire/contract/redundancy-schemas.ts";
import type { StorageVideos, VideoStorageSort } from "#wire/contract/storage-schemas.ts";
import { VIDEO_STORAGE_SORTS } from "#wire/contract/storage-schemas.ts";
import { bytesText, counted, percentText } from "../charts/quantities.ts";
import { PAGE_PATHS } from "../shell/router.ts";
import { ratioText } from "./overhead-view.ts";
import type { VideoPage } from "./storage-link.ts";
import { PAGE_VIDEOS } from "./storage-link.ts";

/** What is missing to it are headers and pictures, which always stay replicated; the reason says when more is on its way. */
const WHOLE_RATIO = 0.99;

type ListedVideo = StorageVideos["videos"][number];

const SORT_NAMES: Readonly<Record<VideoStorageSort, string>> = {
  largest: "Largest",
  hottest: "Most read lately",
  kept: "Most bytes kept",
};
const OVERRIDE_NAMES: Readonly<Record<Override, string>> = {
  auto: "Automatic",
  replication: "Replication",
  erasure: "Erasure",
};

export interface VideoListView {
  readonly videos: StorageVideos | undefined;
  readonly page: VideoPage;
  readonly shown: VideoId | undefined;
  /** Choices that nobody has confirmed yet. */
  readonly pending: ReadonlyMap<VideoId, Override>;
  readonly onPage: (page: VideoPage) => void;
  readonly onShow: (videoId: VideoId) => void;
  readonly onOverride: (video: ListedVideo, form: Override) => void;
}

export function renderVideos(view: VideoListView) {
  const { videos, page } = view;
  return html`<section aria-labelledby="videos">
    <div class="section-head">
      <h2 id="videos">Videos</h2>
      <label class="choice">
        Order
        <select @change=${(event: Event) => view.onPage({ from: 0, sort: sortOf(event) })}>
          ${VIDEO_STORAGE_SORTS.map(
            (sort) => html`<option value=${sort} ?selected=${sort === page.sort}>${SORT_NAMES[sort]}</option>`,
          )}
        </select>
      </label>
    </div>
    ${
      videos === undefined
        ? nothing
        : videos.total === 0
          ? html`<p class="calm">No video is stored.</p>`
          : html`<ul class="videos">
                ${repeat(
                  videos.videos,
                  ({ videoId }) => videoId,
                  (video) => renderVideo(video, view),
                )}
              </ul>
              ${videos.total > PAGE_VIDEOS ? renderPaging(videos, view) : nothing}`
    }
  </section>`;
}

function renderVideo(video: ListedVideo, { shown, pending, onShow, onOverride }: VideoListView) {
  const { videoId, title, form, formShare, contentBytes, keptBytes, demand, views, reason } = video;
  const wanted = pending.get(videoId);
  const chosen = wanted ?? video.override;
  return html`<li class="card" aria-busy=${wanted !== undefined}>
    <div class="about">
      <h3><a href=${PAGE_PATHS.watch(videoId)} data-page>${title}</a></h3>
      <p>
        <span class="form ${form.kind}">${form.kind === "erasure" ? "▯" : "▮"} ${formText(form)}</span>
        ${formShare < WHOLE_RATIO ? html`<span class="hint">${percentText(formShare)} of its bytes</span>` : nothing}
      </p>
      <p class="hint">${reason}</p>
    </div>
    <dl class="facts">
      <div><dt>Size</dt><dd>${bytesText(contentBytes)}</dd></div>
      <div><dt>Kept</dt><dd>${keptBytes === null ? "no data" : `${bytesText(keptBytes)}, ${ratioText(keptBytes, contentBytes)}`}</dd></div>
      <div>
        <dt>Heat</dt>
        <dd>${demand.short.toFixed(2)} <small>short</small> ${demand.long.toFixed(2)} <small>long</small></dd>
      </div>
      <div><dt>Views</dt><dd>${views}</dd></div>
    </dl>
    <div class="deeds">
      <label>
        <span>Form<span class="visually-hidden"> of ${title}</span></span>
        <select
          class=${wanted === undefined ? "" : "pending"}
          .value=${live(chosen)}
          @change=${(event: Event) => onOverride(video, overrideOf(event))}
        >
          ${OVERRIDES.map((name) => html`<option value=${name} ?selected=${name === chosen}>${OVERRIDE_NAMES[name]}</option>`)}
        </select>
      </label>
      <button aria-pressed=${shown === videoId} @click=${() => onShow(videoId)}>
        Chunk map<span class="visually-hidden"> of ${title}</span>
      </button>
    </div>
  </li>`;
}

function renderPaging({ from, total }: StorageVideos, { page, onPage }: VideoListView) {
  const to = (next: number) => onPage({ ...page, from: next });
  const isFirst = from === 0;
  const isLast = from + PAGE_VIDEOS >= total;
  return html`<nav class="paging" aria-label="Pages of videos">
    <button aria-disabled=${isFirst} @click=${() => (isFirst ? undefined : to(Math.max(0, from - PAGE_VIDEOS)))}>
      Before
    </button>
    <p>${from + 1} to ${Math.min(total, from + PAGE_VIDEOS)} of ${counted(total, "video")}</p>
    <button aria-disabled=${isLast} @click=${() => (isLast ? undefined : to(from + PAGE_VIDEOS))}>After</button>
  </nav>`;
}

function sortOf(event: Event): VideoStorageSort {
  const value = event.target instanceof HTMLSelectElement ? event.target.value : "";
  return VIDEO_STORAGE_SORTS.find((sort) => sort === value) ?? "largest";
}

function overrideOf(event: Event): Override {
  const value = event.target instanceof HTMLSelectElement ? event.target.value : "";
  return OVERRIDES.find((form) => form === value) ?? "auto";
}
