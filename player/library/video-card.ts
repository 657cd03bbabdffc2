/** `<vstack-video-card>`: one video of the library: picture, title, length, size, and how well it is kept. */
import { css, html, LitElement, nothing } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import type { VideoSummary } from "#wire/contract/catalog-api.ts";
import { bytesText, clockText, clockWords, counted } from "../charts/quantities.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { PAGE_PATHS } from "../shell/router.ts";
import { placeholderOf } from "./placeholder.ts";
import "./video-menu.ts";

export class VideoCard extends LitElement {
  static override properties = { video: { attribute: false }, isPictureLost: { state: true } };
  static override shadowRootOptions: ShadowRootInit = { ...LitElement.shadowRootOptions, delegatesFocus: true };

  declare video: VideoSummary;
  /** The poster could not be loaded: the placeholder stays. */
  declare isPictureLost: boolean;

  constructor() {
    super();
    this.isPictureLost = false;
  }

  override render() {
    const { video } = this;
    const poster = this.isPictureLost ? null : video.poster;
    const { background, letters } = placeholderOf(video.id, video.title);
    return html`<article>
      <div class="picture" style=${styleMap({ background })} aria-hidden="true">
        <span class="letters">${letters}</span>
        ${
          poster === null
            ? nothing
            : html`<img src=${poster} alt="" loading="lazy" decoding="async" @error=${() => (this.isPictureLost = true)} />`
        }
        ${video.state === "ready" ? html`<span class="length">${clockText(video.durationSeconds)}</span>` : nothing}
      </div>
      <div class="about">
        <h2>
          ${
            video.state === "failed"
              ? video.title
              : html`<a href=${PAGE_PATHS.watch(video.id)} data-page>${video.title}</a>`
          }
        </h2>
        <vstack-video-menu .video=${video}></vstack-video-menu>
      </div>
      ${renderState(video)}
    </article>`;
  }

  static override styles = [
    elementStyles,
    css`
      article {
        position: relative;
        display: grid;
        gap: var(--space-2);
      }
      .picture {
        position: relative;
        aspect-ratio: 16 / 9;
        display: grid;
        place-items: center;
        overflow: hidden;
        margin-bottom: var(--space-1);
        border-radius: var(--radius-large);
        box-shadow: var(--shadow);
        transition: translate var(--quick);
      }
      article:hover .picture {
        translate: 0 -2px;
      }
      img {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        object-fit: cover;
      }
      .about {
        display: flex;
        align-items: start;
        justify-content: space-between;
        gap: var(--space-2);
      }
      .about h2 {
        min-width: 0;
        padding-top: 2px;
      }
      /* Above the link that covers the whole card. */
      vstack-video-menu {
        position: relative;
        z-index: 1;
        flex: none;
        margin: -8px -8px -8px 0;
      }
      .letters {
        color: rgb(255 255 255 / 0.92);
        font-size: 2.25rem;
        font-weight: 300;
        letter-spacing: 0.12em;
        text-indent: 0.12em;
      }
      .length {
        position: absolute;
        right: 10px;
        bottom: 10px;
        padding: 1px 8px;
        border-radius: var(--radius-small);
        background: rgb(8 10 14 / 0.78);
        color: #fff;
        font-size: var(--size-small);
        font-variant-numeric: tabular-nums;
      }
      h2 {
        font-size: 1.0625rem;
        font-weight: 600;
        line-height: 1.35;
        overflow-wrap: anywhere;
      }
      h2 a {
        display: -webkit-box;
        overflow: hidden;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 3;
        color: inherit;
        text-decoration: none;
      }
      /* The whole card is the link's target. */
      h2 a::after {
        content: "";
        position: absolute;
        inset: 0;
        border-radius: var(--radius-large);
      }
      h2 a:hover {
        text-decoration: underline;
      }
      h2 a:focus-visible {
        outline: none;
      }
      h2 a:focus-visible::after {
        outline: 3px solid var(--focus);
        outline-offset: 4px;
      }
      .facts {
        display: flex;
        flex-wrap: wrap;
        gap: 0 var(--space-4);
        color: var(--ink-soft);
        font-size: var(--size-small);
        font-variant-numeric: tabular-nums;
      }
      .facts span,
      .mark {
        display: inline-flex;
        align-items: center;
        gap: 6px;
      }
      .health::before {
        content: "";
        width: 9px;
        height: 9px;
        border-radius: 50%;
        background: var(--good);
      }
      .health.risk {
        color: var(--warn);
      }
      .health.risk::before {
        border-radius: 0;
        background: var(--warn);
        clip-path: polygon(50% 0, 100% 100%, 0 100%);
      }
      .mark {
        font-size: var(--size-small);
      }
      .processing {
        color: var(--accent);
      }
      .failed {
        color: var(--bad);
      }
    `,
  ];
}

function renderState(video: VideoSummary) {
  switch (video.state) {
    case "processing":
      return html`<p class="mark processing">Being stored…</p>`;
    case "failed":
      return html`<p class="mark failed">Could not be stored: ${video.failure ?? "no reason is known"}. Upload it again.</p>`;
    case "ready":
      return renderFacts(video);
  }
}

function renderFacts({ copies, durationSeconds, sizeBytes, views }: VideoSummary) {
  const isWhole = copies.present >= copies.wanted;
  return html`<p class="facts">
    <span class="visually-hidden">${clockWords(durationSeconds)},</span>
    <span>${bytesText(sizeBytes)}</span>
    <span>${counted(views, "view")}</span>
    <span class="health ${isWhole ? "" : "risk"}">
      ${copies.present}/${copies.wanted} copies${isWhole ? "" : ", at risk"}
    </span>
  </p>`;
}

customElements.define("vstack-video-card", VideoCard);
