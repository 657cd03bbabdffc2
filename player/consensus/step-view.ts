/**
 * `<vstack-step>`: what happens in this step, in words with the phase and the reason; the counters; and below it the
 * transcript of everything until now, in which every line leads to its moment.
 */
import { css, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { SimulationEvent } from "#core/simulation/consensus/events.ts";
import { explain } from "#core/simulation/consensus/explain.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { KIND_LOOKS, PHASE_LOOKS } from "./event-looks.ts";
import { MomentView } from "./moment-view.ts";
import { playStyles } from "./play-styles.ts";
import { PlayWishEvent } from "./play-wish.ts";
import type { Recording } from "./recording.ts";
import { eventsOfFrame, frameAt, frameOfEvent } from "./recording.ts";

/** Lines of the transcript that are shown; the whole can be copied. */
const LINES_SHOWN = 300;

export class StepView extends MomentView {
  override updated(changed: Map<string, unknown>): void {
    if (!changed.has("at") && !changed.has("recording")) return;
    const list = this.renderRoot.querySelector("ol");
    if (list !== null) list.scrollTop = list.scrollHeight;
  }

  override render() {
    const { recording } = this;
    if (recording === undefined) return nothing;
    const { view, eventCount } = frameAt(recording, this.at);
    const now = eventsOfFrame(recording, this.at);
    const { requests, answers, withBytes } = view.counts;
    const reasons = [...new Set(now.map((event) => explain(event)).filter((reason) => reason !== ""))];
    const past = recording.events.slice(Math.max(0, eventCount - LINES_SHOWN), eventCount);
    return html`<section class="card" aria-label="This step">
        <div class="head">
          <h2>Step ${this.at} of ${recording.frames.length - 1}</h2>
          <span class="hint">${view.atMs.toFixed(1)} ms, simulated</span>
        </div>
        ${
          now.length === 0
            ? html`<p>Nothing has happened yet. Step forward, or press Play.</p>`
            : html`<ul class="now">
                ${now.map((event) => renderNow(event))}
              </ul>`
        }
        ${reasons.slice(0, 3).map((reason) => html`<p class="why">${reason}.</p>`)}
        <dl>
          <div>
            <dt>Messages</dt>
            <dd class="messages">${requests + answers}</dd>
          </div>
          <div>
            <dt>asked</dt>
            <dd>${requests}</dd>
          </div>
          <div>
            <dt>answered</dt>
            <dd>${answers}</dd>
          </div>
          <div>
            <dt>with bytes</dt>
            <dd>${withBytes}</dd>
          </div>
        </dl>
      </section>
      <section class="card transcript" aria-label="Transcript">
        <h2>Transcript</h2>
        <div class="lines">
          <ol tabindex="0" aria-label="Everything until now">
          ${repeat(
            past,
            ({ index }) => index,
            (event) => this.#renderLine(recording, event),
          )}
          </ol>
        </div>
      </section>`;
  }

  #renderLine(recording: Recording, event: SimulationEvent) {
    const { index, atMs, kind, text, message } = event;
    const isLit = message !== null && message === this.selected;
    const go = () => this.dispatchEvent(new PlayWishEvent({ want: "go", at: frameOfEvent(recording, index) }));
    const light = () => {
      if (message !== null) this.dispatchEvent(new PlayWishEvent({ want: "select", message }));
    };
    return html`<li class="${kind} ${isLit ? "selected" : ""}" data-event=${index}>
      <button class="line" @click=${go} @pointerenter=${light}>
        <span class="time">${atMs.toFixed(1)}</span><span class="sign" aria-hidden="true">${KIND_LOOKS[kind].sign}</span
        ><span>${text}</span>
      </button>
    </li>`;
  }

  static override styles = [
    elementStyles,
    playStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        grid-template-rows: auto minmax(0, 1fr);
        gap: var(--space-4);
      }
      .now {
        display: grid;
        gap: 6px;
      }
      .now li {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--space-2);
        font-weight: 500;
        overflow-wrap: anywhere;
      }
      .now .tag {
        justify-self: start;
        height: 1.7em;
        padding: 0 8px;
        border: 1px solid currentColor;
        border-radius: 1em;
        font-size: 0.75rem;
        font-weight: 600;
        line-height: 1.6em;
        white-space: nowrap;
      }
      .now .decide,
      .now .outcome {
        color: var(--good);
      }
      .now .violation,
      .now .crash,
      .now .wipe {
        color: var(--bad);
      }
      .why {
        padding-left: var(--space-3);
        border-left: 3px solid var(--line);
        color: var(--ink-soft);
        font-size: 0.9375rem;
      }
      dl {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2) var(--space-5);
        padding-top: var(--space-3);
        border-top: 1px solid var(--line);
      }
      dl div {
        display: flex;
        flex-direction: column-reverse;
      }
      dt {
        color: var(--ink-soft);
        font-size: var(--size-small);
      }
      dd {
        font-size: 1.25rem;
        font-weight: 600;
        font-variant-numeric: tabular-nums;
        line-height: 1.2;
      }
      .transcript {
        grid-template-rows: auto minmax(0, 1fr);
      }
      /* As tall as what stands beside it leaves; the list scrolls in it. */
      .lines {
        position: relative;
        min-height: 13rem;
      }
      ol {
        position: absolute;
        inset: 0;
        margin: 0;
        padding: 0;
        overflow-y: auto;
        list-style: none;
      }
      button.line {
        display: grid;
        grid-template-columns: 3.4rem 1.5rem minmax(0, 1fr);
        justify-content: start;
        width: 100%;
        min-height: 28px;
        padding: 3px 4px;
        border-color: transparent;
        border-radius: 6px;
        background: transparent;
        font-size: var(--size-small);
        font-weight: 400;
        line-height: 1.4;
        text-align: start;
        overflow-wrap: anywhere;
      }
      .line .time {
        color: var(--ink-soft);
        font-variant-numeric: tabular-nums;
        text-align: end;
        padding-right: 8px;
      }
      .line .sign {
        text-align: center;
      }
      .line:hover,
      .selected .line {
        background: var(--accent-wash);
      }
      li.decide .line,
      li.violation .line {
        font-weight: 650;
      }
      li.violation .line {
        color: var(--bad);
      }
      @media (max-width: 46rem) {
        .now li {
          grid-template-columns: minmax(0, 1fr);
          gap: 4px;
        }
      }
    `,
  ];
}

function renderNow({ kind, phase, text, index }: SimulationEvent) {
  const tag = phase === null ? KIND_LOOKS[kind].name : `${PHASE_LOOKS[phase].name} ${KIND_LOOKS[kind].name}`;
  return html`<li class=${kind} data-event=${index}><span class="tag">${tag}</span><span>${text}</span></li>`;
}

customElements.define("vstack-step", StepView);
