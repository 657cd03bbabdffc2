/** `<vstack-scenario-bar>`: which scenario, which seed, which rule is broken; and what the chosen one is to show. */
import { css, html, LitElement, nothing } from "lit";
import type { RuleName } from "#core/consensus/rules.ts";
import { RULES } from "#core/consensus/rules.ts";
import type { Violation } from "#core/simulation/consensus/events.ts";
import type { PlaySetup } from "#core/simulation/consensus/playground.ts";
import { SCENARIOS } from "#core/simulation/consensus/scenarios.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { findViolation, MAX_SCHEDULES } from "./find-violation.ts";
import { parseCount, queryOf, RULE_NAMES, SCENARIO_NAMES } from "./play-address.ts";
import { playStyles } from "./play-styles.ts";

export const OPEN_SETUP = "vstack-open-setup";

/** Asks the page for another play. */
export class OpenSetupEvent extends Event {
  readonly setup: PlaySetup;

  constructor(setup: PlaySetup) {
    super(OPEN_SETUP, { bubbles: true, composed: true });
    this.setup = setup;
  }
}

const MAX_SEED = 1_000_000_000;
const SCHEDULE_WORDS = html`A schedule of the simulator that tests the protocol: its seed draws who wants what, what fails
  and when. Whatever <code>vstack simulate consensus</code> finds opens here by its seed.`;

export class ScenarioBar extends LitElement {
  static override properties = {
    setup: { attribute: false },
    outcome: { attribute: false },
    searched: { state: true },
  };

  declare setup: PlaySetup | undefined;
  /** How the play ends. */
  declare outcome: Violation | null;
  /** Schedules that a search has run; null when none goes on. */
  declare searched: number | null;
  #search = new AbortController();

  constructor() {
    super();
    this.setup = undefined;
    this.outcome = null;
    this.searched = null;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#search.abort();
  }

  override render() {
    const { setup } = this;
    if (setup === undefined) return nothing;
    const isSchedule = setup.play === "schedule";
    const words = isSchedule ? SCHEDULE_WORDS : SCENARIOS[setup.play].words;
    return html`<nav aria-label="Scenarios">
        <ul>
          ${SCENARIO_NAMES.map((play) => this.#renderLink({ ...FRESH, play }, SCENARIOS[play].title, setup))}
          ${this.#renderLink({ ...FRESH, play: "schedule" }, "Any schedule", setup)}
        </ul>
      </nav>
      <div class="about">
        <div class="words">
          <h2>${isSchedule ? `Schedule ${setup.seed}` : SCENARIOS[setup.play].title}</h2>
          <p>${words}</p>
          ${setup.mutant === null ? nothing : this.#renderBroken(setup, setup.mutant)}
        </div>
        <div class="choices">
          <label>Seed <input type="number" min="0" step="1" .value=${String(setup.seed)} @change=${this.#chooseSeed} /></label>
          <label
            >Break a rule
            <select @change=${this.#chooseRule}>
              <option value="" ?selected=${setup.mutant === null}>none</option>
              ${RULE_NAMES.map((rule) => html`<option value=${rule} ?selected=${rule === setup.mutant}>${rule}</option>`)}
            </select></label
          >
          ${this.#renderLesson(setup)}
        </div>
      </div>`;
  }

  #renderLink(target: PlaySetup, title: string, { play }: PlaySetup) {
    const open = (event: MouseEvent) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      this.#open(target);
    };
    return html`<li>
      <a
        href="?${queryOf({ setup: target, at: 0 })}"
        aria-current=${play === target.play ? "true" : nothing}
        @click=${open}
        >${title}</a
      >
    </li>`;
  }

  #renderLesson(setup: PlaySetup) {
    const lesson = setup.play === "schedule" ? null : SCENARIOS[setup.play].lesson;
    if (lesson === null) return nothing;
    const { mutant, seed } = lesson;
    return setup.mutant === mutant
      ? html`<button @click=${() => this.#open({ ...setup, mutant: null, actions: [] })}>Put the rule back</button>`
      : html`<button class="danger" @click=${() => this.#open({ ...FRESH, play: setup.play, mutant, seed })}>
          Break its rule: ${mutant}
        </button>`;
  }

  #renderBroken(setup: PlaySetup, mutant: RuleName) {
    const { outcome, searched } = this;
    return html`<p class="broken">
      <b>Broken: ${mutant}.</b> ${RULES[mutant]}.
      ${
        outcome === null
          ? html`Without it, this play comes to no harm.
              ${
                searched === null
                  ? html`<button class="small" @click=${() => void this.#find(mutant)}>Find a schedule that does</button>`
                  : html`${searched} schedules tried…`
              }`
          : html`This play ends in a violation of <b>${outcome.invariant}</b>.`
      }
      ${searched === MAX_SCHEDULES ? html`None of ${MAX_SCHEDULES} did.` : nothing}
      ${setup.actions.length === 0 ? nothing : html`You have acted ${setup.actions.length} times.`}
    </p>`;
  }

  async #find(mutant: RuleName): Promise<void> {
    this.#search.abort();
    this.#search = new AbortController();
    const { signal } = this.#search;
    this.searched = 0;
    const seed = await findViolation(mutant, (schedules) => (this.searched = schedules), signal);
    if (signal.aborted) return;
    this.searched = seed === null ? MAX_SCHEDULES : null;
    if (seed !== null) this.#open({ ...FRESH, play: "schedule", mutant, seed });
  }

  #chooseSeed = (event: Event): void => {
    const { setup } = this;
    if (!(event.target instanceof HTMLInputElement) || setup === undefined) return;
    const seed = parseCount(event.target.value, MAX_SEED);
    if (seed === undefined) event.target.value = String(setup.seed);
    else this.#open({ ...setup, seed, actions: [] });
  };

  #chooseRule = (event: Event): void => {
    const { setup } = this;
    if (!(event.target instanceof HTMLSelectElement) || setup === undefined) return;
    const { value } = event.target;
    this.#open({ ...setup, mutant: RULE_NAMES.find((rule) => rule === value) ?? null });
  };

  #open(setup: PlaySetup): void {
    this.#search.abort();
    this.searched = null;
    this.dispatchEvent(new OpenSetupEvent(setup));
  }

  static override styles = [
    elementStyles,
    playStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-3);
      }
      nav ul {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
      }
      nav a {
        display: inline-flex;
        align-items: center;
        min-height: 36px;
        padding: 0 var(--space-3);
        border: 1px solid var(--line);
        border-radius: 2em;
        background: var(--surface);
        color: var(--ink);
        font-size: 0.875rem;
        text-decoration: none;
        white-space: nowrap;
      }
      nav a:hover {
        border-color: var(--line-strong);
      }
      nav a[aria-current] {
        border-color: var(--accent);
        background: var(--accent-wash);
        color: var(--accent);
        font-weight: 600;
      }
      .about {
        display: flex;
        flex-wrap: wrap;
        align-items: start;
        justify-content: space-between;
        gap: var(--space-4) var(--space-6);
      }
      .words {
        display: grid;
        flex: 1 1 24rem;
        gap: var(--space-1);
        max-width: 74ch;
      }
      .words h2 {
        font-size: var(--size-large);
      }
      .words p {
        color: var(--ink-soft);
      }
      .choices {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: var(--space-3);
      }
      label {
        display: grid;
        gap: 4px;
        color: var(--ink-soft);
        font-size: var(--size-small);
      }
      input[type="number"] {
        width: 7rem;
        min-height: var(--target);
        padding: 0 var(--space-3);
        border: 1px solid var(--line-strong);
        border-radius: var(--radius);
        background: var(--surface);
        color: var(--ink);
        font: 400 0.9375rem / 1.2 var(--font);
      }
      .words .broken {
        padding: var(--space-2) var(--space-3);
        border-radius: var(--radius);
        background: var(--warn-wash);
        color: var(--ink);
      }
      @media (max-width: 46rem) {
        nav ul {
          flex-wrap: nowrap;
          margin-inline: calc(-1 * var(--space-4));
          padding: 4px var(--space-4);
          overflow-x: auto;
          scrollbar-width: none;
        }
      }
    `,
  ];
}

/** As every scenario is opened. */
const FRESH: PlaySetup = { play: "normal", seed: 1, mutant: null, actions: [] };

customElements.define("vstack-scenario-bar", ScenarioBar);
