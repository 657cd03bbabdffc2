/** `<vstack-bench-page>`: starts benchmarks on the machine of a lab cluster, follows them, and shows their reports. */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { BenchRunRecord, BenchState } from "#wire/contract/bench-api.ts";
import { PATHS } from "#wire/contract/paths.ts";
import { announce } from "../shell/announce.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { pageStyles } from "../shell/page-styles.ts";
import type { BenchView } from "./bench-link.ts";
import { BenchLink } from "./bench-link.ts";
import { benchStyles } from "./bench-styles.ts";

type Mode = BenchRunRecord["mode"];

const FORMS: readonly { readonly mode: Mode; readonly name: string; readonly says: string }[] = [
  { mode: "smoke", name: "Smoke", says: "Simulated sessions alone. Under a minute." },
  {
    mode: "ci",
    name: "CI",
    says: "Simulated sessions, and real ones in Chromium on the server's machine. Under ten minutes; leave the machine alone meanwhile.",
  },
];
const OUTCOMES: Readonly<Record<BenchRunRecord["outcome"], string>> = {
  done: "Report",
  failed: "Failed",
  cancelled: "Cancelled",
};
const VERDICTS: Readonly<Record<string, string>> = {
  ...{ pass: "✓ all kept", fail: "✗ not all kept", unsure: "? unsure", "not-run": "– not run" },
};
/** Elapsed time goes on between two words of the run. */
const TICK_MS = 1_000;

export class BenchPage extends LitElement {
  static override properties = { view: { state: true }, nowMs: { state: true } };
  static override styles = [elementStyles, pageStyles, benchStyles];

  declare view: BenchView | undefined;
  declare nowMs: number;
  #run = new AbortController();
  #link: BenchLink | undefined;

  constructor() {
    super();
    this.view = undefined;
    this.nowMs = Date.now();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#run = new AbortController();
    const { signal } = this.#run;
    this.#link = new BenchLink((view) => this.#took(view), signal);
    const timer = setInterval(() => (this.nowMs = Date.now()), TICK_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#run.abort();
  }

  #took(view: BenchView): void {
    const before = this.view?.state;
    this.view = view;
    const wasRunning = before?.running ?? null;
    const [latest] = view.state?.runs ?? [];
    if (wasRunning === null || view.state?.running !== null || latest?.id !== wasRunning.id) return;
    announce(
      this,
      latest.outcome === "done" ? "The benchmark is done" : `The benchmark ${OUTCOMES[latest.outcome].toLowerCase()}`,
    );
  }

  override render() {
    const { view } = this;
    return html`<div class="page">
      <header>
        <h1 tabindex="-1">Benchmarks</h1>
        <p class="lead">
          Compares ways to choose nodes: smart scheduling, the simple ones, and plain hls.js, on the same networks.
        </p>
      </header>
      ${view === undefined || view.trouble === "" ? nothing : html`<p class="trouble" role="alert">${view.trouble}</p>`}
      ${view?.status === "no-lab" ? renderNoLab() : nothing}
      ${view?.state === undefined || view.status !== "lab" ? nothing : this.#renderLab(view.state)}
    </div>`;
  }

  #renderLab({ running, runs }: BenchState) {
    return html`${running === null ? this.#renderForms() : this.#renderRunning(running)} ${renderRuns(runs)}`;
  }

  #renderForms() {
    return html`<section aria-labelledby="start">
      <h2 id="start">Start one</h2>
      <ul class="forms">
        ${FORMS.map(
          ({ mode, name, says }) => html`<li class="card">
            <p class="form-says" id=${`says-${mode}`}>${says}</p>
            <button class="primary" aria-describedby=${`says-${mode}`} @click=${() => void this.#link?.start(mode)}>
              Start ${name}
            </button>
          </li>`,
        )}
      </ul>
    </section>`;
  }

  #renderRunning({ mode, startedAtMs, at, lines, isStopping }: NonNullable<BenchState["running"]>) {
    const label = isStopping ? "Stopping" : (at?.label ?? "Starting");
    return html`<section class="card running" aria-labelledby="running">
      <div class="row">
        <h2 id="running">Running: ${nameOf(mode)}</h2>
        <button class="danger" ?disabled=${isStopping} @click=${() => void this.#link?.cancel()}>Cancel</button>
      </div>
      <p>
        <span class="label">${label}</span> <span class="detail">${at?.detail ?? ""}</span>
        <span class="elapsed">${elapsedText(this.nowMs - startedAtMs)}</span>
      </p>
      <progress aria-label="Progress of the benchmark" max="1" .value=${at?.ratio ?? 0}></progress>
      ${
        lines.length === 0
          ? nothing
          : html`<pre tabindex="0" aria-label="What the run says">${lines.slice(-LINES_SHOWN).join("\n")}</pre>`
      }
    </section>`;
  }
}

const LINES_SHOWN = 12;

function renderRuns(runs: readonly BenchRunRecord[]) {
  return html`<section aria-labelledby="reports">
    <h2 id="reports">Past runs</h2>
    ${
      runs.length === 0
        ? html`<p class="calm">None yet. Runs started here are kept with the cluster's data.</p>`
        : html`<ul class="runs">
            ${repeat(runs, ({ id }) => id, renderRun)}
          </ul>`
    }
  </section>`;
}

function renderRun({ id, mode, startedAtMs, endedAtMs, outcome, verdict, lastWords }: BenchRunRecord) {
  const when = new Date(startedAtMs);
  return html`<li class="card run">
    <div>
      <p class="run-name">${nameOf(mode)} <time datetime=${when.toISOString()}>${when.toLocaleString()}</time></p>
      <p class="detail">
        ${outcome === "done" ? (VERDICTS[verdict ?? ""] ?? verdict) : OUTCOMES[outcome]} ·
        ${elapsedText(endedAtMs - startedAtMs)}
      </p>
      ${outcome === "failed" ? html`<p class="detail">${lastWords.at(-1) ?? ""}</p>` : nothing}
    </div>
    ${
      outcome === "done"
        ? html`<div class="links">
            <a class="button" href=${PATHS.benchReport(id, "report.html")} target="_blank" rel="noopener"
              >View<span class="visually-hidden"> the report of ${when.toLocaleString()}</span></a
            >
            <a class="button" href=${PATHS.benchReport(id, "report.html")} download=${`bench-${id}.html`}
              >HTML<span class="visually-hidden">, download</span></a
            >
            <a class="button" href=${PATHS.benchReport(id, "report.json")} download=${`bench-${id}.json`}
              >JSON<span class="visually-hidden">, download</span></a
            >
          </div>`
        : nothing
    }
  </li>`;
}

function renderNoLab() {
  return html`<section class="calm">
    <p>Benchmarks take the whole machine, so only a cluster that was started for experiments runs them:</p>
    <p><code>npx vstack up --lab</code></p>
    <p>Or in a terminal, with a cluster of their own: <code>npx vstack bench --smoke</code></p>
  </section>`;
}

function nameOf(mode: Mode): string {
  return FORMS.find((form) => form.mode === mode)?.name ?? mode;
}

/** 75,300 ms -> "1:15". */
function elapsedText(elapsedMs: number): string {
  const seconds = Math.max(0, Math.round(elapsedMs / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

customElements.define("vstack-bench-page", BenchPage);
