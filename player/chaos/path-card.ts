/**
 * `<vstack-path-card>`: the path to one node, as it is emulated and to be changed: sliders and the choice of a fault. Fires
 * `vstack-path` with what was changed. A value that nobody has confirmed yet is marked as pending.
 */
import { css, html, LitElement, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { styleMap } from "lit/directives/style-map.js";
import { FAULT_KINDS, type FaultKind } from "#core/network/conditions.ts";
import { UNLIMITED_BYTES_PER_SECOND } from "#core/network/rate-curve.ts";
import type { NetworkState, PathChange, PathNow } from "#wire/contract/emulation-api.ts";
import { nodeNameStyles } from "../charts/node-name-styles.ts";
import { nodeBackground, nodeLook } from "../charts/node-look.ts";
import { durationText, NO_DATA, percentText, rateText } from "../charts/quantities.ts";
import { cardStyles } from "../shell/card-styles.ts";
import { elementStyles } from "../shell/element-styles.ts";
import type { SliderScale } from "./slider-scale.ts";
import { JITTER_SCALE, LAST_PLACE, LOSS_SCALE, RATE_SCALE, ROUND_TRIP_SCALE } from "./slider-scale.ts";

export type NodeState = NetworkState["nodes"][number];

const FREE: PathNow = {
  ...{ bytesPerSecond: UNLIMITED_BYTES_PER_SECOND, roundTripMs: 0, jitterMs: 0, lossRatio: 0 },
  ...{ failureRatio: 0, fault: null },
};
const FAULT_WORDS: Readonly<Record<FaultKind, string>> = {
  refuse: "Refuses connections",
  hang: "Accepts and says nothing",
  "brown-out": "Crawls at 50 kbit/s",
  unavailable: "Answers 503",
  truncate: "Ends bodies in the middle",
  corrupt: "Sends wrong bytes",
  "slow-disk": "Half a second slower",
};

interface Slider {
  readonly key: "rate" | "roundTripMs" | "jitterMs" | "lossRatio";
  readonly label: string;
  readonly scale: SliderScale;
  readonly read: (now: PathNow) => number;
  readonly say: (value: number) => string;
}

const SLIDERS: readonly Slider[] = [
  { key: "rate", label: "Rate", scale: RATE_SCALE, read: (now) => now.bytesPerSecond, say: limitText },
  {
    ...{ key: "roundTripMs", label: "Round trip", scale: ROUND_TRIP_SCALE, say: delayText },
    read: (now) => now.roundTripMs,
  },
  { key: "jitterMs", label: "Jitter", scale: JITTER_SCALE, read: (now) => now.jitterMs, say: delayText },
  { key: "lossRatio", label: "Loss", scale: LOSS_SCALE, read: (now) => now.lossRatio, say: lossText },
];

export class PathCard extends LitElement {
  static override properties = {
    node: { attribute: false },
    delivered: { attribute: false },
    isPending: { attribute: false },
    draft: { state: true },
  };

  declare node: NodeState;
  /** Bytes per second; undefined when there is no figure. */
  declare delivered: number | undefined;
  /** Whether what was fired last is not confirmed yet. */
  declare isPending: boolean;
  /** What a hand has moved and nobody has confirmed. */
  declare draft: PathChange;

  constructor() {
    super();
    this.delivered = undefined;
    this.isPending = false;
    this.draft = {};
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.get("isPending") === true && !this.isPending) this.draft = {};
  }

  override render() {
    const { nodeId, access } = this.node;
    const now = this.node.now ?? FREE;
    const background = nodeBackground(nodeLook(nodeId));
    return html`<article aria-labelledby="name" aria-busy=${this.isPending}>
      <h3 id="name"><span class="swatch" style=${styleMap({ background })}></span>${nodeId}</h3>
      <p class="delivered">
        <span class="number">${this.delivered === undefined ? NO_DATA : rateText(this.delivered)}</span>
        <span class="hint">delivered here</span>
      </p>
      ${access === "unreachable" && this.node.now !== null ? html`<p class="trouble">Does not answer: not emulated</p>` : nothing}
      ${SLIDERS.map((slider) => this.#renderSlider(slider, now))} ${this.#renderFault(now)}
    </article>`;
  }

  #renderSlider({ key, label, scale, read, say }: Slider, now: PathNow) {
    const drafted = this.draft[key];
    const value = typeof drafted === "number" ? drafted : read(now);
    return html`<div class="slider">
      <label for=${key}>${label}</label>
      <output for=${key} class=${drafted === undefined ? "" : "pending"}>${say(value)}</output>
      <input
        id=${key}
        type="range"
        min="0"
        max=${LAST_PLACE}
        step="1"
        aria-valuetext=${say(value)}
        .value=${live(String(scale.placeOf(value)))}
        @input=${(event: Event) => this.#moved(event, key, scale)}
        @change=${this.#fire}
      />
    </div>`;
  }

  #renderFault(now: PathNow) {
    const drafted = this.draft.fault === undefined ? now.fault : (this.draft.fault?.kind ?? null);
    const isFailing = now.failureRatio > 0 && drafted === null && this.draft.fault === undefined;
    return html`<div class="fault">
      <label for="fault">Fault</label>
      <select id="fault" class=${drafted === null && !isFailing ? "" : "broken"} @change=${this.#chosen}>
        ${
          isFailing
            ? html`<option value="some" selected>${percentText(now.failureRatio)} of requests fail</option>`
            : nothing
        }
        <option value="" ?selected=${drafted === null && !isFailing}>None</option>
        ${FAULT_KINDS.map((kind) => html`<option value=${kind} ?selected=${kind === drafted}>${FAULT_WORDS[kind]}</option>`)}
      </select>
    </div>`;
  }

  #moved(event: Event, key: Slider["key"], scale: SliderScale): void {
    if (!(event.target instanceof HTMLInputElement)) return;
    this.draft = { ...this.draft, [key]: scale.valueAt(Number(event.target.value)) };
  }

  #chosen = (event: Event): void => {
    if (!(event.target instanceof HTMLSelectElement) || event.target.value === "some") return;
    const { value } = event.target;
    const kind = FAULT_KINDS.find((known) => known === value);
    this.draft = { ...this.draft, ...(kind === undefined ? { fault: null, failureRatio: 0 } : { fault: { kind } }) };
    this.#fire();
  };

  #fire = (): void => {
    this.dispatchEvent(new CustomEvent("vstack-path", { detail: this.draft }));
  };

  static override styles = [
    elementStyles,
    cardStyles,
    nodeNameStyles,
    css`
      article {
        height: 100%;
      }
      .delivered {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0 var(--space-2);
        font-variant-numeric: tabular-nums;
      }
      .delivered .number {
        font-weight: 600;
      }
      .hint,
      label {
        color: var(--ink-soft);
        font-size: var(--size-small);
      }
      .slider {
        display: grid;
        grid-template-columns: 1fr auto;
        align-items: center;
        gap: 0 var(--space-3);
      }
      .slider input {
        grid-column: 1 / -1;
        width: 100%;
        height: 30px;
        margin: 0;
        outline-offset: -1px;
        accent-color: var(--accent);
        cursor: pointer;
      }
      output {
        font-size: var(--size-small);
        font-variant-numeric: tabular-nums;
        font-weight: 550;
      }
      output.pending {
        color: var(--accent);
        font-style: italic;
      }
      .fault {
        display: grid;
        gap: var(--space-1);
      }
      select.broken {
        border-color: var(--bad);
        color: var(--bad);
      }
      .trouble {
        color: var(--bad);
        font-size: var(--size-small);
      }
    `,
  ];
}

export function limitText(bytesPerSecond: number): string {
  return bytesPerSecond >= UNLIMITED_BYTES_PER_SECOND ? "no limit" : rateText(bytesPerSecond);
}

function delayText(milliseconds: number): string {
  return milliseconds === 0 ? "none" : durationText(milliseconds);
}

function lossText(share: number): string {
  return share === 0 ? "none" : `${Number((share * 100).toPrecision(2))} %`;
}

customElements.define("vstack-path-card", PathCard);
