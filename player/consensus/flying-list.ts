/** `<vstack-flying-list>`: messages on their way, each to be dropped, held back or doubled; and who asks, to be killed. */
import { css, html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { MessageView, PlayView, ProgramView } from "#core/simulation/consensus/playground.ts";
import type { UserAction } from "#core/simulation/consensus/user-actions.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { PHASE_LOOKS } from "./event-looks.ts";
import { playStyles } from "./play-styles.ts";
import { PlayWishEvent } from "./play-wish.ts";

/** What "hold back" means: longer than a deadline of the scenarios. */
const HOLD_BACK_MS = 50;

export class FlyingList extends LitElement {
  static override properties = { view: { attribute: false }, selected: { attribute: false } };

  declare view: PlayView | undefined;
  declare selected: number | null;

  constructor() {
    super();
    this.view = undefined;
    this.selected = null;
  }

  override render() {
    const { view } = this;
    if (view === undefined) return nothing;
    const { flying, programs } = view;
    return html`<div class="card">
      <h2>On their way: ${flying.length}</h2>
      ${
        flying.length === 0
          ? html`<p class="hint">No message is under way.</p>`
          : html`<ul>
              ${repeat(
                flying,
                ({ id }) => id,
                (message) => this.#renderMessage(message),
              )}
            </ul>`
      }
      <h2>Who asks</h2>
      <div class="row">
        ${programs.map((program) => this.#renderProgram(program))}
        <button class="small" @click=${() => this.#act({ do: "rival" })}>Another upload</button>
        <button class="small" @click=${() => this.#act({ do: "read" })}>Somebody reads</button>
      </div>
    </div>`;
  }

  #renderMessage(message: MessageView) {
    const { id, from, to, phase, isAnswer, hasBytes, text, cause } = message;
    const { letter, colour, name } = PHASE_LOOKS[phase];
    const select = () => this.dispatchEvent(new PlayWishEvent({ want: "select", message: id }));
    const deed = (word: string, action: UserAction) =>
      html`<button class="small" @click=${() => this.#act(action)}>
        ${word}<span class="visually-hidden"> message ${id} from ${from} to ${to}</span>
      </button>`;
    return html`<li
      class=${id === this.selected ? "selected" : ""}
      data-message=${id}
      data-event=${cause ?? ""}
      @pointerenter=${select}
      @focusin=${select}
    >
      <span class="what"
        ><span class="phase ${hasBytes && !isAnswer ? "bytes" : ""}" style="color: ${colour}" aria-hidden="true"
          >${letter}</span
        >
        <span><b>${from} → ${to}</b> <span class="hint">${name}${isAnswer ? ", answer" : ""}</span><br />${text}</span></span
      >
      <span class="row"
        >${deed("Drop", { do: "drop", message: id })}
        ${deed("Hold back", { do: "delay", message: id, byMs: HOLD_BACK_MS })}
        ${deed("Double", { do: "duplicate", message: id })}</span
      >
    </li>`;
  }

  #renderProgram({ name, isUp }: ProgramView) {
    return isUp
      ? html`<button class="small" @click=${() => this.#act({ do: "kill", who: name })}>Kill ${name}</button>`
      : html`<button class="small" @click=${() => this.#act({ do: "restart", who: name })}>Start ${name}</button>`;
  }

  #act(action: UserAction): void {
    this.dispatchEvent(new PlayWishEvent({ want: "act", action }));
  }

  static override styles = [
    elementStyles,
    playStyles,
    css`
      ul {
        display: grid;
        max-height: 22rem;
        overflow-y: auto;
      }
      li {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 6px var(--space-3);
        padding: var(--space-2) 6px;
        border-top: 1px solid var(--line);
        font-size: 0.875rem;
      }
      li:first-child {
        border-top: 0;
      }
      li.selected {
        background: var(--accent-wash);
      }
      .what {
        display: flex;
        flex: 1 1 14rem;
        gap: var(--space-2);
        min-width: 0;
        line-height: 1.4;
        overflow-wrap: anywhere;
      }
      .phase {
        flex: none;
        margin-top: 2px;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
      }
    `,
  ];
}

customElements.define("vstack-flying-list", FlyingList);
