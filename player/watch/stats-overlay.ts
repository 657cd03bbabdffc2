/** `<vstack-stats>`: what the player knows about itself, over the picture (key N). Never takes the focus; can be copied. */
import { css, html, LitElement } from "lit";
import { NO_DATA, rateText } from "../charts/quantities.ts";
import { announce } from "../shell/announce.ts";
import { elementStyles } from "../shell/element-styles.ts";
import type { PlaybackStore } from "../state/playback-store.ts";

/** Twice a second is as often as a person can read. */
const LOOK_EVERY_MS = 500;

/** As much of a player as is looked at. */
export interface ObservedPlayer {
  readonly store: PlaybackStore | undefined;
  readonly video: HTMLVideoElement | null;
}

export class StatsOverlay extends LitElement {
  static override properties = { player: { attribute: false } };

  declare player: ObservedPlayer | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => this.requestUpdate(), LOOK_EVERY_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  override render() {
    return html`<section aria-label="Statistics">
      <dl>
        ${statsRows(this.player).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
      </dl>
      <div class="buttons">
        <button @click=${this.#copy}>Copy</button>
        <button @click=${() => this.dispatchEvent(new CustomEvent("vstack-close"))}>Close</button>
      </div>
    </section>`;
  }

  #copy = async (): Promise<void> => {
    const text = statsRows(this.player)
      .map(([name, value]) => `${name}: ${value}`)
      .join("\n");
    try {
      await navigator.clipboard.writeText(text);
      announce(this, "Statistics copied");
    } catch {
      // The clipboard is missing on insecure origins and may be refused: then the text can still be selected by hand.
      announce(this, "This browser does not allow copying here");
    }
  };

  static override styles = [
    elementStyles,
    css`
      section {
        padding: var(--space-3) var(--space-4);
        border-radius: var(--radius);
        background: rgb(10 12 16 / 0.84);
        color: #f1f2f5;
        font: 400 0.8125rem / 1.5 var(--font);
        font-variant-numeric: tabular-nums;
        user-select: text;
      }
      dl > div {
        display: grid;
        grid-template-columns: 9.5em 1fr;
        gap: var(--space-3);
      }
      dt {
        color: #b9bfca;
      }
      dd {
        overflow-wrap: anywhere;
      }
      .buttons {
        display: flex;
        gap: var(--space-2);
        margin-top: var(--space-2);
      }
      button {
        background: rgb(255 255 255 / 0.1);
        border-color: rgb(255 255 255 / 0.35);
        color: #fff;
      }
      :focus-visible {
        outline-color: #c3c8ff;
      }
    `,
  ];
}

function statsRows(player: ObservedPlayer | undefined): [string, string][] {
  const playback = player?.store?.playback;
  const video = player?.video ?? null;
  if (playback === undefined || video === null) return [["Player", NO_DATA]];
  const shown = playback.qualities.find((quality) => quality.index === playback.shownQuality);
  const frames = "getVideoPlaybackQuality" in video ? video.getVideoPlaybackQuality() : undefined;
  const estimate = playback.estimateBitsPerSecond;
  return [
    ["Resolution", video.videoWidth > 0 ? `${video.videoWidth} × ${video.videoHeight}` : NO_DATA],
    ["Quality", shown === undefined ? NO_DATA : `${shown.rendition}, up to ${rateText(shown.bitsPerSecond / 8)}`],
    ["Chosen by", playback.chosenQuality === -1 ? "bandwidth" : "you"],
    ["Buffer", `${playback.bufferedAheadSeconds.toFixed(1)} s`],
    ["Dropped frames", frames === undefined ? NO_DATA : `${frames.droppedVideoFrames} of ${frames.totalVideoFrames}`],
    ["Bandwidth", estimate === null ? NO_DATA : `${rateText(estimate / 8)} (estimate)`],
    ["Segments loaded", `${playback.placed.length}`],
    ["Served by", playback.servedBy ?? NO_DATA],
    ["Scheduling", playback.strategy],
    ["Session", playback.session],
  ];
}

customElements.define("vstack-stats", StatsOverlay);
