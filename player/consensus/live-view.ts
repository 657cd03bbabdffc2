/** `<vstack-consensus-live>`: what the proposer of this cluster says and hears, each proposal drawn, and the rules checked on it. */
import { css, html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { PositionAnswer } from "#wire/contract/consensus-view-api.ts";
import { durationText } from "../charts/quantities.ts";
import { elementStyles } from "../shell/element-styles.ts";
import type { LiveProposal } from "./live-check.ts";
import { LIVE_INVARIANTS } from "./live-check.ts";
import type { LiveView } from "./live-link.ts";
import { LiveLink } from "./live-link.ts";
import { liveText, logOf, shortId } from "./live-log.ts";
import { playStyles } from "./play-styles.ts";
import "./space-time-view.ts";

const STATUS_WORDS: Readonly<Record<LiveView["status"], string>> = {
  connecting: "○ connecting",
  listening: "● listening",
  lost: "✖ connection lost, trying again",
};

export class ConsensusLive extends LitElement {
  static override properties = { view: { state: true }, chosen: { state: true } };

  declare view: LiveView | undefined;
  /** Number of the proposal that is shown; the newest one otherwise. */
  declare chosen: number | null;
  #run = new AbortController();
  #link: LiveLink | undefined;

  constructor() {
    super();
    this.view = undefined;
    this.chosen = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#run = new AbortController();
    this.#link = new LiveLink((view) => (this.view = view), this.#run.signal);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#run.abort();
  }

  override render() {
    const { view } = this;
    const proposals = view?.check.proposals ?? [];
    const shown = proposals.find(({ proposal }) => proposal === this.chosen) ?? proposals[0];
    return html`<div class="bar">
        <p><b class="status">${STATUS_WORDS[view?.status ?? "connecting"]}</b> <span class="hint">what this cluster's proposer says and hears</span></p>
        <button class="primary" @click=${() => void this.#link?.read()}>Read a position</button>
      </div>
      ${view === undefined || view.trouble === "" ? nothing : html`<p class="trouble" role="alert">${view.trouble}</p>`}
      ${view === undefined ? nothing : renderCheck(view)}
      ${
        shown === undefined
          ? html`<p class="calm">
              Nothing has been proposed since this page listens. Upload a video, or press <b>Read a position</b>.
            </p>`
          : html`<div class="stage">${this.#renderList(proposals, shown)} ${renderShown(shown)}</div>`
      }
      ${view?.position === undefined ? nothing : renderPosition(view.position)}`;
  }

  #renderList(proposals: readonly LiveProposal[], shown: LiveProposal) {
    return html`<section class="card" aria-labelledby="proposals">
      <h2 id="proposals">Proposals, newest first</h2>
      <ul>
        ${repeat(
          proposals,
          ({ proposal }) => proposal,
          ({ proposal, key, outcome, tookMs, events }) => html`<li>
            <button
              class="line"
              aria-pressed=${proposal === shown.proposal}
              @click=${() => (this.chosen = proposal)}
              data-proposal=${proposal}
            >
              <span class="key">${key}</span>
              <span class="hint"
                >${outcome ?? "under way"}${tookMs === null ? "" : ` in ${durationText(tookMs)}`},
                ${events.filter(({ kind }) => kind === "send").length} asked</span
              >
            </button>
          </li>`,
        )}
      </ul>
    </section>`;
  }

  static override styles = [
    elementStyles,
    playStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-4);
      }
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: var(--space-3);
      }
      .stage {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-4);
        align-items: start;
      }
      @media (min-width: 60rem) {
        .stage {
          grid-template-columns: 20rem minmax(0, 1fr);
        }
      }
      .calm {
        padding: var(--space-4);
        border: 1px dashed var(--line-strong);
        border-radius: var(--radius-large);
        color: var(--ink-soft);
      }
      .trouble {
        color: var(--bad);
      }
      .checks {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-1) var(--space-5);
      }
      .ok {
        color: var(--good);
      }
      .broken {
        color: var(--bad);
        font-weight: 600;
      }
      ul {
        max-height: 26rem;
        overflow-y: auto;
      }
      button.line {
        display: grid;
        justify-items: start;
        justify-content: start;
        width: 100%;
        padding: 6px 8px;
        border-color: transparent;
        background: transparent;
        text-align: start;
      }
      button.line[aria-pressed="true"] {
        background: var(--accent-wash);
      }
      .key {
        font: 0.8125rem / 1.4 var(--font-mono);
        overflow-wrap: anywhere;
      }
      ol {
        display: grid;
        gap: 3px;
        max-height: 18rem;
        margin: 0;
        padding: 0;
        overflow-y: auto;
        list-style: none;
        font-size: 0.875rem;
      }
      ol li {
        display: grid;
        grid-template-columns: 4.5rem minmax(0, 1fr);
        overflow-wrap: anywhere;
      }
      ol span:first-child {
        color: var(--ink-soft);
        font-variant-numeric: tabular-nums;
      }
    `,
  ];
}

function renderCheck({ check, skipped }: LiveView) {
  const { violations, checked } = check;
  return html`<section class="card" aria-labelledby="checks">
    <div class="head">
      <h2 id="checks">Checked on ${checked} outcome${checked === 1 ? "" : "s"}</h2>
      <span class="hint">${skipped === 0 ? "every proposal is followed" : `${skipped} proposals were not followed`}</span>
    </div>
    <ul class="checks">
      ${LIVE_INVARIANTS.map((name) => {
        const broken = violations.filter(({ invariant }) => invariant === name);
        if (checked === 0) return html`<li class="hint">– ${name}: no data</li>`;
        return broken.length === 0
          ? html`<li class="ok">✓ ${name}</li>`
          : html`<li class="broken">⚠ ${name}: ${broken[0]?.text} (${broken[0]?.key})</li>`;
      })}
    </ul>
  </section>`;
}

function renderShown(shown: LiveProposal) {
  const events = logOf(shown);
  const nodeIds = [...new Set(shown.events.flatMap(({ nodeId }) => nodeId ?? []))].sort();
  return html`<section class="card" aria-labelledby="shown">
    <div class="head">
      <h2 id="shown">${shown.key}</h2>
      <span class="hint">${shown.quorum} of ${nodeIds.length} acceptors decide</span>
    </div>
    <vstack-space-time
      .events=${events}
      .eventCount=${events.length}
      .nodeIds=${nodeIds}
      .label=${`Messages of ${shown.key}`}
    ></vstack-space-time>
    <p class="hint">Measured on the server's clock; when a message reached its node is drawn half-way, as nobody measured it.</p>
    <ol tabindex="0" aria-label="What was said">
      ${shown.events.map(
        (event) =>
          html`<li><span>${(event.atMs - shown.beganMs).toFixed(2)} ms</span><span>${liveText(event)}</span></li>`,
      )}
    </ol>
  </section>`;
}

function renderPosition({ position, group, epoch, members, value }: PositionAnswer) {
  return html`<section class="card" aria-labelledby="position">
    <div class="head">
      <h2 id="position">What the acceptors have for ${position}</h2>
      <span class="hint">group ${group}, epoch ${epoch}</span>
    </div>
    <div class="scroller" tabindex="0" role="group" aria-label="Acceptors: scrolls sideways">
      <table>
        <thead>
          <tr>
            <th scope="col">Node</th>
            <th scope="col">Says</th>
            <th scope="col">Ballot</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          ${members.map(
            ({ nodeId, says, ballot, valueId, version }) => html`<tr>
              <td>${nodeId}</td>
              <td>${says}</td>
              <td>${ballot === null ? "–" : `${ballot.epoch}.${ballot.round}`}</td>
              <td>${valueId === null ? "–" : html`<code>${shortId(valueId)}</code> version ${version}`}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="hint">
      ${value === null ? "Nothing stands." : html`By a majority, <code>${shortId(value.id)}</code> stands, version ${value.version}.`}
    </p>
  </section>`;
}

customElements.define("vstack-consensus-live", ConsensusLive);
