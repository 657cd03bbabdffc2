/** `<vstack-chaos-page>`: the emulated network of a lab cluster, to look at and to change; docs/emulation.md. */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { UNLIMITED_BYTES_PER_SECOND } from "#core/network/rate-curve.ts";
import type { NetworkState, PathChange } from "#wire/contract/emulation-api.ts";
import { QUERY } from "#wire/contract/paths.ts";
import { clockText, clockWords, counted } from "../charts/quantities.ts";
import { announce } from "../shell/announce.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { pageStyles } from "../shell/page-styles.ts";
import { replaceQuery } from "../shell/navigation.ts";
import { workerLink } from "../shell/worker-link.ts";
import { pageTraces } from "../state/page-traces.ts";
import { chaosStyles } from "./chaos-styles.ts";
import { deliveredRates } from "./delivered-rates.ts";
import { knownPlayers, shortName } from "./known-players.ts";
import type { LabView } from "./lab-link.ts";
import { LabLink } from "./lab-link.ts";
import type { NetworkCard } from "./network-cards.ts";
import { CARD_GROUPS, renderCards } from "./network-cards.ts";
import type { NodeState } from "./path-card.ts";
import { limitText } from "./path-card.ts";
import "./path-card.ts";

export class ChaosPage extends LitElement {
  static override properties = { view: { state: true }, session: { state: true } };
  static override styles = [elementStyles, pageStyles, chaosStyles];

  declare view: LabView | undefined;
  /** Whose network is shown and changed; null is everybody. */
  declare session: string | null;
  #run = new AbortController();
  #lab: LabLink | undefined;

  constructor() {
    super();
    this.view = undefined;
    this.session = new URL(location.href).searchParams.get(QUERY.session);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#run = new AbortController();
    const { signal } = this.#run;
    this.#lab = new LabLink((view) => (this.view = view), signal);
    // Traces are looked at when the view changes, each second: listening keeps them coming.
    signal.addEventListener(
      "abort",
      pageTraces.listen(() => undefined),
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#run.abort();
  }

  override render() {
    const { view } = this;
    return html`<div class="page">
      <header>
        <div>
          <h1 tabindex="-1">Chaos</h1>
          <p class="lead">
            Puts a network between the storage nodes and the players: on real bytes, the whole of it for each player.
          </p>
        </div>
        ${view?.status === "lab" ? this.#renderRestore() : nothing}
      </header>
      ${[view?.orderTrouble, view?.pollTrouble].map((trouble) =>
        trouble === undefined || trouble === "" ? nothing : html`<p class="trouble" role="alert">${trouble}.</p>`,
      )}
      ${view?.status === "no-lab" ? renderNoLab() : nothing} ${view?.status === "lab" ? this.#renderLab(view) : nothing}
    </div>`;
  }

  get #networks(): readonly NetworkState[] {
    return this.view?.answer?.networks ?? [];
  }

  /** What holds for whoever is chosen: their own network, or that of everybody. */
  get #shown(): NetworkState | undefined {
    const own = this.#networks.find(({ session }) => session === this.session);
    return own ?? this.#networks.find(({ session }) => session === null);
  }

  #renderRestore() {
    const isQuiet = this.#networks.length === 0;
    return html`<button class="restore danger" aria-disabled=${isQuiet} @click=${this.#restore}>
      <span aria-hidden="true">↺</span> Restore all
    </button>`;
  }

  #renderLab(view: LabView) {
    const shown = this.#shown;
    const [profiles, scenarios, topologies] = CARD_GROUPS.map((group) =>
      renderCards(group, shown?.id, (card) => void this.#choose(card)),
    );
    return html`${this.#renderActive()}
      <div class="whose">${this.#renderChoice()} ${this.#renderHint(shown)}</div>
      ${profiles} ${scenarios} ${this.#renderPaths(view, shown)} ${topologies}`;
  }

  #renderPaths({ answer, pending }: LabView, shown: NetworkState | undefined) {
    const delivered = this.#delivered;
    const none = workerLink.status.state === "ready" ? 0 : undefined;
    return html`<section aria-labelledby="paths">
      <div class="section-head">
        <h2 id="paths">Paths</h2>
        <p class="hint">Single values, on top of what is active.</p>
      </div>
      <ul class="nodes">
        ${repeat(
          (answer?.nodeIds ?? []).map((nodeId) => stateOf(shown, nodeId)),
          ({ nodeId }) => nodeId,
          (node) => html`<li>
            <vstack-path-card
              .node=${node}
              .delivered=${delivered.get(node.nodeId) ?? none}
              .isPending=${pending.has(node.nodeId)}
              @vstack-path=${(event: CustomEvent<PathChange>) =>
                this.#lab?.setPath(node.nodeId, event.detail, this.session)}
            ></vstack-path-card>
          </li>`,
        )}
      </ul>
      <p class="hint">
        “Delivered here” is what ${this.session === null ? "the players" : "this player"} of this browser received from a
        node in the last ten seconds, by the service worker's own record.
      </p>
    </section>`;
  }

  get #delivered(): ReadonlyMap<string, number> {
    return deliveredRates(pageTraces.mirror.traces.values(), this.session ?? undefined, Date.now());
  }

  #renderActive() {
    const networks = this.#networks;
    return html`<section aria-labelledby="active">
      <h2 id="active">Active now</h2>
      ${
        networks.length === 0
          ? html`<p class="calm">Nothing is emulated: players reach the nodes as fast as they can.</p>`
          : html`<ul class="active">
              ${repeat(
                networks,
                ({ session }) => session ?? "",
                (network) => this.#renderNetwork(network),
              )}
            </ul>`
      }
    </section>`;
  }

  #renderNetwork(network: NetworkState) {
    const { id, expect, session, startedAtMs, accessBytesPerSecond } = network;
    const seconds = (Date.now() + (this.view?.clockOffsetMs ?? 0) - startedAtMs) / 1000;
    const deaf = network.nodes.filter(({ access, now }) => access === "unreachable" && now !== null);
    const who = session === null ? "everybody" : `player ${shortName(session)}`;
    return html`<li>
      <div>
        <p>
          <strong>${id}</strong> for ${who}
          <span class="since" aria-hidden="true">${clockText(seconds)}</span>
          <span class="visually-hidden">since ${clockWords(seconds)}</span>
        </p>
        <p class="hint">${expect}</p>
        ${
          accessBytesPerSecond < UNLIMITED_BYTES_PER_SECOND
            ? html`<p class="hint">Access link of each player: ${limitText(accessBytesPerSecond)}</p>`
            : nothing
        }
        ${
          deaf.length === 0
            ? nothing
            : html`<p class="trouble">Not emulated by ${deaf.map(({ nodeId }) => nodeId).join(", ")}, which did not answer</p>`
        }
      </div>
      <button @click=${() => void this.#takeBack(session)}>Take back<span class="visually-hidden"> ${id} for ${who}</span></button>
    </li>`;
  }

  #renderChoice() {
    const nowMs = Date.now();
    const players = knownPlayers(pageTraces.mirror.traces.values(), {
      ...{ networks: this.#networks, chosen: this.session, nowMs },
    });
    return html`<label class="choice">
      For whom
      <select @change=${this.#chooseSession}>
        <option value="" ?selected=${this.session === null}>Everybody</option>
        ${players.map(
          ({ session, askedMsAgo }) => html`<option value=${session} ?selected=${session === this.session}>
            Player ${shortName(session)}${askedMsAgo === null ? "" : `, ${agoText(askedMsAgo)}`}
          </option>`,
        )}
      </select>
    </label>`;
  }

  #renderHint(shown: NetworkState | undefined) {
    if (this.session === null) {
      return html`<p class="hint">Players with a network of their own are not touched by what is set for everybody.</p>`;
    }
    return shown?.session === null
      ? html`<p class="hint">This player has the network of everybody; a change gives it one of its own.</p>`
      : html`<p class="hint">This player's own network; the others do not notice.</p>`;
  }

  #chooseSession = (event: Event): void => {
    if (!(event.target instanceof HTMLSelectElement)) return;
    const { value } = event.target;
    this.session = value === "" ? null : value;
    replaceQuery(QUERY.session, value);
  };

  async #choose({ title, ask }: NetworkCard): Promise<void> {
    const isDone = await this.#lab?.set({ ...ask, session: this.session });
    if (isDone === true) announce(this, `${title} is active`);
  }

  #restore = async (): Promise<void> => {
    if (this.#networks.length === 0) return;
    if ((await this.#lab?.clear(undefined)) === true) announce(this, "Everything is restored");
  };

  async #takeBack(session: string | null): Promise<void> {
    if ((await this.#lab?.clear(session)) !== true) return;
    announce(this, "Taken back");
    await this.updateComplete;
    // The button is gone, and the focus with it.
    this.renderRoot.querySelector("h1")?.focus({ preventScroll: true });
  }
}

function stateOf(network: NetworkState | undefined, nodeId: NodeState["nodeId"]): NodeState {
  const known = network?.nodes.find((node) => node.nodeId === nodeId);
  return known ?? { nodeId, access: "unlimited", now: null };
}

/** Coarse: words that change each second under a screen reader's cursor would never end. */
function agoText(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  return minutes === 0 ? "asked just now" : `asked ${counted(minutes, "minute")} ago`;
}

function renderNoLab() {
  return html`<section class="no-lab" aria-labelledby="no-lab">
    <h2 id="no-lab">This cluster is no lab</h2>
    <p>
      Networks are emulated only by a cluster that was started for it, so that nobody can slow down real viewers. To start
      one on this machine:
    </p>
    <p><code>npm start -- --lab</code></p>
    <p class="hint">
      The same is <code>npx vstack up --lab</code>. Roles that are started one by one each take <code>--lab</code>, too.
    </p>
  </section>`;
}

customElements.define("vstack-chaos-page", ChaosPage);
