/**
 * `<vstack-redundancy-settings>`: everything that can be set about redundancy, with unit, bounds and reason of each, checked
 * as it is typed by the rules of core/redundancy/policy-config.ts. Fires `vstack-save` with what was changed.
 */
import { html, LitElement, nothing } from "lit";
import { live } from "lit/directives/live.js";
import type { PolicyConfig, SettingName } from "#core/redundancy/policy-config.ts";
import { configProblems, DEFAULT_CONFIG, POLICIES, SETTING_NAMES, SETTINGS } from "#core/redundancy/policy-config.ts";
import type { ConfigPatch } from "#wire/contract/redundancy-schemas.ts";
import { bytesText } from "../charts/quantities.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { settingsStyles } from "./settings-styles.ts";

const POLICY_WORDS: Readonly<Record<PolicyConfig["policy"], string>> = {
  adaptive: "Adaptive: replicas for what is read a lot lately, shards for the rest",
  views: "Views: replicas above a number of views, for ever",
  hybrid: "Hybrid: shards always, replicas on top by heat",
};
const GROUPS: readonly { readonly title: string; readonly names: readonly SettingName[] }[] = [
  {
    title: "When a video changes its form",
    names: [
      ...(["promoteAbove", "demoteBelow", "shortHalfLifeSeconds", "longHalfLifeSeconds"] as const),
      ...(["dwellHotSeconds", "dwellColdSeconds", "newSeconds", "viewsThreshold"] as const),
    ],
  },
  { title: "How a change is made", names: ["graceSeconds", "transitionBytes"] },
  {
    title: "Repair",
    names: ["holdOffSeconds", "repairBytesPerSecond", "repairLeastBytesPerSecond", "repairShare"],
  },
  { title: "Scrub", names: ["scrubCycleSeconds", "scrubBytesPerSecond"] },
];
/** A day within a minute or so: to watch what is automatic. Grace stays above the readings of a lab. */
const QUICK: ConfigPatch = {
  ...{ shortHalfLifeSeconds: 20, longHalfLifeSeconds: 60, dwellHotSeconds: 20, dwellColdSeconds: 5, newSeconds: 10 },
  ...{ promoteAbove: 1, demoteBelow: 0.5, graceSeconds: 20, holdOffSeconds: 10, scrubCycleSeconds: 60 },
};

export class RedundancySettings extends LitElement {
  static override properties = {
    config: { attribute: false },
    proposal: { attribute: false },
    draft: { state: true },
    isPending: { attribute: false },
    refused: { attribute: false },
  };
  static override styles = [elementStyles, settingsStyles];

  /** What holds. */
  declare config: PolicyConfig;
  /** What is put into the fields when it becomes another object: thresholds from elsewhere, or nothing after saving. */
  declare proposal: ConfigPatch;
  /** What was typed and not saved; a text that is no number is NaN. */
  declare draft: ConfigPatch;
  declare isPending: boolean;
  /** Why the server did not take it. */
  declare refused: string;

  constructor() {
    super();
    this.proposal = {};
    this.draft = {};
    this.isPending = false;
    this.refused = "";
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("proposal")) this.draft = this.proposal;
  }

  get #wanted(): PolicyConfig {
    return withPatch(this.config, this.draft);
  }

  get #problems(): readonly string[] {
    const wanted = this.#wanted;
    const unread = SETTING_NAMES.filter((name) => !Number.isFinite(wanted[name]));
    if (unread.length > 0) return unread.map((name) => `Cannot use ${name} as it is no number`);
    return configProblems(wanted);
  }

  get #changed(): ConfigPatch {
    const wanted = this.#wanted;
    const changed = SETTING_NAMES.filter((name) => wanted[name] !== this.config[name]);
    const policy = wanted.policy === this.config.policy ? {} : { policy: wanted.policy };
    return { ...policy, ...Object.fromEntries(changed.map((name) => [name, wanted[name]])) };
  }

  override render() {
    const problems = this.#problems;
    const changed = new Set(Object.keys(this.#changed));
    const count = changed.size;
    const isIdle = count === 0 || problems.length > 0 || this.isPending;
    return html`<section aria-labelledby="settings">
      <h2 id="settings">Settings</h2>
      <form novalidate @submit=${this.#submit}>
        <fieldset>
          <legend>Policy</legend>
          ${POLICIES.map(
            (policy) => html`<label class="radio">
              <input
                type="radio"
                name="policy"
                value=${policy}
                .checked=${live(this.#wanted.policy === policy)}
                @change=${() => (this.draft = { ...this.draft, policy })}
              />
              ${POLICY_WORDS[policy]}
            </label>`,
          )}
        </fieldset>
        ${GROUPS.map(
          ({ title, names }) => html`<details ?open=${names.some((name) => changed.has(name))}>
            <summary>${title}</summary>
            <div class="fields" role="group" aria-label=${title}>
              ${names.map((name) => this.#renderField(name, problems))}
            </div>
          </details>`,
        )}
        ${
          problems.length === 0 && this.refused === ""
            ? nothing
            : html`<ul class="problems" role="alert">
                ${[...problems, ...(this.refused === "" ? [] : [this.refused])].map((problem) => html`<li>${problem}.</li>`)}
              </ul>`
        }
        <div class="deeds">
          <button type="submit" class="primary" aria-disabled=${isIdle}>
            ${this.isPending ? "Just a moment…" : count === 0 ? "Nothing to save" : `Save ${count} changed`}
          </button>
          <button type="button" aria-disabled=${count === 0} @click=${() => (this.draft = {})}>Undo</button>
          <button type="button" class="quiet" @click=${() => (this.draft = { ...this.draft, ...QUICK })}>
            A day in a minute
          </button>
          <button type="button" class="quiet" @click=${() => (this.draft = { ...DEFAULT_CONFIG })}>Defaults</button>
        </div>
      </form>
    </section>`;
  }

  #renderField(name: SettingName, problems: readonly string[]) {
    const { least, most, unit, why, fallback } = SETTINGS[name];
    const value = this.#wanted[name];
    const isWrong = problems.some((problem) => problem.includes(name));
    const isChanged = value !== this.config[name];
    return html`<div class="field">
      <label for=${name}>${labelOf(name)} <small>${unit}</small></label>
      <input
        id=${name}
        type="text"
        inputmode="decimal"
        autocomplete="off"
        class=${isChanged ? "changed" : ""}
        aria-invalid=${isWrong}
        aria-describedby="${name}-why"
        .value=${live(Number.isNaN(value) ? this.#typed(name) : String(value))}
        @input=${(event: Event) => this.#typedInto(event, name)}
      />
      <p class="why" id="${name}-why">
        ${readable(value, unit)}${why}. Default ${fallback}; ${least} to ${most}.
      </p>
    </div>`;
  }

  /** What stands in a field that is no number: it must not be taken away from under the hand. */
  #typed(name: SettingName): string {
    const field = this.renderRoot.querySelector(`#${name}`);
    return field instanceof HTMLInputElement ? field.value : "";
  }

  #typedInto(event: Event, name: SettingName): void {
    if (!(event.target instanceof HTMLInputElement)) return;
    const text = event.target.value.trim().replace(",", ".");
    this.draft = { ...this.draft, [name]: text === "" ? Number.NaN : Number(text) };
  }

  #submit = (event: Event): void => {
    event.preventDefault();
    const changed = this.#changed;
    if (this.isPending || this.#problems.length > 0 || Object.keys(changed).length === 0) return;
    this.dispatchEvent(new CustomEvent<ConfigPatch>("vstack-save", { detail: changed }));
  };
}

function withPatch(config: PolicyConfig, patch: ConfigPatch): PolicyConfig {
  let wanted: PolicyConfig = { ...config, policy: patch.policy ?? config.policy };
  for (const name of SETTING_NAMES) wanted = { ...wanted, [name]: patch[name] ?? config[name] };
  return wanted;
}

/** `shortHalfLifeSeconds` -> `Short half life`: the unit stands beside it. */
function labelOf(name: SettingName): string {
  const words = name
    .replace(/(BytesPerSecond|Seconds|Bytes)$/, "")
    .replace(/([A-Z])/g, " $1")
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Large figures again, as people say them. */
function readable(value: number, unit: (typeof SETTINGS)[SettingName]["unit"]): string {
  if (!Number.isFinite(value)) return "";
  if (unit === "bytes") return `${bytesText(value)}. `;
  if (unit === "bytes a second") return `${bytesText(value)}/s. `;
  if (unit !== "seconds" || value < 120) return "";
  if (value < 7200) return `${Number((value / 60).toFixed(1))} min. `;
  return value < 172_800 ? `${Number((value / 3600).toFixed(1))} h. ` : `${Number((value / 86_400).toFixed(1))} days. `;
}

customElements.define("vstack-redundancy-settings", RedundancySettings);
