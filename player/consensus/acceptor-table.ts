/**
 * `<vstack-acceptors>`: what every acceptor has promised and accepted, in memory and on its disk, and what a person may do to
 * it: kill, restart, wipe, and by the boxes cut off or choose as members.
 */
import { css, html, LitElement, nothing } from "lit";
import type { Register } from "#core/consensus/acceptor.ts";
import type { Body } from "#core/simulation/consensus/events.ts";
import type { NodeView, PlayView, RegisterView } from "#core/simulation/consensus/playground.ts";
import type { UserAction } from "#core/simulation/consensus/user-actions.ts";
import { nodeLook } from "../charts/node-look.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { playStyles } from "./play-styles.ts";
import { PlayWishEvent } from "./play-wish.ts";

export class AcceptorTable extends LitElement {
  static override properties = { view: { attribute: false }, chosen: { state: true } };

  declare view: PlayView | undefined;
  /** Nodes whose boxes are ticked. */
  declare chosen: readonly string[];

  constructor() {
    super();
    this.view = undefined;
    this.chosen = [];
  }

  override render() {
    const { view } = this;
    if (view === undefined) return nothing;
    const { epoch, members } = view.active;
    return html`<div class="card">
      <div class="head">
        <h2>Acceptors</h2>
        <span class="hint">Epoch ${epoch}: ${members.map(({ nodeId }) => nodeId).join(" ")} vote</span>
      </div>
      <div class="scroller" tabindex="0" role="group" aria-label="Acceptors: scrolls sideways">
        <table>
          <thead>
            <tr>
              <th scope="col">Node</th>
              <th scope="col">Position</th>
              <th scope="col">Promised</th>
              <th scope="col">Accepted</th>
              <th scope="col">On disk</th>
              <th scope="col">Do</th>
            </tr>
          </thead>
          <tbody>
            ${view.nodes.map((node) => this.#renderNode(node))}
          </tbody>
        </table>
      </div>
      ${this.#renderChosen()}
    </div>`;
  }

  #renderNode(node: NodeView) {
    const { nodeId, registers } = node;
    const rows = registers.length === 0 ? [undefined] : registers;
    return rows.map(
      (register, at) => html`<tr class=${node.isUp ? "" : "down"}>
        ${
          at > 0
            ? nothing
            : html`<th scope="row" rowspan=${rows.length}>
                <label class="who"
                  ><input
                    type="checkbox"
                    .checked=${this.chosen.includes(nodeId)}
                    @change=${() => this.#choose(nodeId)}
                  /><i class="dot" style="background: ${nodeLook(nodeId).colour}"></i> ${nodeId}</label
                >
                <span class="state">${stateText(node)}</span>
              </th>`
        }
        ${register === undefined ? html`<td colspan="4" class="hint">remembers nothing</td>` : renderRegister(register)}
        ${at > 0 ? nothing : html`<td rowspan=${rows.length}>${this.#renderDeeds(node)}</td>`}
      </tr>`,
    );
  }

  #renderDeeds({ nodeId, isUp }: NodeView) {
    return html`<div class="deeds">
      ${
        isUp
          ? this.#renderDeed("Kill", `${nodeId}: what is not on its disk is lost`, { do: "kill", who: nodeId })
          : this.#renderDeed("Start", `${nodeId} again`, { do: "restart", who: nodeId })
      }
      ${this.#renderDeed("Wipe", `${nodeId}: an empty disk takes the place of its own`, { do: "wipe", node: nodeId })}
    </div>`;
  }

  #renderChosen() {
    const nodes = this.chosen.filter((name) => this.view?.nodes.some(({ nodeId }) => nodeId === name) === true);
    const names = nodes.length === 0 ? "the ticked nodes" : nodes.join(", ");
    const ofThem = (name: string, action: UserAction) => html`<button
      class="small"
      ?disabled=${nodes.length === 0}
      @click=${() => this.#act(action)}
    >
      ${name}
    </button>`;
    return html`<div class="deeds" role="group" aria-label="With ${names}">
      ${ofThem(`Cut off ${names}`, { do: "partition", nodes })}
      ${ofThem(`Let ${names} vote from now on`, { do: "reconfigure", nodes })}
      <button class="small" @click=${() => this.#act({ do: "heal" })}>Heal the network</button>
    </div>`;
  }

  #renderDeed(name: string, more: string, action: UserAction) {
    return html`<button class="small" @click=${() => this.#act(action)}>
      ${name}<span class="visually-hidden"> ${more}</span>
    </button>`;
  }

  #choose(nodeId: string): void {
    const isChosen = this.chosen.includes(nodeId);
    this.chosen = isChosen ? this.chosen.filter((one) => one !== nodeId) : [...this.chosen, nodeId].sort();
  }

  #act(action: UserAction): void {
    this.dispatchEvent(new PlayWishEvent({ want: "act", action }));
  }

  static override styles = [
    elementStyles,
    playStyles,
    css`
      th[scope="row"] {
        padding: var(--space-2) var(--space-2) var(--space-2) 0;
        border-top: 1px solid var(--line);
        color: var(--ink);
        font-size: 0.875rem;
        vertical-align: top;
      }
      .who {
        display: inline-flex;
        align-items: center;
        gap: 7px;
        min-height: 32px;
        font-weight: 600;
        cursor: pointer;
      }
      .who input {
        width: 18px;
        height: 18px;
        margin: 0;
        accent-color: var(--accent);
      }
      .state {
        display: block;
        color: var(--ink-soft);
        font-size: 0.75rem;
        font-weight: 400;
      }
      .down td,
      .down .who {
        color: var(--ink-soft);
      }
      .deeds {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
      }
      td .deeds {
        flex-wrap: nowrap;
      }
      .volatile {
        display: block;
        max-width: 10.5rem;
        color: var(--warn);
        font-weight: 600;
        line-height: 1.3;
      }
      .durable {
        color: var(--good);
        white-space: nowrap;
      }
    `,
  ];
}

function stateText({ isUp, isMember, sealedEpoch, incarnation }: NodeView): string {
  const formats = Number(incarnation.split("-").at(-1));
  return [
    isUp ? "" : "down",
    isMember ? "" : "does not vote",
    formats > 1 ? `disk ${formats}` : "",
    sealedEpoch > 1 ? `sealed for ${sealedEpoch}` : "",
  ]
    .filter((word) => word !== "")
    .join(", ");
}

function renderRegister({ key, memory, disk }: RegisterView) {
  return html`<td>${key}</td>
    <td><code>${promisedText(memory)}</code></td>
    <td><code>${acceptedText(memory)}</code></td>
    <td>
      ${
        disk === memory
          ? html`<span class="durable">■ all of it</span>`
          : html`<span class="volatile"
              >□ ${disk === null ? "nothing yet" : staleText(disk)}</span
            >`
      }
    </td>`;
}

function promisedText({ promised }: Register<Body>): string {
  return promised === null ? "–" : `${promised.epoch}.${promised.round} ${promised.proposer}`;
}

/** What a crash would leave. */
function staleText(disk: Register<Body>): string {
  return disk.accepted === null ? `promised ${promisedText(disk)} alone` : `still ${acceptedText(disk)}`;
}

function acceptedText({ accepted }: Register<Body>): string {
  if (accepted === null) return "–";
  const { ballot, value } = accepted;
  return `${value.id} v${value.version} in ${ballot.epoch}.${ballot.round}`;
}

customElements.define("vstack-acceptors", AcceptorTable);
