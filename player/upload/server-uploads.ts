/**
 * `<vstack-server-uploads .uploads>`: uploads that the server knows, whoever sends them, with reason and retry.
 *
 * Events: `vstack-changed` after one was retried or removed.
 */
import { css, html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { liveClock } from "#wire/client/live-clock.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import { announce } from "../shell/announce.ts";
import { confirmDeed } from "../shell/confirm-dialog.ts";
import { cardStyles } from "../shell/card-styles.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { viewOfStatus } from "./item-view.ts";
import { progressStyles, renderProgress } from "./render-progress.ts";
import { NOTHING_SEEN } from "./transfer-rate.ts";
import type { ListedUpload } from "./watch-uploads.ts";

export class ServerUploads extends LitElement {
  static override properties = {
    uploads: { attribute: false },
    pending: { state: true },
    troubles: { state: true },
  };

  declare uploads: readonly ListedUpload[];
  /** Uploads with a request under way. */
  declare pending: ReadonlySet<string>;
  /** Why the last request about an upload failed. */
  declare troubles: ReadonlyMap<string, string>;
  #run = new AbortController();

  constructor() {
    super();
    this.uploads = [];
    this.pending = new Set();
    this.troubles = new Map();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#run = new AbortController();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#run.abort();
  }

  async #ask(upload: ListedUpload, request: (signal: AbortSignal) => Promise<void>, done: string): Promise<void> {
    const { id } = upload;
    this.pending = new Set([...this.pending, id]);
    this.troubles = new Map([...this.troubles].filter(([known]) => known !== id));
    try {
      await request(this.#run.signal);
      announce(this, done);
      this.dispatchEvent(new CustomEvent("vstack-changed"));
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.troubles = new Map([...this.troubles, [id, detail]]);
    } finally {
      this.pending = new Set([...this.pending].filter((known) => known !== id));
    }
  }

  #retry(upload: ListedUpload): void {
    void this.#ask(
      upload,
      (signal) => metadataClient("").retryUpload(upload.id, signal),
      `${upload.title} begins again`,
    );
  }

  #dismiss(upload: ListedUpload): void {
    void this.#ask(upload, (signal) => metadataClient("").removeUpload(upload.id, signal), `${upload.title} dismissed`);
  }

  async #cancel(upload: ListedUpload): Promise<void> {
    const isSure = await confirmDeed({
      title: `Cancel “${upload.title}”?`,
      text: "What was received and stored of it is removed everywhere. This cannot be undone.",
      yes: "Cancel the upload",
      no: "Keep it",
    });
    if (isSure) {
      void this.#ask(
        upload,
        (signal) => metadataClient("").removeUpload(upload.id, signal),
        `${upload.title} cancelled`,
      );
    }
  }

  override render() {
    return html`<ul>
      ${repeat(
        this.uploads,
        ({ id }) => id,
        (upload) => html`<li>${this.#renderUpload(upload)}</li>`,
      )}
    </ul>`;
  }

  #renderUpload(upload: ListedUpload) {
    const around = { progression: NOTHING_SEEN, nowMs: liveClock.nowMs(), isGrouped: false };
    const trouble = this.troubles.get(upload.id);
    return html`<article aria-label=${upload.title}>
      <div class="head">
        <div class="names">
          <h3>${upload.title}</h3>
          ${upload.filename === "" ? nothing : html`<p class="file">${upload.filename}</p>`}
        </div>
        <div class="deeds">${this.#renderDeeds(upload)}</div>
      </div>
      ${renderProgress(viewOfStatus(upload, around), upload.title)}
      ${trouble === undefined ? nothing : html`<p class="trouble" role="alert">${trouble}.</p>`}
    </article>`;
  }

  #renderDeeds(upload: ListedUpload) {
    const isPending = this.pending.has(upload.id);
    if (upload.phase !== "failed") {
      return html`<button
        aria-label="Cancel ${upload.title}"
        ?disabled=${isPending}
        @click=${() => void this.#cancel(upload)}
      >
        ${isPending ? "Cancelling…" : "Cancel"}
      </button>`;
    }
    return html`${
      upload.canRetry
        ? html`<button aria-label="Try ${upload.title} again" ?disabled=${isPending} @click=${() => this.#retry(upload)}>
            Try again
          </button>`
        : nothing
    }
      <button aria-label="Dismiss ${upload.title}" ?disabled=${isPending} @click=${() => this.#dismiss(upload)}>
        Dismiss
      </button>`;
  }

  static override styles = [
    elementStyles,
    cardStyles,
    progressStyles,
    css`
      ul {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-3);
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: var(--space-3) var(--space-4);
      }
      .names {
        flex: 1 1 10rem;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      h3 {
        font-size: 1.0625rem;
        font-weight: 600;
        line-height: 1.35;
      }
      .file {
        color: var(--ink-soft);
        font-size: var(--size-small);
      }
      .deeds {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2);
      }
      .trouble {
        color: var(--bad);
        font-size: 0.9375rem;
      }
    `,
  ];
}

customElements.define("vstack-server-uploads", ServerUploads);
