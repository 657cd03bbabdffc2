/**
 * `<vstack-drop-area>`: takes files by dropping anywhere on the page, by pasting, and by a button.
 *
 * Events: `vstack-files` with the files.
 */
import { css, html, LitElement } from "lit";
import { elementStyles } from "../shell/element-styles.ts";

export class DropArea extends LitElement {
  static override properties = { isOver: { state: true } };

  declare isOver: boolean;
  #run = new AbortController();

  constructor() {
    super();
    this.isOver = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#run = new AbortController();
    const { signal } = this.#run;
    // On the window: a file that misses the area would otherwise replace the page, and end what is being sent.
    window.addEventListener("dragover", this.#over, { signal });
    window.addEventListener("dragleave", (event) => this.#left(event), { signal });
    window.addEventListener("drop", this.#dropped, { signal });
    window.addEventListener("paste", this.#pasted, { signal });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#run.abort();
  }

  #over = (event: DragEvent): void => {
    if (event.dataTransfer?.types.includes("Files") !== true) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    this.isOver = true;
  };

  #left(event: DragEvent): void {
    // Null when the pointer leaves the window, not when it goes from one element to another.
    if (event.relatedTarget === null) this.isOver = false;
  }

  #dropped = (event: DragEvent): void => {
    this.isOver = false;
    if (event.dataTransfer?.types.includes("Files") !== true) return;
    event.preventDefault();
    this.#give(event.dataTransfer.files);
  };

  #pasted = (event: ClipboardEvent): void => {
    const files = event.clipboardData?.files;
    if (files === undefined || files.length === 0) return;
    event.preventDefault();
    this.#give(files);
  };

  #chosen = (event: Event): void => {
    if (!(event.target instanceof HTMLInputElement) || event.target.files === null) return;
    this.#give(event.target.files);
    // The same file may be chosen again.
    event.target.value = "";
  };

  #give(list: FileList): void {
    this.dispatchEvent(new CustomEvent("vstack-files", { detail: [...list], bubbles: true, composed: true }));
  }

  #open = (): void => {
    this.renderRoot.querySelector("input")?.click();
  };

  override render() {
    return html`<div class="area ${this.isOver ? "over" : ""}">
      <svg viewBox="0 0 48 48" width="44" height="44" aria-hidden="true">
        <path d="M24 31V11m0 0-8 8m8-8 8 8M9 30v5a4 4 0 0 0 4 4h22a4 4 0 0 0 4-4v-5" />
      </svg>
      <p class="call">Drop videos anywhere on this page, or paste them</p>
      <button class="primary" @click=${this.#open}>Choose files</button>
      <input type="file" multiple accept="video/*,audio/*,.mkv,.flv,.avi,.ts,.m2ts,.mts,.wmv,.vtt,.srt" aria-label="Files to upload" tabindex="-1" @change=${this.#chosen} />
    </div>`;
  }

  static override styles = [
    elementStyles,
    css`
      .area {
        display: grid;
        justify-items: center;
        gap: var(--space-3);
        padding: var(--space-6) var(--space-5);
        border: 2px dashed var(--line-strong);
        border-radius: var(--radius-large);
        background: var(--surface);
        text-align: center;
        transition:
          background-color var(--quick),
          border-color var(--quick);
      }
      :host([compact]) .area {
        grid-template-columns: auto minmax(0, 1fr) auto;
        align-items: center;
        padding: var(--space-3) var(--space-4);
        text-align: start;
      }
      :host([compact]) .call {
        justify-self: start;
      }
      :host([compact]) svg {
        width: 28px;
        height: 28px;
      }
      @media (max-width: 34rem) {
        :host([compact]) .area {
          grid-template-columns: minmax(0, 1fr) auto;
        }
        :host([compact]) svg {
          display: none;
        }
      }
      .over {
        border-color: var(--accent);
        background: var(--accent-wash);
      }
      svg {
        fill: none;
        stroke: var(--accent);
        stroke-width: 2.5;
        stroke-linecap: round;
        stroke-linejoin: round;
      }
      .call {
        color: var(--ink-soft);
      }
      .area {
        position: relative;
      }
      input {
        position: absolute;
        width: 1px;
        height: 1px;
        clip-path: inset(50%);
        overflow: hidden;
      }
    `,
  ];
}

customElements.define("vstack-drop-area", DropArea);
