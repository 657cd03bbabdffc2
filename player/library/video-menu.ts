/**
 * `<vstack-video-menu .video>`: what can be done with a video, behind one button.
 *
 * Events: `vstack-renamed` and `vstack-removed`, once the server has confirmed.
 */
import { css, html, LitElement, nothing } from "lit";
import { metadataClient } from "#wire/client/metadata-client.ts";
import type { VideoSummary } from "#wire/contract/catalog-api.ts";
import { MAX_TITLE_CHARACTERS } from "#wire/contract/limits.ts";
import { PATHS } from "#wire/contract/paths.ts";
import { bytesText } from "../charts/quantities.ts";
import { announce } from "../shell/announce.ts";
import { confirmDeed } from "../shell/confirm-dialog.ts";
import { copyText } from "../shell/copy-text.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { PAGE_PATHS } from "../shell/router.ts";
import { embedCode } from "./embed-code.ts";

const MARGIN_PX = 8;

export class VideoMenu extends LitElement {
  static override properties = { video: { attribute: false }, isOpen: { state: true }, said: { state: true } };

  declare video: VideoSummary;
  declare isOpen: boolean;
  /** What was copied a moment ago, for the button's own words. */
  declare said: string;
  #forget: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.isOpen = false;
    this.said = "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#forget);
  }

  get #menu(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>("[popover]");
  }

  get #entries(): readonly HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>("[role=menuitem]")];
  }

  #toggled = (event: Event): void => {
    this.isOpen = event instanceof ToggleEvent && event.newState === "open";
    if (!this.isOpen) return;
    this.#place();
    // The first entry has had the focus since the menu was shown (autofocus): this event comes too late for quick keys.
    // A menu that stays where its button no longer is would belong to nothing.
    window.addEventListener("scroll", () => this.#menu?.hidePopover(), { once: true, passive: true, capture: true });
  };

  /** Below the button, above it where there is no room, inside the window in any case. */
  #place(): void {
    const menu = this.#menu;
    const button = this.renderRoot.querySelector("button");
    if (menu === null || button === null) return;
    const { top, bottom, right } = button.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = menu;
    const below = bottom + 4;
    const fits = below + offsetHeight + MARGIN_PX <= window.innerHeight;
    menu.style.top = `${Math.max(MARGIN_PX, fits ? below : top - offsetHeight - 4)}px`;
    menu.style.left = `${Math.max(MARGIN_PX, Math.min(right - offsetWidth, window.innerWidth - offsetWidth - MARGIN_PX))}px`;
  }

  #pressed = (event: KeyboardEvent): void => {
    const entries = this.#entries;
    const here = entries.findIndex((entry) => entry === this.shadowRoot?.activeElement);
    const next = NEXT.get(event.key)?.(here, entries.length);
    if (next !== undefined) {
      entries[next]?.focus();
      event.preventDefault();
    } else if (event.key === "Tab") {
      this.#menu?.hidePopover();
    }
    // Arrows and letters are the menu's while it is open, not the player's.
    event.stopPropagation();
  };

  #copy = async (text: string, what: string): Promise<void> => {
    this.#menu?.hidePopover();
    const isCopied = await copyText(text);
    this.said = isCopied ? "Copied" : "";
    announce(this, isCopied ? `${what} copied` : "This browser does not allow copying here");
    clearTimeout(this.#forget);
    this.#forget = setTimeout(() => (this.said = ""), SAID_MS);
    if (!isCopied) await showText(what, text);
  };

  #rename = async (): Promise<void> => {
    this.#menu?.hidePopover();
    const { id, title } = this.video;
    const isDone = await confirmDeed({
      ...{ title: "Rename", text: "The address of the video stays the same.", yes: "Rename", no: "Cancel" },
      field: { label: "Title", value: title, maxLength: MAX_TITLE_CHARACTERS },
      run: (text, signal) => metadataClient("").renameVideo(id, text, signal),
    });
    if (isDone) this.#tell("vstack-renamed", "Renamed");
  };

  #remove = async (): Promise<void> => {
    this.#menu?.hidePopover();
    const { id, title, sizeBytes } = this.video;
    const freed = sizeBytes > 0 ? ` Its ${bytesText(sizeBytes)} and their copies are freed on the nodes.` : "";
    const isDone = await confirmDeed({
      title: `Delete “${title}”?`,
      text: `It is removed for everybody.${freed} This cannot be undone.`,
      ...{ yes: "Delete", no: "Keep it", isDangerous: true },
      run: (_text, signal) => metadataClient("").removeVideo(id, signal),
    });
    if (isDone) this.#tell("vstack-removed", `${title} is deleted`);
  };

  #tell(type: "vstack-renamed" | "vstack-removed", words: string): void {
    announce(this, words);
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, composed: true }));
  }

  override render() {
    const { video } = this;
    return html`
      <button
        class="quiet"
        aria-label="More about ${video.title}"
        aria-haspopup="menu"
        aria-expanded=${this.isOpen}
        popovertarget="menu"
      >
        ${this.said === "" ? html`<span aria-hidden="true">⋯</span>` : this.said}
      </button>
      <div id="menu" popover role="menu" aria-label="More about ${video.title}" @toggle=${this.#toggled} @keydown=${this.#pressed}>
        ${video.state === "ready" ? this.#renderReady(video) : nothing}
        <button role="menuitem" tabindex="-1" class="danger" ?autofocus=${video.state !== "ready"} @click=${this.#remove}>Delete…</button>
      </div>
    `;
  }

  #renderReady({ id, title }: VideoSummary) {
    const address = new URL(PAGE_PATHS.watch(id), location.href).href;
    return html`
      <button role="menuitem" tabindex="-1" autofocus @click=${this.#rename}>Rename…</button>
      <button role="menuitem" tabindex="-1" @click=${() => this.#copy(address, "Link")}>Copy link</button>
      <button
        role="menuitem"
        tabindex="-1"
        @click=${() => this.#copy(embedCode({ id, title }, location.origin), "Embed code")}
      >
        Copy embed code
      </button>
      <a role="menuitem" tabindex="-1" href=${PATHS.download(id)} download @click=${() => this.#menu?.hidePopover()}>
        Download
      </a>
    `;
  }

  static override styles = [
    elementStyles,
    css`
      :host {
        display: inline-block;
      }
      [popover] {
        position: fixed;
        inset: auto;
        min-width: 12rem;
        margin: 0;
        padding: var(--space-1);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface-raised);
        color: var(--ink);
        box-shadow: var(--shadow-high);
      }
      #menu [role="menuitem"] {
        display: flex;
        align-items: center;
        justify-content: start;
        width: 100%;
        min-height: var(--target);
        padding: 0 var(--space-3);
        border: 0;
        border-radius: var(--radius-small);
        background: transparent;
        color: inherit;
        font: 500 0.9375rem / 1.2 var(--font);
        text-decoration: none;
      }
      #menu [role="menuitem"]:hover,
      #menu [role="menuitem"]:focus-visible {
        background: var(--surface-sunk);
      }
      [role="menuitem"]:focus-visible {
        outline-offset: -3px;
      }
      #menu .danger {
        color: var(--bad);
      }
    `,
  ];
}

const SAID_MS = 2500;

/** Where the focus goes: from the present entry among so many. */
const NEXT = new Map<string, (here: number, count: number) => number>([
  ["ArrowDown", (here, count) => (here + 1) % count],
  ["ArrowUp", (here, count) => (here - 1 + count) % count],
  ["Home", () => 0],
  ["End", (_here, count) => count - 1],
]);

/** Where nothing can be copied by program, a person still can. */
async function showText(what: string, text: string): Promise<void> {
  await confirmDeed({
    ...{ title: what, text: "This browser does not allow copying here: select it and copy it yourself." },
    ...{ yes: "Done", no: "Close" },
    field: { label: what, value: text, maxLength: 4096 },
  });
}

customElements.define("vstack-video-menu", VideoMenu);
