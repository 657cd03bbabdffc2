/** `<vstack-play-controls>`: step back and on, play, speed, scrub, and the way to the next decision. */
import { css, html, LitElement } from "lit";
import { elementStyles } from "../shell/element-styles.ts";
import { SPEEDS } from "./play-session.ts";
import type { PlayWish } from "./play-wish.ts";
import { PlayWishEvent } from "./play-wish.ts";

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
        ${this.#renderButton("⏮", "To the beginning", { want: "go", at: 0 }, at === 0)}
        ${this.#renderButton("◀", "One step back", { want: "go", at: at - 1 }, at === 0)}
        <button class="primary" aria-label=${isPlaying ? "Pause" : "Play"} @click=${() => this.#wish({ want: "play" })}>
          ${isPlaying ? "❚❚" : "▶"}
        </button>
        ${this.#renderButton("▶", "One step on", { want: "go", at: at + 1 }, at === last)}
        ${this.#renderButton("★", "To the next decision", { want: "next decision" }, at === last)}
        ${this.#renderButton("⏭", "To the end", { want: "go", at: last }, at === last)}
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
          (speed) => html`<option value=${speed} ?selected=${speed === this.stepsPerSecond}>${speed} a second</option>`,
        )}
      </select>
    </div>`;
  }

  #renderButton(sign: string, name: string, wish: PlayWish, isUseless: boolean) {
    return html`<button aria-label=${name} title=${name} aria-disabled=${isUseless} @click=${() => this.#wish(wish)}>
      ${sign}
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

customElements.define("vstack-play-controls", PlayControls);
