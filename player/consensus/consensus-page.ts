/**
 * `<vstack-consensus-page>`: ChunkPaxos to be stepped through, meddled with and broken: the shipped machines under the
 * simulator of the tests, in the page. And live: what the proposer of this cluster says and hears.
 */
import { html, LitElement, nothing } from "lit";
import { announce } from "../shell/announce.ts";
import { elementStyles } from "../shell/element-styles.ts";
import "./acceptor-table.ts";
import { consensusStyles } from "./consensus-styles.ts";
import "./flying-list.ts";
import "./ladder-view.ts";
import "./live-view.ts";
import "./message-comparison.ts";
import "./node-ring.ts";
import "./play-controls.ts";
import { wishOfKey } from "./play-keys.ts";
import type { PlayState } from "./play-session.ts";
import { PlaySession } from "./play-session.ts";
import { playStyles } from "./play-styles.ts";
import { PLAY_WISH, PlayWishEvent } from "./play-wish.ts";
import { frameAt, frameOfEvent } from "./recording.ts";
import "./scenario-bar.ts";
import { OPEN_SETUP, OpenSetupEvent } from "./scenario-bar.ts";
import "./space-time-view.ts";
import "./step-view.ts";

type View = "play" | "live";

export class ConsensusPage extends LitElement {
  static override properties = { state: { state: true }, view: { state: true } };
  static override styles = [elementStyles, playStyles, consensusStyles];

  declare state: PlayState | undefined;
  declare view: View;
  #run = new AbortController();
  #session: PlaySession | undefined;

  constructor() {
    super();
    this.state = undefined;
    this.view = viewOfAddress();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#run = new AbortController();
    const { signal } = this.#run;
    const session = new PlaySession((state, words) => {
      this.state = state;
      if (words !== "") announce(this, words);
    }, signal);
    this.#session = session;
    this.state = session.state;
    this.addEventListener(
      PLAY_WISH,
      (event) => {
        if (event instanceof PlayWishEvent) session.obey(event.wish);
      },
      { signal },
    );
    this.addEventListener(
      OPEN_SETUP,
      (event) => {
        if (event instanceof OpenSetupEvent) session.open(event.setup);
      },
      { signal },
    );
    window.addEventListener("keydown", this.#pressed, { signal });
    window.addEventListener("popstate", () => (this.view = viewOfAddress()), { signal });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#run.abort();
  }

  #pressed = (event: KeyboardEvent): void => {
    const { state } = this;
    if (state === undefined || this.view === "live") return;
    const wish = wishOfKey(event, { at: state.at, last: state.recording.frames.length - 1 });
    if (wish === undefined) return;
    event.preventDefault();
    this.#session?.obey(wish);
  };

  #choose(view: View): void {
    if (view === this.view) return;
    this.view = view;
    if (view === "live") {
      this.#session?.rest();
      history.pushState(null, "", `${location.pathname}?view=live`);
    } else if (this.state !== undefined) this.#session?.open(this.state.recording.setup);
  }

  override render() {
    return html`<div class="page">
      <header>
        <div>
          <h1 tabindex="-1">Consensus</h1>
          <p class="lead">
            How storage nodes agree on what a chunk is and where it lies, without a leader. Step through it, get in its way,
            break its rules.
          </p>
        </div>
        <div class="views" role="group" aria-label="What to see">
          <button aria-pressed=${this.view === "play"} @click=${() => this.#choose("play")}>Simulation</button>
          <button aria-pressed=${this.view === "live"} @click=${() => this.#choose("live")}>Live</button>
        </div>
      </header>
      ${this.view === "live" ? html`<vstack-consensus-live></vstack-consensus-live>` : this.#renderPlay()}
    </div>`;
  }

  #renderPlay() {
    const { state } = this;
    if (state === undefined) return nothing;
    const { recording, at, selected } = state;
    const { view, eventCount } = frameAt(recording, at);
    const last = recording.frames.length - 1;
    const pick = (event: Event) => {
      const index: unknown = event instanceof CustomEvent ? event.detail : undefined;
      if (typeof index === "number") this.#session?.obey({ want: "go", at: frameOfEvent(recording, index) });
    };
    return html`
      <vstack-scenario-bar .setup=${recording.setup} .outcome=${frameAt(recording, last).view.violation}></vstack-scenario-bar>
      <vstack-play-controls
        .at=${at}
        .last=${last}
        .isPlaying=${state.isPlaying}
        .stepsPerSecond=${state.stepsPerSecond}
      ></vstack-play-controls>
      ${view.violation === null ? nothing : this.#renderViolation(view.violation.invariant, view.violation.text)}
      <div class="stage">
        <div class="card ring">
          <vstack-node-ring .recording=${recording} .at=${at} .selected=${selected}></vstack-node-ring>
        </div>
        <vstack-step .recording=${recording} .at=${at} .selected=${selected}></vstack-step>
      </div>
      <section class="card" aria-labelledby="space-time">
        <div class="head">
          <h2 id="space-time">Over time</h2>
          <p class="legend">
            <span>□ in memory</span><span>■ flushed to disk</span><span>× lost</span><span>★ decided</span
            ><span>◆ told</span><span>— asks</span><span>- - answers</span>
          </p>
        </div>
        <vstack-space-time
          .events=${recording.events}
          .eventCount=${eventCount}
          .nodeIds=${view.nodes.map(({ nodeId }) => nodeId)}
          .selected=${selected}
          @vstack-pick-event=${pick}
        ></vstack-space-time>
      </section>
      <div class="tables">
        <div class="side">
          <vstack-acceptors .view=${view}></vstack-acceptors>
          <vstack-ballot-ladder .recording=${recording} .at=${at}></vstack-ballot-ladder>
        </div>
        <vstack-flying-list .view=${view} .selected=${selected}></vstack-flying-list>
      </div>
      <vstack-message-comparison></vstack-message-comparison>
      <p class="hint log">
        Log <code>${recording.hash}</code>: ${recording.events.length} events in ${last} steps, the same wherever
        this address is opened. Keys: <kbd>←</kbd> <kbd>→</kbd> step, <kbd>Space</kbd> play, <kbd>N</kbd> next decision,
        <kbd>Home</kbd> <kbd>End</kbd>.
      </p>
    `;
  }

  #renderViolation(invariant: string, text: string) {
    return html`<section class="violation" aria-labelledby="violation">
      <h2 id="violation">⚠ Violation of ${invariant}</h2>
      <p>${text}.</p>
    </section>`;
  }
}

function viewOfAddress(): View {
  return new URLSearchParams(location.search).get("view") === "live" ? "live" : "play";
}

customElements.define("vstack-consensus-page", ConsensusPage);
