/**
 * `<vstack-strategy>`: the choice between smart and naive scheduling, as native radios; in lab mode (`lab`) the others
 * in a list beside them. Fires `vstack-strategy` with the chosen name; the next segment follows it.
 */
import { css, html, LitElement, nothing } from "lit";
import type { StrategyName } from "#wire/contract/segment-trace.ts";
import { STRATEGIES, VIEWER_STRATEGIES } from "#wire/contract/segment-trace.ts";
import { elementStyles } from "../shell/element-styles.ts";

type ViewerStrategy = (typeof VIEWER_STRATEGIES)[number];

const CHOICES: readonly { readonly name: ViewerStrategy; readonly label: string; readonly says: string }[] = [
  {
    name: "smart",
    label: "Smart",
    says: "Chooses nodes by what this browser measured, and moves on at once when one is slow.",
  },
  { name: "naive", label: "Naive", says: "Asks the nodes in turn, and the next one only after an error." },
];

const LAB_SAYS: Readonly<Record<Exclude<StrategyName, ViewerStrategy>, string>> = {
  random: "Asks any node for each segment.",
  nearest: "Asks the node that answered soonest so far, and the next one only after an error.",
  original: "Asks by the formula of the project that this one descends from, up to four segments at once.",
  "smart-no-split": "Smart, but a segment comes from one node.",
  "smart-no-hedge": "Smart, but no block is asked for twice or handed over.",
  "smart-no-race": "Smart, but unknown nodes are not asked side by side.",
  "smart-no-deadline": "Smart, but it does not mind how much is buffered.",
};
const LAB_CHOICES = STRATEGIES.filter((name) => name in LAB_SAYS);

export class StrategySwitch extends LitElement {
  static override properties = { value: {}, lab: { type: Boolean } };

  declare value: StrategyName;
  /** Offers all strategies. */
  declare lab: boolean;

  constructor() {
    super();
    this.value = "smart";
    this.lab = false;
  }

  override render() {
    const { value } = this;
    const says = value === "smart" || value === "naive" ? undefined : LAB_SAYS[value];
    const chosen = CHOICES.find((choice) => choice.name === value);
    return html`<fieldset aria-describedby="says" class=${this.lab ? "lab" : ""}>
      <legend>Scheduling</legend>
      <div class="choices">
        ${CHOICES.map(
          ({ name, label }) => html`<label class=${name}>
            <input type="radio" name="strategy" value=${name} .checked=${this.value === name} @change=${this.#chooseRadio} />
            <span>${label}</span>
          </label>`,
        )}
      </div>
      ${this.lab ? this.#renderLab() : nothing}
      <p id="says">${chosen?.says ?? says}</p>
    </fieldset>`;
  }

  #renderLab() {
    return html`<select aria-label="Strategy of the lab" @change=${this.#chooseOfLab}>
      <option value="" ?selected=${!LAB_CHOICES.includes(this.value)}>Lab …</option>
      ${LAB_CHOICES.map((name) => html`<option value=${name} ?selected=${name === this.value}>${name}</option>`)}
    </select>`;
  }

  #chooseOfLab = (event: Event): void => {
    if (!(event.target instanceof HTMLSelectElement)) return;
    const { value } = event.target;
    this.#choose(LAB_CHOICES.find((name) => name === value) ?? "smart");
  };

  #choose(chosen: StrategyName): void {
    this.dispatchEvent(new CustomEvent("vstack-strategy", { detail: chosen }));
  }

  #chooseRadio = (event: Event): void => {
    if (!(event.target instanceof HTMLInputElement)) return;
    const { value } = event.target;
    const chosen = CHOICES.find((choice) => choice.name === value);
    if (chosen !== undefined) this.#choose(chosen.name);
  };

  static override styles = [
    elementStyles,
    css`
      fieldset {
        display: grid;
        grid-template-columns: auto 1fr;
        align-items: center;
        gap: var(--space-2) var(--space-4);
        margin: 0;
        padding: 0;
        border: 0;
        min-width: 0;
      }
      legend {
        padding: 0 0 var(--space-2);
        color: var(--ink-soft);
        font-size: var(--size-small);
        font-weight: 500;
      }
      .choices {
        display: inline-flex;
        justify-self: start;
        padding: 3px;
        border: 1px solid var(--line-strong);
        border-radius: var(--radius);
        background: var(--surface);
      }
      label {
        position: relative;
        cursor: pointer;
      }
      input {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        margin: 0;
        opacity: 0;
        cursor: pointer;
      }
      label span {
        display: flex;
        align-items: center;
        gap: var(--space-2);
        min-height: calc(var(--target) - 6px);
        padding: 0 var(--space-4);
        border-radius: 7px;
        font-weight: 550;
      }
      /* Shape says it again: a disc for smart, a ring of turns for naive. */
      label span::before {
        content: "";
        width: 10px;
        height: 10px;
        border: 2px solid currentColor;
        border-radius: 50%;
      }
      .smart span {
        color: var(--smart);
      }
      .naive span {
        color: var(--naive);
      }
      .naive span::before {
        border-radius: 2px;
      }
      .smart {
        --chosen: var(--smart);
      }
      .naive {
        --chosen: var(--naive);
      }
      input:checked + span {
        background: var(--chosen);
        color: var(--on-accent);
      }
      input:checked + span::before {
        background: currentColor;
      }
      input:focus-visible + span {
        outline: 3px solid var(--focus);
        outline-offset: 2px;
      }
      select {
        justify-self: start;
        min-height: var(--target);
        padding: 0 var(--space-3);
      }
      p {
        color: var(--ink-soft);
        font-size: var(--size-small);
        max-width: 44ch;
      }
      .lab {
        grid-template-columns: auto auto 1fr;
      }
      @media (max-width: 40rem) {
        fieldset,
        .lab {
          grid-template-columns: 1fr;
        }
      }
    `,
  ];
}

customElements.define("vstack-strategy", StrategySwitch);
