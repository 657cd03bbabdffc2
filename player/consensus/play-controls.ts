/** `<vstack-play-controls>`: step back and on, play, speed, scrub, and the way to the next decision. */
import type { SVGTemplateResult } from "lit";
import { css, html, LitElement, svg } from "lit";
import { elementStyles } from "../shell/element-styles.ts";
import { SPEEDS } from "./play-session.ts";
import type { PlayWish } from "./play-wish.ts";
import { PlayWishEvent } from "./play-wish.ts";

/** Drawn, as not every font has these signs. */
const ICONS = {
  first: svg`<path d="M5 5v14M19 5 8 12l11 7z" />`,
  back: svg`<path d="M17 5 6 12l11 7z" />`,
  play: svg`<path d="M7 4.5 20 12 7 19.5z" />`,
  pause: svg`<path d="M8 5v14M16 5v14" />`,
  on: svg`<path d="m7 5 11 7-11 7z" />`,
  decision: svg`<path d="m12 3 2.7 6 6.5.6-4.9 4.3 1.5 6.4L12 17l-5.8 3.3 1.5-6.4L2.8 9.6 9.3 9z" />`,
  last: svg`<path d="M19 5v14M5 5l11 7-11 7z" />`,
} as const;

export class PlayControls extends LitElement {
  static override properties = {
    at: { attribute: false },
    last: { attribute: false },
    isPlaying: { attribute: false },
    stepsPerSecond: { attribute: false },
  };

  declare at: number;
  declare last: number;
  declare isPlaying: boolean;
  declare stepsPerSecond: number;

  constructor() {
    super();
    this.at = 0;
    this.last = 0;
    this.isPlaying = false;
    this.stepsPerSecond = 1;
  }

  override render() {
    const { at, last, isPlaying } = this;
    return html`<div class="bar" role="group" aria-label="Time">
      <div class="buttons">
        ${this.#renderButton(ICONS.first, "To the beginning", { want: "go", at: 0 }, at === 0)}
        ${this.#renderButton(ICONS.back, "One step back", { want: "go", at: at - 1 }, at === 0)}
        <button class="primary" aria-label=${isPlaying ? "Pause" : "Play"} @click=${() => this.#wish({ want: "play" })}>
          ${iconOf(isPlaying ? ICONS.pause : ICONS.play)}
        </button>
        ${this.#renderButton(ICONS.on, "One step on", { want: "go", at: at + 1 }, at === last)}
        ${this.#renderButton(ICONS.decision, "To the next decision", { want: "next decision" }, at === last)}
        ${this.#renderButton(ICONS.last, "To the end", { want: "go", at: last }, at === last)}
      </div>
      <input
        type="range"
        min="0"
        max=${last}
        step="1"
        .value=${String(at)}
        aria-label="Step"
        aria-valuetext="${at} of ${last}"
        @input=${this.#scrub}
      />
      <select aria-label="Speed" @change=${this.#chooseSpeed}>
        ${SPEEDS.map(
          (speed) => html`<option value=${speed} ?selected=${speed === this.stepsPerSecond}>${speed} steps/s</option>`,
        )}
      </select>
    </div>`;
  }

  #renderButton(icon: SVGTemplateResult, name: string, wish: PlayWish, isUseless: boolean) {
    return html`<button aria-label=${name} title=${name} aria-disabled=${isUseless} @click=${() => this.#wish(wish)}>
      ${iconOf(icon)}
    </button>`;
  }

  #scrub = (event: Event): void => {
    if (event.target instanceof HTMLInputElement) this.#wish({ want: "go", at: event.target.valueAsNumber });
  };

  #chooseSpeed = (event: Event): void => {
    if (event.target instanceof HTMLSelectElement) {
      this.#wish({ want: "speed", stepsPerSecond: Number(event.target.value) });
    }
  };

  #wish(wish: PlayWish): void {
    this.dispatchEvent(new PlayWishEvent(wish));
  }

  static override styles = [
    elementStyles,
    css`
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--space-2) var(--space-4);
        padding: var(--space-2) var(--space-3);
        border: 1px solid var(--line);
        border-radius: var(--radius-large);
        background: var(--surface-raised);
        box-shadow: var(--shadow);
      }
      .buttons {
        display: flex;
        gap: 4px;
      }
      .buttons button {
        padding: 0;
        border-color: transparent;
        font-size: 0.875rem;
      }
      .buttons button:not(.primary) {
        background: transparent;
      }
      .buttons button:not(.primary):hover {
        background: var(--surface-sunk);
      }
      .primary {
        border-radius: 50%;
      }
      svg {
        width: 20px;
        height: 20px;
        fill: currentColor;
        stroke: currentColor;
        stroke-width: 2;
        stroke-linejoin: round;
        stroke-linecap: round;
      }
      input {
        flex: 1 1 8rem;
        min-width: 0;
        min-height: 32px;
        accent-color: var(--accent);
      }
      select {
        border-color: transparent;
        background: transparent;
        color: var(--ink-soft);
      }
      @media (max-width: 46rem) {
        .bar {
          padding: 6px;
          gap: 2px 6px;
        }
        .buttons {
          flex: 1 1 100%;
          justify-content: space-between;
        }
      }
    `,
  ];
}

function iconOf(icon: SVGTemplateResult) {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true">${icon}</svg>`;
}

customElements.define("vstack-play-controls", PlayControls);
