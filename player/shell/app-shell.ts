/** `<vstack-app>`: header, the page of the address, key help, and the polite live region. */
import { html, LitElement, nothing } from "lit";
import { ANNOUNCE } from "./announce.ts";
import { elementStyles } from "./element-styles.ts";
import "./help-dialog.ts";
import { HelpDialog } from "./help-dialog.ts";
import { isLabCluster } from "./lab-mode.ts";
import { watchNavigation } from "./navigation.ts";
import type { Route } from "./router.ts";
import { PAGE_PATHS, parseRoute } from "./router.ts";
import { shellStyles } from "./shell-styles.ts";
import type { Theme } from "./theme.ts";
import { applyTheme, storedTheme, THEMES } from "./theme.ts";
import { UPLOADING } from "./uploading-mark.ts";
import { workerLink } from "./worker-link.ts";

const TITLES: Readonly<Record<Route["page"], string>> = {
  library: "Library · V-Stack",
  watch: "Watch · V-Stack",
  embed: "V-Stack",
  upload: "Upload · V-Stack",
  devtools: "Devtools · V-Stack",
  nodes: "Nodes · V-Stack",
  storage: "Storage · V-Stack",
  chaos: "Chaos · V-Stack",
  bench: "Benchmarks · V-Stack",
  consensus: "Consensus · V-Stack",
  "not-found": "Not found · V-Stack",
};
/** Loaded when first shown: the library does not wait for the playback library. */
const PAGES: Readonly<Record<Route["page"], () => Promise<unknown>>> = {
  library: () => import("../library/library-page.ts"),
  watch: () => import("../watch/watch-page.ts"),
  embed: () => import("../watch/embed-page.ts"),
  upload: () => import("../upload/upload-page.ts"),
  devtools: () => import("../devtools/devtools-page.ts"),
  nodes: () => import("../nodes/nodes-page.ts"),
  storage: () => import("../storage/storage-page.ts"),
  chaos: () => import("../chaos/chaos-page.ts"),
  bench: () => import("../bench/bench-page.ts"),
  consensus: () => import("../consensus/consensus-page.ts"),
  "not-found": () => Promise.resolve(),
};
/** Words that follow each other faster than this are one announcement: the last. */
const ANNOUNCE_PAUSE_MS = 500;

export class AppShell extends LitElement {
  static override properties = {
    route: { state: true },
    theme: { state: true },
    said: { state: true },
    uploading: { state: true },
    isLab: { state: true },
  };
  static override styles = [elementStyles, shellStyles];

  declare route: Route;
  declare theme: Theme;
  declare said: string;
  /** Files that this page is sending. */
  declare uploading: number;
  /** Whether the cluster was started with `--lab`. */
  declare isLab: boolean;
  #run = new AbortController();
  #speak: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.route = parseRoute(location.pathname);
    this.theme = storedTheme();
    this.said = "";
    this.uploading = 0;
    this.isLab = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#run = new AbortController();
    const { signal } = this.#run;
    applyTheme(this.theme);
    document.title = TITLES[this.route.page];
    void PAGES[this.route.page]();
    watchNavigation((kind) => void this.#moved(kind), signal);
    this.addEventListener(ANNOUNCE, (event) => this.#announce(event), { signal });
    window.addEventListener("keydown", this.#pressed, { signal });
    window.addEventListener(
      UPLOADING,
      (event) => (this.uploading = event instanceof CustomEvent ? Number(event.detail) : 0),
      { signal },
    );
    // Registered on every page, so that the worker is there when the first video is opened.
    void workerLink.connect();
    if (this.route.page !== "embed") void isLabCluster().then((isLab) => (this.isLab = isLab));
  }

  /** On a narrow phone the links do not all fit: the one of this page is in sight. */
  override updated(changed: Map<string, unknown>): void {
    if (!changed.has("route") && !changed.has("isLab")) return;
    const link = this.renderRoot.querySelector("nav a[aria-current]");
    const nav = link?.parentElement;
    if (link === null || nav === null || nav === undefined) return;
    const hiddenPx = link.getBoundingClientRect().right - nav.getBoundingClientRect().right;
    if (hiddenPx > 0) nav.scrollLeft += Math.ceil(hiddenPx);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#run.abort();
  }

  async #moved(kind: "push" | "replace" | "history"): Promise<void> {
    const route = parseRoute(location.pathname);
    const isSamePage = JSON.stringify(route) === JSON.stringify(this.route);
    if (kind === "replace" && isSamePage) return;
    this.route = route;
    document.title = TITLES[route.page];
    await Promise.all([PAGES[route.page](), this.updateComplete]);
    if (kind === "push") window.scrollTo(0, 0);
    await this.#focusHeading();
  }

  /** A new page begins at its heading, for screen readers and for the next press of Tab. */
  async #focusHeading(): Promise<void> {
    const page = this.renderRoot.querySelector("main > :first-child");
    if (page instanceof LitElement) await page.updateComplete;
    const heading = (page?.shadowRoot ?? this.renderRoot.querySelector("main"))?.querySelector("h1");
    heading?.focus({ preventScroll: true });
  }

  #announce(event: Event): void {
    const said: unknown = event instanceof CustomEvent ? event.detail : "";
    clearTimeout(this.#speak);
    // The same words twice are spoken twice only when the region was empty in between.
    this.said = "";
    this.#speak = setTimeout(() => (this.said = String(said)), ANNOUNCE_PAUSE_MS);
  }

  #pressed = (event: KeyboardEvent): void => {
    const [target] = event.composedPath();
    const isTyping = target instanceof HTMLInputElement && target.type !== "radio" && target.type !== "range";
    if (event.key !== "?" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#help();
  };

  #help = (): void => {
    const dialog = this.renderRoot.querySelector("vstack-help");
    if (dialog instanceof HelpDialog) dialog.toggle();
  };

  #chooseTheme = (event: Event): void => {
    if (!(event.target instanceof HTMLSelectElement)) return;
    const { value } = event.target;
    this.theme = THEMES.find((theme) => theme === value) ?? "auto";
    applyTheme(this.theme);
  };

  #skip = (): void => {
    void this.#focusHeading();
  };

  override render() {
    if (this.route.page === "embed")
      return html`<vstack-embed-page .videoId=${this.route.videoId}></vstack-embed-page>`;
    return html`
      <header>
        <button class="skip" @click=${this.#skip}>Skip to the content</button>
        <a class="brand" href=${PAGE_PATHS.library} data-page>
          <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
            <rect width="32" height="32" rx="8" fill="var(--accent)" />
            <g fill="var(--on-accent)">
              <path d="M8 9h16v3.4H8z" opacity=".55" />
              <path d="M8 14.3h16v3.4H8z" opacity=".78" />
              <path d="M8 19.6h10.5V23H8zM20.5 18.6l4.6 2.7-4.6 2.7z" />
            </g>
          </svg>
          <span>V-Stack</span>
        </a>
        <nav aria-label="Pages">
          ${this.#renderLink("library", "Library")} ${this.#renderLink("upload", "Upload")}
          ${this.#renderLink("nodes", "Nodes")} ${this.#renderLink("storage", "Storage")}
          ${this.#renderLink("consensus", "Consensus")} ${this.#renderLink("devtools", "Devtools")}
          ${this.isLab ? html`${this.#renderLink("chaos", "Chaos")} ${this.#renderLink("bench", "Benchmarks")}` : nothing}
        </nav>
        <div class="tools">
          <select aria-label="Theme" @change=${this.#chooseTheme}>
            ${THEMES.map(
              (theme) => html`<option value=${theme} ?selected=${theme === this.theme}>${THEME_NAMES[theme]}</option>`,
            )}
          </select>
          <button class="quiet" aria-label="Keys and help" @click=${this.#help}>?</button>
        </div>
      </header>
      <main>${this.#renderPage()}</main>
      <vstack-help></vstack-help>
      <p class="visually-hidden" role="status" aria-live="polite">${this.said}</p>
    `;
  }

  #renderLink(page: Exclude<keyof typeof PAGE_PATHS, "watch">, name: string) {
    const isHere = this.route.page === page;
    const count = page === "upload" && this.uploading > 0 ? this.uploading : undefined;
    return html`<a href=${PAGE_PATHS[page]} data-page aria-current=${isHere ? "page" : nothing}
      >${name}${
        count === undefined
          ? nothing
          : html`<span class="count">${count}<span class="visually-hidden"> under way</span></span>`
      }</a
    >`;
  }

  #renderPage() {
    switch (this.route.page) {
      case "library":
        return html`<vstack-library-page></vstack-library-page>`;
      case "watch":
        return html`<vstack-watch-page .videoId=${this.route.videoId}></vstack-watch-page>`;
      case "upload":
        return html`<vstack-upload-page></vstack-upload-page>`;
      case "embed":
        return nothing;
      case "devtools":
        return html`<vstack-devtools-page></vstack-devtools-page>`;
      case "nodes":
        return html`<vstack-nodes-page></vstack-nodes-page>`;
      case "storage":
        return html`<vstack-storage-page></vstack-storage-page>`;
      case "chaos":
        return html`<vstack-chaos-page></vstack-chaos-page>`;
      case "bench":
        return html`<vstack-bench-page></vstack-bench-page>`;
      case "consensus":
        return html`<vstack-consensus-page></vstack-consensus-page>`;
      case "not-found":
        return html`<section class="not-found">
          <h1 tabindex="-1">Nothing is at this address</h1>
          <p><code>${this.route.path}</code> is no page of V-Stack.</p>
          <p><a href=${PAGE_PATHS.library} data-page>Go to the library</a></p>
        </section>`;
    }
  }
}

const THEME_NAMES: Readonly<Record<Theme, string>> = { auto: "◐ Auto", light: "☀ Light", dark: "☾ Dark" };

customElements.define("vstack-app", AppShell);
