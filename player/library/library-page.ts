/** `<vstack-library-page>`: every video, newest as the server orders them; searched and paged, with the search in the URL. */
import { html, LitElement, nothing } from "lit";
import { metadataClient } from "#wire/client/metadata-client.ts";
import type { VideoSummary } from "#wire/contract/catalog-api.ts";
import { counted } from "../charts/quantities.ts";
import { announce } from "../shell/announce.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { replaceQuery } from "../shell/navigation.ts";
import { libraryStyles } from "./library-styles.ts";
import "./video-card.ts";

type Library =
  | { readonly is: "loading" }
  | {
      readonly is: "here";
      readonly videos: readonly VideoSummary[];
      readonly total: number;
      readonly next: string | null;
    }
  | { readonly is: "failed"; readonly detail: string };

const PAGE_VIDEOS = 24;
/** After the last key press; a request per letter would be noise. */
const SEARCH_PAUSE_MS = 250;
/** While a video is being stored its card is asked for again this often. */
const ASK_AGAIN_MS = 4000;

export class LibraryPage extends LitElement {
  static override properties = { library: { state: true }, search: { state: true } };
  static override styles = [elementStyles, libraryStyles];

  declare library: Library;
  declare search: string;
  #run = new AbortController();
  #pause: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.library = { is: "loading" };
    this.search = new URL(location.href).searchParams.get("search") ?? "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#run.abort();
    clearTimeout(this.#pause);
    clearTimeout(this.#again);
  }

  /** Asks for the first pages until `atLeast` videos are here, and replaces what is shown. */
  async #load(atLeast = 1): Promise<void> {
    this.#run.abort();
    this.#run = new AbortController();
    const { signal } = this.#run;
    clearTimeout(this.#again);
    try {
      const search = this.search.trim();
      const found = search === "" ? {} : { search };
      let page = await metadataClient("").listVideos({ ...found, limit: PAGE_VIDEOS }, signal);
      const videos = [...page.videos];
      while (videos.length < atLeast && page.next !== null) {
        page = await metadataClient("").listVideos({ ...found, limit: PAGE_VIDEOS, after: page.next }, signal);
        videos.push(...page.videos);
      }
      this.library = { is: "here", videos, total: page.total, next: page.next };
      if (videos.some((video) => video.state === "processing")) {
        this.#again = setTimeout(() => void this.#load(videos.length), ASK_AGAIN_MS);
      }
    } catch (cause) {
      if (signal.aborted) return;
      this.library = { is: "failed", detail: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  #more = async (): Promise<void> => {
    if (this.library.is !== "here") return;
    const shown = this.library.videos.length;
    await this.#load(shown + 1);
    await this.updateComplete;
    // The button may be gone: the focus goes to the first new card instead of nowhere.
    const card = this.renderRoot.querySelectorAll("vstack-video-card")[shown];
    if (card instanceof HTMLElement) card.focus();
  };

  #typed = (event: Event): void => {
    if (!(event.target instanceof HTMLInputElement)) return;
    this.search = event.target.value;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.#searchNow(), SEARCH_PAUSE_MS);
  };

  async #searchNow(): Promise<void> {
    replaceQuery("search", this.search.trim());
    await this.#load();
    if (this.library.is === "here") announce(this, `${counted(this.library.total, "video")} found`);
  }

  override render() {
    return html`<div class="page">
      <header>
        <div>
          <h1 tabindex="-1">Library</h1>
          <p class="lead">Kept on a handful of ordinary servers. Your browser chooses where each piece comes from.</p>
        </div>
        <form role="search" @submit=${(event: Event) => event.preventDefault()}>
          <label class="visually-hidden" for="search">Search by title</label>
          <input id="search" type="search" placeholder="Search by title" .value=${this.search} @input=${this.#typed} />
        </form>
      </header>
      ${this.#renderVideos()}
    </div>`;
  }

  #renderVideos() {
    const { library } = this;
    switch (library.is) {
      case "loading":
        return html`<p class="visually-hidden" role="status">Loading the library</p>
          <ul class="grid" aria-hidden="true">
            ${[1, 2, 3].map(() => html`<li class="ghost"></li>`)}
          </ul>`;
      case "failed":
        return html`<section class="state" role="alert">
          <h2>The library could not be read</h2>
          <p>${library.detail}.</p>
          <p>Is the cluster running? <code>npx vstack status</code> tells.</p>
          <button class="primary" @click=${() => void this.#load()}>Try again</button>
        </section>`;
      case "here":
        return library.videos.length === 0 ? this.#renderEmpty() : this.#renderGrid(library);
    }
  }

  #renderEmpty() {
    if (this.search.trim() !== "") {
      return html`<section class="state">
        <h2>No title contains “${this.search.trim()}”</h2>
        <p>Try fewer letters, or look at everything.</p>
        <button @click=${this.#clear}>Show all videos</button>
      </section>`;
    }
    return html`<section class="state">
      <h2>Nothing here yet</h2>
      <p>Store the first video from a terminal. It appears here while it is being stored.</p>
      <pre tabindex="0" aria-label="Command">npx vstack upload FILE</pre>
    </section>`;
  }

  #clear = (): void => {
    this.search = "";
    void this.#searchNow();
  };

  #renderGrid({ videos, total, next }: Extract<Library, { is: "here" }>) {
    return html`
      <ul class="grid" aria-label="Videos">
        ${videos.map((video) => html`<li><vstack-video-card .video=${video}></vstack-video-card></li>`)}
      </ul>
      <footer>
        <p>${videos.length} of ${counted(total, "video")}</p>
        ${next === null ? nothing : html`<button @click=${this.#more}>Show more</button>`}
      </footer>
    `;
  }
}

customElements.define("vstack-library-page", LibraryPage);
