/**
 * `<vstack-strategy>`: the choice between smart and naive scheduling, as native radios. Fires `vstack-strategy` with the
 * chosen name; the next segment follows it.
 */
import { css, html, LitElement } from "lit";
import type { StrategyName } from "#wire/contract/segment-trace.ts";
import { elementStyles } from "../shell/element-styles.ts";

const CHOICES: readonly { readonly name: StrategyName; readonly label: string; readonly says: string }[] = [
  {
    name: "smart",
    label: "Smart",
    says: "Chooses nodes by what this browser measured, and moves on at once when one is slow.",
  },
  { name: "naive", label: "Naive", says: "Asks the nodes in turn, and the next one only after an error." },
];

export class StrategySwitch extends LitElement {
  static override properties = { value: {} };

  declare value: StrategyName;

  constructor() {
    super();
    this.value = "smart";
  }

  override render() {
    const chosen = CHOICES.find((choice) => choice.name === this.value);
    return html`<fieldset aria-describedby="says">
      <legend>Scheduling</legend>
      <div class="choices">
        ${CHOICES.map(
          ({ name, label }) => html`<label class=${name}>
            <input type="radio" name="strategy" value=${name} .checked=${this.value === name} @change=${this.#choose} />
            <span>${label}</span>
          </label>`,
        )}
      </div>
      <p id="says">${chosen?.says}</p>
    </fieldset>`;
  }

  #choose = (event: Event): void => {
    if (!(event.target instanceof HTMLInputElement)) return;
    const { value } = event.target;
    const chosen = CHOICES.find((choice) => choice.name === value);
    if (chosen !== undefined) this.dispatchEvent(new CustomEvent("vstack-strategy", { detail: chosen.name }));
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
      p {
        color: var(--ink-soft);
        font-size: var(--size-small);
        max-width: 44ch;
      }
      @media (max-width: 40rem) {
        fieldset {
          grid-template-columns: 1fr;
        }
      }
    `,
  ];
}

customElements.define("vstack-strategy", StrategySwitch);
