/**
 * `<vstack-upload-row .item>`: one file of the queue, with what can be done about it now.
 *
 * Events: `vstack-title` with the new title, `vstack-act` with what the person wants.
 */
import { css, html, LitElement, nothing } from "lit";
import { MAX_TITLE_CHARACTERS } from "#wire/contract/limits.ts";
import { bytesText } from "../charts/quantities.ts";
import { announce } from "../shell/announce.ts";
import { copyText } from "../shell/copy-text.ts";
import { cardStyles } from "../shell/card-styles.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { PAGE_PATHS } from "../shell/router.ts";
import { viewOf } from "./item-view.ts";
import type { Failure, QueueItem } from "./queue-item.ts";
import { progressStyles, renderProgress } from "./render-progress.ts";

export type RowAct = "pause" | "resume" | "cancel" | "again" | "dismiss";

export class UploadRow extends LitElement {
  static override properties = {
    item: { attribute: false },
    nowMs: { attribute: false },
    isTitled: { type: Boolean, attribute: "titled" },
    isWhole: { type: Boolean, attribute: "whole" },
    isCopied: { state: true },
  };

  declare item: QueueItem;
  /** Monotonic: rates fall while nothing comes. */
  declare nowMs: number;
  /** Whether the title of this file is its own; false when a group shares one. */
  declare isTitled: boolean;
  /** Whether this row stands for all files of its group. */
  declare isWhole: boolean;
  declare isCopied: boolean;

  constructor() {
    super();
    this.nowMs = 0;
    this.isTitled = true;
    this.isWhole = false;
    this.isCopied = false;
  }

  #act(act: RowAct): void {
    this.dispatchEvent(new CustomEvent("vstack-act", { detail: act }));
  }

  #typed = (event: Event): void => {
    if (!(event.target instanceof HTMLInputElement)) return;
    this.dispatchEvent(new CustomEvent("vstack-title", { detail: event.target.value }));
  };

  override render() {
    const { item } = this;
    const { state, fileName } = item;
    const isEditable = this.isTitled && (state.is === "chosen" || state.is === "checking");
    const isNamed = state.is !== "chosen" && state.is !== "checking" && state.is !== "refused";
    return html`<article aria-label=${fileName} data-state=${state.is}>
      <div class="head">
        ${
          isEditable
            ? html`<label>
                <span class="file">Title of ${fileName}, ${bytesText(item.sizeBytes)}</span>
                <input
                  class="title"
                  type="text"
                  aria-label="Title of ${fileName}"
                  maxlength=${MAX_TITLE_CHARACTERS}
                  .value=${item.title}
                  @input=${this.#typed}
                />
              </label>`
            : html`<div class="names">
                <h3>${isNamed ? item.title : fileName}</h3>
                ${isNamed ? html`<p class="file">${this.isWhole ? `${item.group?.size ?? 1} files` : html`${fileName}${renderGroup(item)}`}</p>` : nothing}
              </div>`
        }
        <div class="deeds">${this.#renderDeeds()}</div>
      </div>
      ${isEditable && state.is === "chosen" ? nothing : renderProgress(viewOf(item, this.nowMs), fileName)}
    </article>`;
  }

  #renderDeeds() {
    const { state, group, fileName } = this.item;
    const button = (act: RowAct, name: string) =>
      html`<button aria-label="${name} ${fileName}" @click=${() => this.#act(act)}>${name}</button>`;
    const cancel = button("cancel", group === null || this.isWhole ? "Cancel" : `Cancel all ${group.size}`);
    switch (state.is) {
      case "checking":
      case "chosen":
        return button("cancel", "Remove");
      case "refused":
        return button("dismiss", "Dismiss");
      case "queued":
      case "sending":
        return html`${button("pause", "Pause")} ${cancel}`;
      case "paused":
        return html`${button("resume", "Resume")} ${cancel}`;
      case "processing":
        return cancel;
      case "failed":
        return html`${AGAIN_NAMES[state.failure.again] === null ? nothing : button("again", AGAIN_NAMES[state.failure.again] ?? "")}
        ${button("dismiss", "Dismiss")}`;
      case "cancelling":
        return state.trouble === null ? nothing : button("cancel", "Try again");
      case "ready":
        return html`<a class="button primary" href=${PAGE_PATHS.watch(state.videoId)} data-page>Watch</a>
          <button @click=${() => void this.#copy(PAGE_PATHS.watch(state.videoId))}>
            ${this.isCopied ? "Copied" : "Copy link"}
          </button>
          ${button("dismiss", "Dismiss")}`;
    }
  }

  async #copy(path: string): Promise<void> {
    this.isCopied = await copyText(new URL(path, location.href).href);
    announce(this, this.isCopied ? "The link is copied" : "This browser does not allow copying here");
  }

  static override styles = [
    elementStyles,
    cardStyles,
    progressStyles,
    css`
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: start;
        justify-content: space-between;
        gap: var(--space-3) var(--space-4);
      }
      label ~ .deeds {
        align-self: end;
      }
      .names,
      label {
        flex: 1 1 12rem;
        min-width: 0;
        align-self: center;
      }
      h3 {
        font-size: 1.0625rem;
        font-weight: 600;
        line-height: 1.35;
        overflow-wrap: anywhere;
      }
      .file {
        display: block;
        color: var(--ink-soft);
        font-size: var(--size-small);
        overflow-wrap: anywhere;
      }
      label .file {
        margin-bottom: var(--space-1);
      }
      .title {
        width: 100%;
      }
      .deeds {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2);
      }
    `,
  ];
}

const AGAIN_NAMES: Readonly<Record<Failure["again"], string | null>> = {
  on: "Try again",
  start: "Start again",
  server: "Try again",
  none: null,
};

function renderGroup({ group }: QueueItem) {
  return group === null ? nothing : html` · one of ${group.size} files`;
}

customElements.define("vstack-upload-row", UploadRow);
