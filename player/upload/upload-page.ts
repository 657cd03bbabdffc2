/** `<vstack-upload-page>`: files in, and everything that is under way: here, left behind by an earlier page, or elsewhere. */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { liveClock } from "#wire/client/live-clock.ts";
import { MAX_TITLE_CHARACTERS } from "#wire/contract/limits.ts";
import { counted } from "../charts/quantities.ts";
import { announce } from "../shell/announce.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { pageStyles } from "../shell/page-styles.ts";
import "./drop-area.ts";
import "./interrupted-list.ts";
import type { Remembered } from "./interrupted-uploads.ts";
import { uploadMemory } from "./interrupted-uploads.ts";
import { areOneVideo, canBeOneVideo, titleOfVideo } from "./one-video.ts";
import type { QueueItem } from "./queue-item.ts";
import { rowsOf } from "./queue-rows.ts";
import { isUnderWay, MAX_SENDS } from "./queue-state.ts";
import "./server-uploads.ts";
import { uploadQueue } from "./upload-queue.ts";
import type { RowAct } from "./upload-row.ts";
import "./upload-row.ts";
import { uploadStyles } from "./upload-styles.ts";
import type { ListedUpload } from "./watch-uploads.ts";
import { watchUploads } from "./watch-uploads.ts";

/** A send that stands still tells nothing by itself: its rate is looked at this often. */
const TICK_MS = 1000;
const ACTS: readonly RowAct[] = ["pause", "resume", "cancel", "again", "dismiss"];

export class UploadPage extends LitElement {
  static override properties = {
    isOneVideo: { state: true },
    groupTitle: { state: true },
    left: { state: true },
    listed: { state: true },
    trouble: { state: true },
  };
  static override styles = [elementStyles, pageStyles, uploadStyles];

  /** Whether the chosen files are one video; undefined until the person says so. */
  declare isOneVideo: boolean | undefined;
  declare groupTitle: string;
  /** What earlier pages have begun. */
  declare left: readonly Remembered[];
  /** Uploads as the server knows them; undefined until it was asked. */
  declare listed: readonly ListedUpload[] | undefined;
  declare trouble: string;
  #run = new AbortController();
  #askAgain: () => void = () => undefined;
  /** States that were announced already. */
  readonly #said = new Map<string, string>();

  constructor() {
    super();
    this.isOneVideo = undefined;
    this.groupTitle = "";
    this.left = [];
    this.listed = undefined;
    this.trouble = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#run = new AbortController();
    const { signal } = this.#run;
    signal.addEventListener("abort", uploadQueue.listen(this.#changed));
    uploadMemory.listen(() => void this.#lookBehind(), signal);
    this.#askAgain = watchUploads((uploads) => (this.listed = uploads), signal);
    const tick = setInterval(() => {
      if (uploadQueue.items.some(isUnderWay)) this.requestUpdate();
    }, TICK_MS);
    signal.addEventListener("abort", () => clearInterval(tick));
    void this.#lookBehind();
    this.addEventListener("vstack-files", (event) => this.#take(event), { signal });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#run.abort();
  }

  #changed = (): void => {
    this.requestUpdate();
    for (const { id, state, title, fileName } of uploadQueue.items) {
      if (this.#said.get(id) === state.is) continue;
      this.#said.set(id, state.is);
      if (state.is === "ready") announce(this, `${title} is stored and can be watched`);
      if (state.is === "failed") announce(this, `${fileName}: ${state.failure.message}`);
      if (state.is === "refused") announce(this, state.why);
      void this.#lookBehind();
    }
  };

  async #lookBehind(): Promise<void> {
    this.left = await uploadQueue.interrupted();
  }

  #take(event: Event): void {
    const files: unknown = event instanceof CustomEvent ? event.detail : [];
    if (!Array.isArray(files)) return;
    const given = files.filter((file) => file instanceof File);
    const tooMany = uploadQueue.add(given);
    this.trouble =
      tooMany === 0
        ? ""
        : `${counted(tooMany, "file")} did not fit on the list. Send these first, then choose the others.`;
  }

  get #chosen(): readonly QueueItem[] {
    return uploadQueue.items.filter(({ state }) => state.is === "chosen");
  }

  #start = (): void => {
    const title = this.groupTitle.trim() === "" ? titleOfVideo(this.#chosen) : this.groupTitle;
    uploadQueue.start(this.#isGrouped ? title : undefined);
    this.isOneVideo = undefined;
    this.groupTitle = "";
  };

  get #isGrouped(): boolean {
    return areOneVideo(this.#chosen, this.isOneVideo);
  }

  async #act(id: string, event: Event): Promise<void> {
    const act = ACTS.find((known) => event instanceof CustomEvent && event.detail === known);
    if (act === undefined) return;
    uploadQueue.act(act, id);
    await this.updateComplete;
    // The row may be gone, and the focus with it.
    if (this.shadowRoot?.activeElement === null) this.renderRoot.querySelector("h1")?.focus({ preventScroll: true });
  }

  #titled(id: string, event: Event): void {
    const title: unknown = event instanceof CustomEvent ? event.detail : "";
    uploadQueue.rename(id, String(title));
  }

  #clear = (): void => {
    for (const { id, state } of uploadQueue.items) if (state.is === "ready") uploadQueue.act("dismiss", id);
  };

  override render() {
    const { items } = uploadQueue;
    return html`<div class="page">
      <header>
        <h1 tabindex="-1">Upload</h1>
        <p class="lead">
          Videos are cut into pieces and kept three times, on different nodes. A broken connection, a reload or a restart
          of the server costs nothing that was sent.
        </p>
      </header>
      <vstack-drop-area ?compact=${items.length > 0}></vstack-drop-area>
      ${this.trouble === "" ? nothing : html`<p class="trouble" role="alert">${this.trouble}</p>`}
      ${this.#renderChosen()} ${this.#renderLeft()} ${this.#renderQueue(items)} ${this.#renderElsewhere(items)}
    </div>`;
  }

  #renderRow(item: QueueItem, { isTitled = true, isWhole = false } = {}) {
    return html`<li>
      <vstack-upload-row
        .item=${item}
        .nowMs=${liveClock.nowMs()}
        ?titled=${isTitled}
        ?whole=${isWhole}
        @vstack-act=${(event: Event) => void this.#act(item.id, event)}
        @vstack-title=${(event: Event) => this.#titled(item.id, event)}
      ></vstack-upload-row>
    </li>`;
  }

  /** What waits for the person. */
  #renderChosen() {
    const waiting = uploadQueue.items.filter(({ state }) => ["checking", "chosen", "refused"].includes(state.is));
    if (waiting.length === 0) return nothing;
    const count = this.#chosen.length;
    return html`<section aria-labelledby="chosen">
      <h2 id="chosen">Before the start</h2>
      ${
        canBeOneVideo(this.#chosen)
          ? html`<div class="group">
              <label class="check">
                <input type="checkbox" .checked=${this.#isGrouped} @change=${this.#group} />
                <span>
                  These files are one video
                  <small>
                    A film and its subtitles (film.en.vtt, film.srt), or the same picture in several sizes with keyframes
                    at the same times.
                  </small>
                </span>
              </label>
              ${
                this.#isGrouped
                  ? html`<label class="title">
                      Title of the video
                      <input
                        type="text"
                        maxlength=${MAX_TITLE_CHARACTERS}
                        placeholder=${titleOfVideo(this.#chosen)}
                        .value=${this.groupTitle}
                        @input=${this.#typed}
                      />
                    </label>`
                  : nothing
              }
            </div>`
          : nothing
      }
      <ul>
        ${repeat(
          waiting,
          ({ id }) => id,
          (item) => this.#renderRow(item, { isTitled: !this.#isGrouped }),
        )}
      </ul>
      ${
        count === 0
          ? nothing
          : html`<button class="primary start" @click=${this.#start}>
              ${this.#isGrouped ? `Upload ${count} files as one video` : `Upload ${counted(count, "file")}`}
            </button>`
      }
    </section>`;
  }

  #group = (event: Event): void => {
    if (event.target instanceof HTMLInputElement) this.isOneVideo = event.target.checked;
  };

  #typed = (event: Event): void => {
    if (event.target instanceof HTMLInputElement) this.groupTitle = event.target.value;
  };

  /** What an earlier page has begun and the server still waits for. */
  #renderLeft() {
    const open = this.left.filter((entry) => this.#isStillOpen(entry));
    if (open.length === 0) return nothing;
    return html`<vstack-interrupted
      .entries=${open}
      .listed=${this.listed ?? []}
      @vstack-given-up=${() => {
        void this.#lookBehind();
        this.#askAgain();
      }}
    ></vstack-interrupted>`;
  }

  /** An upload that the server has whole, or not at all, is none to go on with. */
  #isStillOpen({ uploadId }: Remembered): boolean {
    if (uploadId === null || this.listed === undefined) return true;
    return this.listed.find(({ id }) => id === uploadId)?.phase === "receiving";
  }

  #renderQueue(items: readonly QueueItem[]) {
    const begun = items.filter(({ state }) => !["checking", "chosen", "refused"].includes(state.is));
    if (begun.length === 0) return nothing;
    const isWaiting = begun.some(({ state }) => state.is === "queued");
    return html`<section aria-labelledby="queue">
      <div class="section-head">
        <h2 id="queue">From this page</h2>
        ${
          begun.some(({ state }) => state.is === "ready")
            ? html`<button class="quiet" @click=${this.#clear}>Clear what is stored</button>`
            : nothing
        }
      </div>
      ${isWaiting ? html`<p class="hint">${MAX_SENDS} files are sent at once; the others follow by themselves.</p>` : nothing}
      <ul>
        ${repeat(
          rowsOf(begun),
          ({ item }) => item.id,
          ({ item, isWhole }) => this.#renderRow(item, { isWhole }),
        )}
      </ul>
    </section>`;
  }

  #renderElsewhere(items: readonly QueueItem[]) {
    const known = new Set([...items, ...this.left].map(({ uploadId }) => uploadId));
    const others = (this.listed ?? []).filter(
      ({ id, phase }) => !known.has(id) || (phase !== "receiving" && !isOurs(items, id)),
    );
    if (others.length === 0) return nothing;
    return html`<section aria-labelledby="elsewhere">
      <h2 id="elsewhere">On the server</h2>
      <vstack-server-uploads .uploads=${others} @vstack-changed=${() => this.#askAgain()}></vstack-server-uploads>
    </section>`;
  }
}

function isOurs(items: readonly QueueItem[], uploadId: string): boolean {
  return items.some((item) => item.uploadId === uploadId);
}

customElements.define("vstack-upload-page", UploadPage);
