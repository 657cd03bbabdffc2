/**
 * `<vstack-node-card>`: one storage node: heartbeats, distance, fill, state. Fires `vstack-drain` (detail: whether it shall
 * leave); whoever owns it asks, and does it.
 */
import { html, LitElement, nothing } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import type { LiveNode } from "#wire/contract/cluster-live-api.ts";
import { nodeNameStyles } from "../charts/node-name-styles.ts";
import { nodeBackground, nodeLook } from "../charts/node-look.ts";
import { bytesText, counted, durationText, NO_DATA, percentText } from "../charts/quantities.ts";
import { cardStyles } from "../shell/card-styles.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { beatLook, beatWords } from "./beat-text.ts";
import { nodeCardStyles } from "./nodes-styles.ts";
import type { Asked } from "./round-trips.ts";
import { roundTripFigures } from "./round-trips.ts";

const STATES: Readonly<Record<LiveNode["state"], string>> = {
  alive: "● Alive",
  suspect: "◐ Late",
  dead: "✕ Away",
};
/** Above it a node takes no new chunk. */
const FULL_RATIO = 0.95;

export class NodeCard extends LitElement {
  static override properties = {
    node: { attribute: false },
    asked: { attribute: false },
    votesIn: { attribute: false },
    isPending: { attribute: false },
  };
  static override styles = [elementStyles, cardStyles, nodeNameStyles, nodeCardStyles];

  declare node: LiveNode;
  /** Round trips from this browser; undefined before the first. */
  declare asked: Asked | undefined;
  /** Acceptor groups; undefined when it is not known. */
  declare votesIn: number | undefined;
  /** Whether an order to leave or stay is under way. */
  declare isPending: boolean;

  override render() {
    const { node } = this;
    const background = nodeBackground(nodeLook(node.id));
    return html`<article aria-labelledby="name" aria-busy=${this.isPending}>
      <div class="head">
        <h3 id="name"><span class="swatch" style=${styleMap({ background })}></span>${node.id}</h3>
        <p class="state ${node.state}">${STATES[node.state]}</p>
        ${node.draining ? html`<p class="state leaving">⇢ Leaving</p>` : nothing}
      </div>
      <div class="beats" role="img" aria-label=${beatWords(node.beats)}>
        ${node.beats.map(
          (beat, index) => html`<span class=${beatLook(beat, node.beats[index - 1], node.beats[index + 1])}></span>`,
        )}
      </div>
      <p class="ends" aria-hidden="true"><span>2 minutes ago</span><span>now</span></p>
      <dl>
        ${this.#renderRoundTrip()} ${this.#renderFill()}
        <div>
          <dt>Pieces</dt>
          <dd>${piecesText(node)}</dd>
        </div>
        <div>
          <dt>Votes in</dt>
          <dd>${this.votesIn === undefined ? NO_DATA : counted(this.votesIn, "group")}</dd>
        </div>
        <div>
          <dt>Heard</dt>
          <dd>${heardText(node)}</dd>
        </div>
        ${
          node.domain === undefined
            ? nothing
            : html`<div>
                <dt>Domain</dt>
                <dd class="address">${node.domain}</dd>
              </div>`
        }
        <div>
          <dt>Address</dt>
          <dd class="address">${node.url.replace(/^https?:\/\//, "")}</dd>
        </div>
      </dl>
      <button aria-disabled=${this.isPending} @click=${this.#fire}>
        ${node.draining ? "Let it stay" : "Drain"}<span class="visually-hidden"> ${node.id}</span>
      </button>
    </article>`;
  }

  #renderRoundTrip() {
    const { p50Ms, p95Ms, answered, lost } = roundTripFigures(this.asked ?? []);
    return html`<div>
      <dt>Round trip</dt>
      <dd>
        ${p50Ms === null ? NO_DATA : html`${durationText(p50Ms)} <small>p95 ${durationText(p95Ms)}, n ${answered}</small>`}
        ${lost === 0 ? nothing : html`<small class="lost">${lost} lost</small>`}
      </dd>
    </div>`;
  }

  #renderFill() {
    const { usedBytes, freeBytes, fillRatio } = this.node;
    return html`<div class="fill">
      <dt>Keeps</dt>
      <dd>
        ${bytesText(usedBytes)} <small>disk ${percentText(fillRatio)} full, ${bytesText(freeBytes)} free</small>
        <span class="bar ${fillRatio > FULL_RATIO ? "full" : ""}" aria-hidden="true"
          ><span style=${styleMap({ width: `${100 * fillRatio}%` })}></span
        ></span>
      </dd>
    </div>`;
  }

  #fire = (): void => {
    if (this.isPending) return;
    this.dispatchEvent(new CustomEvent<boolean>("vstack-drain", { detail: !this.node.draining }));
  };
}

function piecesText({ chunkCount, shardCount = 0 }: LiveNode): string {
  const replicas = `${chunkCount.toLocaleString()} ${chunkCount === 1 ? "replica" : "replicas"}`;
  return shardCount === 0
    ? replicas
    : `${replicas}, ${shardCount.toLocaleString()} ${shardCount === 1 ? "shard" : "shards"}`;
}

/** Coarse while all is well: a figure that changes with each beat says nothing. */
function heardText({ state, lastHeardMs }: LiveNode): string {
  if (state === "alive" && lastHeardMs < 3000) return "just now";
  const seconds = Math.round(lastHeardMs / 1000);
  return seconds < 120 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
}

customElements.define("vstack-node-card", NodeCard);
