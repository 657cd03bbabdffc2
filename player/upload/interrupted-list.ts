/**
 * `<vstack-interrupted .entries .listed>`: what earlier pages of this browser have begun, and how to go on with it.
 *
 * Events: `vstack-given-up` after the server has taken one back.
 */
import { css, html, LitElement } from "lit";
import { bytesText, percentText } from "../charts/quantities.ts";
import { confirmDeed } from "../shell/confirm-dialog.ts";
import { elementStyles } from "../shell/element-styles.ts";
import type { Remembered } from "./interrupted-uploads.ts";
import { uploadQueue } from "./upload-queue.ts";
import type { ListedUpload } from "./watch-uploads.ts";

export class InterruptedList extends LitElement {
  static override properties = { entries: { attribute: false }, listed: { attribute: false } };

  declare entries: readonly Remembered[];
  /** Uploads as the server knows them. */
  declare listed: readonly ListedUpload[];

  async #giveUp(entry: Remembered): Promise<void> {
    const isDone = await confirmDeed({
      title: `Give up “${entry.title}”?`,
      text: "What was received of it is removed. The file on your disk stays as it is.",
      ...{ yes: "Give it up", no: "Keep it", isDangerous: true },
      run: (_text, signal) => uploadQueue.abandon(entry, signal),
    });
    if (isDone) this.dispatchEvent(new CustomEvent("vstack-given-up"));
  }

  override render() {
    const { entries } = this;
    return html`<section aria-labelledby="left">
      <h2 id="left">Interrupted</h2>
      <p class="hint">
        Choose, drop or paste the same ${entries.length === 1 ? "file" : "files"} again: sending goes on where it stopped.
        The browser may not open a file by itself.
      </p>
      <ul>
        ${entries.map((entry) => html`<li>${this.#renderEntry(entry)}</li>`)}
      </ul>
    </section>`;
  }

  #renderEntry(entry: Remembered) {
    const { title, fileName, sizeBytes, uploadId } = entry;
    const received = this.listed.find(({ id }) => id === uploadId)?.receivedBytes ?? 0;
    return html`<div class="words">
        <h3>${title}</h3>
        <p>
          ${fileName}, ${bytesText(sizeBytes)}:
          ${received === 0 ? "nothing received yet" : `${percentText(received / sizeBytes)} received`}
        </p>
      </div>
      <button aria-label="Give up ${fileName}" @click=${() => void this.#giveUp(entry)}>Give up</button>`;
  }

  static override styles = [
    elementStyles,
    css`
      section,
      ul {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-3);
      }
      h2 {
        font-size: var(--size-large);
        font-weight: 600;
        line-height: 1.3;
      }
      .hint {
        max-width: 70ch;
        color: var(--ink-soft);
        font-size: 0.9375rem;
      }
      li {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: var(--space-3) var(--space-4);
        padding: var(--space-4);
        border: 1px solid var(--warn);
        border-radius: var(--radius-large);
        background: var(--warn-wash);
      }
      .words {
        flex: 1 1 14rem;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      h3 {
        font-size: 1.0625rem;
        font-weight: 600;
      }
      .words p {
        font-size: 0.9375rem;
        font-variant-numeric: tabular-nums;
      }
    `,
  ];
}

customElements.define("vstack-interrupted", InterruptedList);
