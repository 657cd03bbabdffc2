/** `<vstack-library-page>`: every video, searched, sorted and paged, with search and order in the URL; and what is on its way in. */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { metadataClient } from "#wire/client/metadata-client.ts";
import type { VideoSort, VideoSummary } from "#wire/contract/catalog-api.ts";
import { VIDEO_SORTS } from "#wire/contract/catalog-api.ts";
import { MAX_PAGE_VIDEOS } from "#wire/contract/limits.ts";
import { counted } from "../charts/quantities.ts";
import { announce } from "../shell/announce.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { replaceQuery } from "../shell/navigation.ts";
import { PAGE_PATHS } from "../shell/router.ts";
import "../upload/server-uploads.ts";
import type { ListedUpload } from "../upload/watch-uploads.ts";
import { watchUploads } from "../upload/watch-uploads.ts";
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

const SORT_NAMES: Readonly<Record<VideoSort, string>> = {
  newest: "Newest first",
  oldest: "Oldest first",
  title: "Title",
  longest: "Longest",
  largest: "Largest",
  views: "Most watched",
};
const PAGE_VIDEOS = 24;
/** After the last key press; a request per letter would be noise. */
const SEARCH_PAUSE_MS = 250;
/** While a video is being stored its card is asked for again this often. */
const ASK_AGAIN_MS = 4000;

export class LibraryPage extends LitElement {
  static override properties = {
    library: { state: true },
    search: { state: true },
    sort: { state: true },
    uploads: { state: true },
  };
  static override styles = [elementStyles, libraryStyles];

  declare library: Library;
  declare search: string;
  declare sort: VideoSort;
  /** On their way in, or failed. */
  declare uploads: readonly ListedUpload[];
  #life = new AbortController();
  #run = new AbortController();
  #pause: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #askUploads: () => void = () => undefined;

  constructor() {
    super();
    const query = new URL(location.href).searchParams;
    this.library = { is: "loading" };
    this.search = query.get("search") ?? "";
    this.sort = VIDEO_SORTS.find((sort) => sort === query.get("sort")) ?? "newest";
    this.uploads = [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.addEventListener("vstack-renamed", () => void this.#reload(), { signal });
    this.addEventListener("vstack-removed", () => void this.#removed(), { signal });
    this.#askUploads = watchUploads((uploads) => this.#listed(uploads), signal);
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#life.abort();
    this.#run.abort();
    clearTimeout(this.#pause);
    clearTimeout(this.#again);
  }

  /** An upload that came or went has changed the list of videos too. */
  #listed(uploads: readonly ListedUpload[]): void {
    const facts = (list: readonly ListedUpload[]) => list.map(({ id, phase }) => `${id} ${phase}`).join();
    const isNews = facts(uploads) !== facts(this.uploads);
    this.uploads = uploads;
    if (isNews) void this.#reload();
  }

  /** Everything that is shown, anew. */
  async #reload(): Promise<void> {
    if (this.library.is === "here") await this.#load(this.library.videos.length);
  }

  /** The menu that had the focus is gone with its card. */
  async #removed(): Promise<void> {
    this.#askUploads();
    await this.#reload();
    this.renderRoot.querySelector("h1")?.focus();
  }

  #query(limit: number) {
    const search = this.search.trim();
    return { sort: this.sort, limit, ...(search === "" ? {} : { search }) };
  }

  /** Asks for the first pages until `atLeast` videos are here, and replaces what is shown. */
  async #load(atLeast = 1): Promise<void> {
    this.#run.abort();
    this.#run = new AbortController();
    const { signal } = this.#run;
    clearTimeout(this.#again);
    try {
      const query = this.#query(Math.min(MAX_PAGE_VIDEOS, Math.max(PAGE_VIDEOS, atLeast)));
      let page = await metadataClient("").listVideos(query, signal);
      const videos = [...page.videos];
      while (videos.length < atLeast && page.next !== null) {
        page = await metadataClient("").listVideos({ ...query, after: page.next }, signal);
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

  /** The next page alone: the hundredth press of the button costs as little as the first. */
  #more = async (): Promise<void> => {
    const { library } = this;
    if (library.is !== "here" || library.next === null) return;
    const { signal } = this.#run;
    try {
      const page = await metadataClient("").listVideos({ ...this.#query(PAGE_VIDEOS), after: library.next }, signal);
      const known = new Set(library.videos.map(({ id }) => id));
      const videos = [...library.videos, ...page.videos.filter(({ id }) => !known.has(id))];
      this.library = { is: "here", videos, total: page.total, next: page.next };
    } catch (cause) {
      if (signal.aborted) return;
      announce(this, cause instanceof Error ? cause.message : String(cause));
      return;
    }
    await this.updateComplete;
    // The button may be gone: the focus goes to the first new card instead of nowhere.
    const card = this.renderRoot.querySelectorAll("vstack-video-card")[library.videos.length];
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

  #sorted = (event: Event): void => {
    if (!(event.target instanceof HTMLSelectElement)) return;
    const { value } = event.target;
    this.sort = VIDEO_SORTS.find((sort) => sort === value) ?? "newest";
    replaceQuery("sort", this.sort === "newest" ? "" : this.sort);
    void this.#load();
    announce(this, `Sorted: ${SORT_NAMES[this.sort]}`);
  };

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
          <select aria-label="Sort by" @change=${this.#sorted}>
            ${VIDEO_SORTS.map(
              (sort) => html`<option value=${sort} ?selected=${sort === this.sort}>${SORT_NAMES[sort]}</option>`,
            )}
          </select>
        </form>
      </header>
      ${this.#renderUploads()} ${this.#renderVideos()}
    </div>`;
  }

  #renderUploads() {
    if (this.uploads.length === 0 || this.search.trim() !== "") return nothing;
    const isAnyUnderWay = this.uploads.some(({ phase }) => phase !== "failed");
    return html`<section class="uploads" aria-labelledby="uploads">
      <h2 id="uploads">${isAnyUnderWay ? "On their way in" : "Could not be stored"}</h2>
      <vstack-server-uploads
        .uploads=${this.uploads}
        @vstack-changed=${() => this.#askUploads()}
      ></vstack-server-uploads>
    </section>`;
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
      <p>Upload the first video here, or from a terminal. It appears while it is being stored.</p>
      <a class="button primary" href=${PAGE_PATHS.upload} data-page>Upload a video</a>
      <pre tabindex="0" aria-label="Command">npx vstack upload FILE</pre>
    </section>`;
  }

  #clear = (): void => {
    this.search = "";
    void this.#searchNow();
  };

  #renderGrid({ videos, total, next }: Extract<Library, { is: "here" }>) {
    // What is shown with its progress or its failure above is not shown again.
    const above = new Set(this.search.trim() === "" ? this.uploads.map(({ videoId }) => videoId) : []);
    const shown = videos.filter(({ id, state }) => state === "ready" || !above.has(id));
    const count = total - (videos.length - shown.length);
    if (count === 0) return nothing;
    return html`
      <ul class="grid" aria-label="Videos">
        ${repeat(
          shown,
          ({ id }) => id,
          (video) => html`<li><vstack-video-card .video=${video}></vstack-video-card></li>`,
        )}
      </ul>
      <footer>
        <p>${shown.length} of ${counted(count, "video")}</p>
        ${next === null ? nothing : html`<button @click=${this.#more}>Show more</button>`}
      </footer>
    `;
  }
}

customElements.define("vstack-library-page", LibraryPage);
