/** `<vstack-embed-page>`: the player alone, filling the frame that another page gives it. */
import { css, html, LitElement, type PropertyValues } from "lit";
import type { VideoId } from "#core/ids.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import type { Video } from "#wire/contract/catalog-api.ts";
import { errorCode } from "#wire/contract/errors.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { randomName } from "../shell/random-name.ts";
import "./video-surface.ts";

export class EmbedPage extends LitElement {
  static override properties = { videoId: { attribute: false }, video: { state: true }, notice: { state: true } };

  declare videoId: VideoId;
  declare video: Video | undefined;
  /** Instead of the player, when there is nothing to play. */
  declare notice: string;
  #run = new AbortController();
  readonly #viewing = randomName();

  constructor() {
    super();
    this.notice = "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#run.abort();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("videoId")) return;
    this.#run.abort();
    this.#run = new AbortController();
    void this.#load();
  }

  async #load(): Promise<void> {
    try {
      this.video = await metadataClient("").video(this.videoId, this.#run.signal);
      document.title = `${this.video.title} · V-Stack`;
      if (this.video.state !== "ready") this.notice = "This video is not ready. Look again later.";
    } catch (error) {
      if (this.#run.signal.aborted) return;
      // Away for a moment: the worker may have all that is needed, and the player says so when not.
      if (["not-found", "gone"].includes(errorCode(error))) this.notice = "There is no such video (any more).";
    }
  }

  #countView = (): void => {
    // A view that cannot be reported is lost: the viewer must not notice.
    metadataClient("")
      .reportView(this.videoId, this.#viewing, this.#run.signal)
      .catch(() => undefined);
  };

  override render() {
    if (this.notice !== "") return html`<p class="notice" role="alert">${this.notice}</p>`;
    return html`<main>
      <h1 class="visually-hidden">${this.video?.title ?? "Video"}</h1>
      <vstack-player
        fill
        video-id=${this.videoId}
        strategy="smart"
        label=${this.video?.title ?? "Video"}
        .facts=${this.video}
        @vstack-viewed=${this.#countView}
      ></vstack-player>
    </main>`;
  }

  static override styles = [
    elementStyles,
    css`
      :host {
        display: block;
        height: 100vh;
        height: 100dvh;
        background: #000;
      }
      main,
      vstack-player {
        display: block;
        height: 100%;
      }
      .notice {
        display: grid;
        place-items: center;
        height: 100%;
        padding: var(--space-5);
        color: #f4f5f7;
        text-align: center;
      }
    `,
  ];
}

customElements.define("vstack-embed-page", EmbedPage);
