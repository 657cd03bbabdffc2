/**
 * `<vstack-what-if>`: sliders for the thresholds, and what every policy would do with them on a simulated library. Fires
 * `vstack-take` with the thresholds when a person wants them in the settings.
 */
import { html, LitElement, nothing } from "lit";
import type { WorkloadName } from "#core/simulation/redundancy/workloads.ts";
import { WORKLOADS } from "#core/simulation/redundancy/workloads.ts";
import type { ConfigPatch } from "#wire/contract/redundancy-schemas.ts";
import { percentText } from "../charts/quantities.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { whatIfStyles } from "./what-if-styles.ts";
import type { WhatIf, WhatIfRow } from "./what-if-result.ts";
import { configOf, FIRST_WHAT_IF, WHAT_IF_SEED, WHAT_IF_SIZE, whatIfRows } from "./what-if-result.ts";

/** A slider that is dragged asks once it rests. */
const REST_MS = 150;

interface Slider {
  readonly key: "promoteAbove" | "demoteBelow" | "shortHalfLifeHours" | "dwellHotHours";
  readonly label: string;
  readonly values: readonly number[];
  readonly unit: string;
}

const SLIDERS: readonly Slider[] = [
  { key: "promoteAbove", label: "Promote above", values: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48], unit: "× its size" },
  { key: "demoteBelow", label: "Demote below", values: [0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24], unit: "× its size" },
  { key: "shortHalfLifeHours", label: "Half-life", values: [1, 3, 6, 12, 24, 48, 96, 168], unit: "h" },
  { key: "dwellHotHours", label: "Stays hot for", values: [0, 1, 6, 12, 24, 48, 96, 168], unit: "h" },
];
const WORKLOAD_NAMES: Readonly<Record<WorkloadName, string>> = {
  steady: "Steady: some videos are always popular",
  ageing: "Ageing: interest falls with age",
  crowds: "Crowds: what was cold is popular for half a day",
};
const POLICY_NAMES: Readonly<Record<WhatIfRow["policy"], string>> = {
  adaptive: "Adaptive",
  views: "By views",
  hybrid: "Hybrid",
  "always-replication": "Always replicas",
  "always-erasure": "Always shards",
};

export class WhatIfElement extends LitElement {
  static override properties = { whatIf: { state: true }, rows: { state: true }, isOld: { state: true } };
  static override styles = [elementStyles, whatIfStyles];

  declare whatIf: WhatIf;
  declare rows: readonly WhatIfRow[];
  /** The rows belong to other thresholds than the sliders show. */
  declare isOld: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.whatIf = FIRST_WHAT_IF;
    this.rows = [];
    this.isOld = true;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#compute();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  override render() {
    return html`<section aria-labelledby="what-if">
      <h2 id="what-if">What if <span class="simulated">simulated</span></h2>
      <p class="hint">
        The policies of this program on a simulated library: ${WHAT_IF_SIZE.videos} videos, ${WHAT_IF_SIZE.days} days, seed
        ${WHAT_IF_SEED}. It says how thresholds differ, and nothing about this cluster; prices and workloads are in
        <code>vstack simulate redundancy</code>.
      </p>
      <label class="workload">
        Readers
        <select @change=${this.#chooseWorkload}>
          ${WORKLOADS.map(
            (name) =>
              html`<option value=${name} ?selected=${name === this.whatIf.workload}>${WORKLOAD_NAMES[name]}</option>`,
          )}
        </select>
      </label>
      <div class="sliders">${SLIDERS.map((slider) => this.#renderSlider(slider))}</div>
      <div class="scroll" tabindex="0" role="region" aria-label="Simulated outcome">
        <table aria-busy=${this.isOld}>
          <caption class="visually-hidden">Simulated outcome of each policy</caption>
          <thead>
            <tr>
              <th scope="col">Policy, <span class="simulated">simulated</span></th>
              <th scope="col" class="number">Bytes kept</th>
              <th scope="col" class="number">From shards</th>
              <th scope="col" class="number">Changes</th>
              <th scope="col" class="number">Flaps</th>
              <th scope="col" class="number">Regret</th>
            </tr>
          </thead>
          <tbody class=${this.isOld ? "old" : ""}>
            ${this.rows.map(
              (row) => html`<tr>
                <th scope="row">${POLICY_NAMES[row.policy]}</th>
                <td class="number">${row.overhead.toFixed(2)}x</td>
                <td class="number">${percentText(row.fromShardsShare)}</td>
                <td class="number">${row.changes}</td>
                <td class="number">${row.flaps}</td>
                <td class="number">${percentText(row.regret)}</td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <p class="hint">
        From shards: of the bytes read, those that had no whole copy. Flaps: changes taken back within a week. Regret: cost
        beyond that of somebody who knew all readings beforehand.
      </p>
      <button @click=${this.#take}>Put these thresholds into the settings</button>
    </section>`;
  }

  #renderSlider({ key, label, values, unit }: Slider) {
    const value = this.whatIf[key];
    const place = nearest(values, value);
    const text = `${value} ${unit}`;
    const isBound = key === "demoteBelow" && value >= this.whatIf.promoteAbove;
    return html`<div class="slider">
      <label for=${key}>${label}</label>
      <output for=${key}>${text}${isBound ? html` <small>(kept below the other)</small>` : nothing}</output>
      <input
        id=${key}
        type="range"
        min="0"
        max=${values.length - 1}
        step="1"
        .value=${String(place)}
        aria-valuetext=${text}
        @input=${(event: Event) => this.#moved(event, key, values)}
      />
    </div>`;
  }

  #moved(event: Event, key: Slider["key"], values: readonly number[]): void {
    if (!(event.target instanceof HTMLInputElement)) return;
    const value = values[Number(event.target.value)];
    if (value === undefined) return;
    this.whatIf = { ...this.whatIf, [key]: value };
    this.#compute();
  }

  #chooseWorkload = (event: Event): void => {
    if (!(event.target instanceof HTMLSelectElement)) return;
    const { value } = event.target;
    this.whatIf = { ...this.whatIf, workload: WORKLOADS.find((name) => name === value) ?? "crowds" };
    this.#compute();
  };

  /** A policy at a time, so that the page stays quick meanwhile. */
  #compute(): void {
    clearTimeout(this.#timer);
    this.isOld = true;
    const rows: WhatIfRow[] = [];
    const run = whatIfRows(this.whatIf);
    const next = () => {
      const { value, done } = run.next();
      if (done === true) {
        this.rows = rows;
        this.isOld = false;
        return;
      }
      rows.push(value);
      this.#timer = setTimeout(next, 0);
    };
    this.#timer = setTimeout(next, REST_MS);
  }

  #take = (): void => {
    const { promoteAbove, demoteBelow, shortHalfLifeSeconds, longHalfLifeSeconds, dwellHotSeconds } = configOf(
      this.whatIf,
    );
    const detail: ConfigPatch = {
      promoteAbove,
      demoteBelow,
      shortHalfLifeSeconds,
      longHalfLifeSeconds,
      dwellHotSeconds,
    };
    this.dispatchEvent(new CustomEvent<ConfigPatch>("vstack-take", { detail }));
  };
}

function nearest(values: readonly number[], value: number): number {
  const distances = values.map((one) => Math.abs(one - value));
  return distances.indexOf(Math.min(...distances));
}

customElements.define("vstack-what-if", WhatIfElement);
