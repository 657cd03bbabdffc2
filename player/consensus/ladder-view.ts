/** `<vstack-ballot-ladder>`: the ballots of a key, the highest on top; who promised, who accepted, where a majority decided. */
import { css, html, LitElement, nothing } from "lit";
import { nodeLook } from "../charts/node-look.ts";
import { elementStyles } from "../shell/element-styles.ts";
import type { Mark, Rung } from "./ballot-ladder.ts";
import { keysAt, ladderOf } from "./ballot-ladder.ts";
import { playStyles } from "./play-styles.ts";
import { PlayWishEvent } from "./play-wish.ts";
import type { Recording } from "./recording.ts";

export class LadderView extends LitElement {
  static override properties = { recording: { attribute: false }, at: { attribute: false }, key: { state: true } };

  declare recording: Recording | undefined;
  declare at: number;
  /** The key that the person chose; the first one otherwise. */
  declare key: string;

  constructor() {
    super();
    this.recording = undefined;
    this.at = 0;
    this.key = "";
  }

  override render() {
    const { recording } = this;
    if (recording === undefined) return nothing;
    const keys = keysAt(recording, this.at);
    const key = keys.includes(this.key) ? this.key : (keys[0] ?? "");
    const { nodeIds, rungs } = ladderOf(recording, this.at, key);
    return html`<div class="card">
      <div class="head">
        <h2>Ballots ${key === "" ? "" : `of ${key}`}</h2>
        ${keys.length < 2 ? nothing : this.#renderKeys(keys, key)}
      </div>
      ${
        rungs.length === 0
          ? html`<p class="hint">No acceptor has heard of a ballot yet.</p>`
          : html`<div class="scroller" tabindex="0" role="group" aria-label="Ballots: scrolls sideways">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Ballot</th>
                    ${nodeIds.map(
                      (nodeId) => html`<th scope="col">
                        <i class="dot" style="background: ${nodeLook(nodeId).colour}"></i> ${nodeId}
                      </th>`,
                    )}
                    <th scope="col">On disks now</th>
                  </tr>
                </thead>
                <tbody>
                  ${rungs.map((rung) => this.#renderRung(rung, nodeIds))}
                </tbody>
              </table>
            </div>`
      }
      <p class="legend">
        <span>◔ promised</span><span>○ accepted, in memory</span><span>● accepted, on disk</span><span>★ majority</span>
      </p>
    </div>`;
  }

  #renderKeys(keys: readonly string[], key: string) {
    const choose = (event: Event) => {
      if (event.target instanceof HTMLSelectElement) this.key = event.target.value;
    };
    return html`<select aria-label="Position" @change=${choose}>
      ${keys.map((one) => html`<option value=${one} ?selected=${one === key}>${one}</option>`)}
    </select>`;
  }

  #renderRung({ ballot, valueId, marks, votes, quorum, decidedAt }: Rung, nodeIds: readonly string[]) {
    return html`<tr class=${decidedAt === null ? "" : "decided"}>
      <th scope="row">
        <code>${ballot.epoch}.${ballot.round}</code> ${ballot.proposer}
        ${valueId === null ? nothing : html`<span class="value">${valueId}</span>`}
      </th>
      ${marks.map((mark, at) => html`<td>${this.#renderMark(mark, nodeIds[at] ?? "")}</td>`)}
      <td class="votes">
        ${votes} of ${quorum}
        ${
          decidedAt === null
            ? nothing
            : html`<button class="small star" @click=${() => this.#go(decidedAt)}>
                ★ decided<span class="visually-hidden">: go there</span>
              </button>`
        }
      </td>
    </tr>`;
  }

  #renderMark({ promisedAt, acceptedAt, isDurable, isGone }: Mark, nodeId: string) {
    const at = acceptedAt ?? promisedAt;
    if (at === null) return nothing;
    const sign = acceptedAt === null ? "◔" : isDurable ? "●" : "○";
    const did = acceptedAt === null ? "promised" : "accepted";
    const words = `${nodeId} ${did}${isGone ? ", and has lost it" : isDurable ? "" : ", not on its disk yet"}: go there`;
    return html`<button class="small mark ${isGone ? "gone" : ""}" aria-label=${words} title=${words} @click=${() => this.#go(at)}>
      ${sign}
    </button>`;
  }

  #go(at: number): void {
    this.dispatchEvent(new PlayWishEvent({ want: "go", at }));
  }

  static override styles = [
    elementStyles,
    playStyles,
    css`
      th[scope="row"] {
        border-top: 1px solid var(--line);
        color: var(--ink);
        font-size: 0.875rem;
      }
      .value {
        display: block;
        color: var(--ink-soft);
        font-size: 0.75rem;
        font-weight: 400;
      }
      td {
        padding: 3px var(--space-1);
      }
      button.mark {
        padding: 0;
        border-color: transparent;
        background: transparent;
        font-size: 1.0625rem;
      }
      button.mark:hover {
        border-color: var(--line-strong);
      }
      .gone {
        color: var(--bad);
        text-decoration: line-through;
      }
      .votes {
        white-space: nowrap;
      }
      .star {
        border-color: var(--good);
        color: var(--good);
        font-weight: 600;
      }
      .decided th,
      .decided td {
        background: color-mix(in srgb, var(--good) 9%, transparent);
      }
    `,
  ];
}

customElements.define("vstack-ballot-ladder", LadderView);
