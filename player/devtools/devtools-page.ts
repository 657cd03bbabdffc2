/** `<vstack-devtools-page>`: the panel alone, for a second window or screen. */
import { css, html, LitElement, nothing } from "lit";
import { elementStyles } from "../shell/element-styles.ts";
import { absenceText } from "../shell/worker-absence.ts";
import { workerLink } from "../shell/worker-link.ts";
import "./vstack-devtools.ts";

export class DevtoolsPage extends LitElement {
  #stop: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = workerLink.listen(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
  }

  override render() {
    return html`<div class="page">
      <h1 tabindex="-1">Devtools</h1>
      <p class="lead">${renderWorker()}</p>
      <vstack-devtools></vstack-devtools>
    </div>`;
  }

  static override styles = [
    elementStyles,
    css`
      .page {
        max-width: 110rem;
        margin: 0 auto;
        padding: var(--space-6) var(--space-5) var(--space-7);
      }
      h1 {
        font-size: var(--size-title);
        font-weight: 650;
        letter-spacing: -0.015em;
        line-height: 1.2;
      }
      .lead {
        max-width: 72ch;
        margin: var(--space-2) 0 var(--space-5);
        color: var(--ink-soft);
      }
      @media (max-width: 46rem) {
        .page {
          padding: var(--space-5) var(--space-3);
        }
      }
    `,
  ];
}

function renderWorker() {
  const { status } = workerLink;
  switch (status.state) {
    case "starting":
      return html`Waiting for the service worker.`;
    case "outdated":
      return html`The service worker is of another version than this page: reload the page when it suits you.`;
    case "absent": {
      const { why, remedy } = absenceText(status.absence, location.origin);
      return html`There is no service worker to look into. ${why} ${remedy}`;
    }
    case "ready": {
      const since = status.startedAtMs > 0 ? new Date(status.startedAtMs).toLocaleTimeString("en-GB") : undefined;
      return html`What the service worker of this browser does, for all open tabs.
      ${since === undefined ? nothing : `Version ${status.version}, running since ${since}.`}`;
    }
  }
}

customElements.define("vstack-devtools-page", DevtoolsPage);
