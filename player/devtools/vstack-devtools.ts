/**
 * `<vstack-devtools>`: what the worker does, live: a waterfall of segments and attempts, and what is believed about each
 * node. It knows the worker's messages and nothing of the pages around it. Attribute `docked` puts it at the bottom of the
 * window, with a handle to size it and a button that fires `vstack-close`.
 */
import { html, LitElement, nothing } from "lit";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { counted } from "../charts/quantities.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { readStored, writeStored } from "../shell/stored.ts";
import { workerLink } from "../shell/worker-link.ts";
import { pageTraces } from "../state/page-traces.ts";
import type { TraceMirror } from "../state/trace-mirror.ts";
import type { TraceStore } from "../state/trace-store.ts";
import { devtoolsStyles } from "./devtools-styles.ts";
import { decisionListStyles } from "./decision-list.ts";
import { clampedHeight, HEIGHT_STEP_PX } from "./dock-height.ts";
import { nodeFigures } from "./node-figures.ts";
import { nodeTableStyles, renderNodeTable } from "./node-table.ts";
import { detailsStyles, renderDetails } from "./trace-details.ts";
import type { OutcomeFilter, TraceFilter } from "./trace-filter.ts";
import { filteredTraces, NO_FILTER, OUTCOME_FILTERS } from "./trace-filter.ts";
import { renderTraceTable } from "./trace-table.ts";
import "./waterfall-view.ts";

/** Rows drawn; more would not be read, and the copy has them all. */
const MAX_ROWS = 120;
/** Notices within this time that the worker was restarted. */
const CHECK_EVERY_MS = 5000;
/** Live counts are spoken at most this often (WCAG 2.2, 2.2.2 in spirit). */
const SPEAK_EVERY_MS = 5000;

/** Custom property on the document: how much of the window the docked panel takes from below. */
const DOCK_HEIGHT = "--vstack-dock-height";

export class Devtools extends LitElement {
  static override properties = {
    store: { attribute: false },
    docked: { type: Boolean, reflect: true },
    shown: { state: true },
    isFrozen: { state: true },
    filter: { state: true },
    isTable: { state: true },
    selectedId: { state: true },
    heightPx: { state: true },
    copied: { state: true },
    spoken: { state: true },
  };
  static override styles = [elementStyles, devtoolsStyles, nodeTableStyles, detailsStyles, decisionListStyles];

  declare store: TraceStore;
  declare docked: boolean;
  declare shown: TraceMirror;
  declare isFrozen: boolean;
  declare filter: TraceFilter;
  declare isTable: boolean;
  declare selectedId: string;
  declare heightPx: number;
  declare copied: string;
  declare spoken: string;
  #run = new AbortController();
  #frame = 0;

  constructor() {
    super();
    this.store = pageTraces;
    this.docked = false;
    this.shown = pageTraces.mirror;
    this.isFrozen = false;
    this.filter = NO_FILTER;
    this.isTable = readStored("devtools-view") === "table";
    this.selectedId = "";
    this.heightPx = clampedHeight(Number(readStored("devtools-height") ?? "360"), window.innerHeight);
    this.copied = "";
    this.spoken = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const run = new AbortController();
    this.#run = run;
    void workerLink.connect();
    run.signal.addEventListener("abort", this.store.listen(this.#changed));
    this.#changed();
    const checking = setInterval(() => {
      if (!document.hidden) void this.store.check();
    }, CHECK_EVERY_MS);
    const speaking = setInterval(
      () => (this.spoken = `${counted(this.shown.traces.size, "segment")} recorded`),
      SPEAK_EVERY_MS,
    );
    run.signal.addEventListener("abort", () => {
      clearInterval(checking);
      clearInterval(speaking);
      cancelAnimationFrame(this.#frame);
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#run.abort();
    document.documentElement.style.removeProperty(DOCK_HEIGHT);
  }

  /** What lies above the panel may make room for it. */
  override updated(): void {
    if (this.docked) document.documentElement.style.setProperty(DOCK_HEIGHT, `${this.heightPx}px`);
  }

  /** New data is drawn with the next frame, and only new data. */
  #changed = (): void => {
    if (this.isFrozen) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => (this.shown = this.store.mirror));
  };

  #freeze = (): void => {
    this.isFrozen = !this.isFrozen;
    this.#changed();
  };

  /** Clears this panel alone: the store is also the node band's and keeps what it knows. */
  #clear = (): void => {
    const clearedToMs = Math.max(0, ...[...this.store.mirror.traces.values()].map((trace) => trace.startedAtMs));
    this.filter = { ...this.filter, clearedToMs };
    this.selectedId = "";
  };

  #copy = async (): Promise<void> => {
    const traces = filteredTraces(this.shown.traces.values(), this.filter);
    try {
      await navigator.clipboard.writeText(JSON.stringify({ traces, estimates: this.shown.estimates }, null, 2));
      this.copied = `${counted(traces.length, "trace")} copied`;
    } catch {
      // Insecure origins have no clipboard, and a person may refuse it.
      this.copied = "This browser does not allow copying here";
    }
  };

  #showTable(isTable: boolean): void {
    this.isTable = isTable;
    writeStored("devtools-view", isTable ? "table" : "waterfall");
  }

  override render() {
    const traces = filteredTraces(this.shown.traces.values(), this.filter);
    const drawn = traces.slice(0, MAX_ROWS);
    const selected = traces.find((trace) => trace.id === this.selectedId);
    return html`<section class="panel" aria-label="Devtools" style=${this.docked ? `height:${this.heightPx}px` : ""}>
      ${this.docked ? this.#renderHandle() : nothing} ${this.#renderToolbar()}
      <p class="visually-hidden" role="status">${this.copied === "" ? this.spoken : this.copied}</p>
      <div class="body">
        <section class="waterfall" aria-label="Segments">
          ${
            this.#isEmpty
              ? renderEmpty()
              : html`${this.#renderRows(drawn)}
                  <p class="soft count">
                    ${counted(traces.length, "segment")}${
                      traces.length > drawn.length ? `, the newest ${drawn.length} shown; the copy has all` : ""
                    }${this.isFrozen ? " · frozen" : ""}
                  </p>`
          }
        </section>
        <section class="aside" aria-label="Nodes and details">
          <h2>Nodes</h2>
          ${this.#renderNodes(traces)} ${selected === undefined ? nothing : renderDetails(selected)}
        </section>
      </div>
    </section>`;
  }

  get #isEmpty(): boolean {
    return (
      filteredTraces(this.shown.traces.values(), { ...NO_FILTER, clearedToMs: this.filter.clearedToMs }).length === 0
    );
  }

  #renderRows(drawn: readonly SegmentTrace[]) {
    if (drawn.length === 0) return html`<p class="soft">No segment passes these filters.</p>`;
    if (this.isTable) return renderTraceTable(drawn);
    return html`<vstack-waterfall
        .traces=${drawn}
        .selectedId=${this.selectedId}
        @vstack-select=${(event: CustomEvent<string>) => (this.selectedId = event.detail)}
      ></vstack-waterfall>
      ${renderLegend()}`;
  }

  #renderNodes(traces: readonly SegmentTrace[]) {
    const nodes = nodeFigures(this.shown.estimates, traces);
    if (nodes.length === 0) return html`<p class="soft">No data yet: no node was asked since the worker began.</p>`;
    return renderNodeTable(nodes);
  }

  #renderToolbar() {
    const nodeIds = nodeFigures(this.shown.estimates, this.shown.traces.values()).map((node) => node.nodeId);
    const sessions = [...new Set([...this.shown.traces.values()].map((trace) => trace.session))];
    return html`<div class="toolbar" role="group" aria-label="View and filters">
      ${this.docked ? html`<h2 class="title">Devtools</h2>` : nothing}
      <div class="views" role="group" aria-label="View">
        <button aria-pressed=${!this.isTable} @click=${() => this.#showTable(false)}>Waterfall</button>
        <button aria-pressed=${this.isTable} @click=${() => this.#showTable(true)}>Table</button>
      </div>
      ${renderSelect("Node", ["", ...nodeIds], this.filter.nodeId, (nodeId) => (this.filter = { ...this.filter, nodeId }))}
      ${renderSelect("Outcome", OUTCOME_FILTERS, this.filter.outcome, (text) => {
        const outcome: OutcomeFilter = OUTCOME_FILTERS.find((known) => known === text) ?? "all";
        this.filter = { ...this.filter, outcome };
      })}
      ${renderSelect("Session", ["", ...sessions], this.filter.session, (session) => (this.filter = { ...this.filter, session }))}
      <span class="gap"></span>
      <button aria-pressed=${this.isFrozen} @click=${this.#freeze}>Freeze</button>
      <button @click=${this.#clear}>Clear</button>
      <button @click=${this.#copy}>Copy JSON</button>
      ${
        this.docked
          ? html`<button aria-label="Close devtools" @click=${() => this.dispatchEvent(new CustomEvent("vstack-close"))}>✕</button>`
          : nothing
      }
    </div>`;
  }

  #renderHandle() {
    return html`<div
      class="handle"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the panel"
      aria-valuenow=${this.heightPx}
      aria-valuemin=${clampedHeight(0, window.innerHeight)}
      aria-valuemax=${clampedHeight(Number.MAX_SAFE_INTEGER, window.innerHeight)}
      tabindex="0"
      @pointerdown=${this.#drag}
      @keydown=${this.#sizeByKey}
    ></div>`;
  }

  #resize(heightPx: number): void {
    this.heightPx = clampedHeight(heightPx, window.innerHeight);
    writeStored("devtools-height", String(this.heightPx));
  }

  #drag = (event: PointerEvent): void => {
    const handle = event.currentTarget;
    if (!(handle instanceof HTMLElement)) return;
    handle.setPointerCapture(event.pointerId);
    const drag = new AbortController();
    const end = () => drag.abort();
    handle.addEventListener("pointermove", (move) => this.#resize(window.innerHeight - move.clientY), drag);
    handle.addEventListener("pointerup", end, drag);
    handle.addEventListener("pointercancel", end, drag);
  };

  #sizeByKey = (event: KeyboardEvent): void => {
    const step = { ArrowUp: HEIGHT_STEP_PX, ArrowDown: -HEIGHT_STEP_PX }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#resize(this.heightPx + step);
  };
}

function renderSelect(label: string, values: readonly string[], chosen: string, choose: (value: string) => void) {
  const changed = (event: Event) => {
    if (event.target instanceof HTMLSelectElement) choose(event.target.value);
  };
  return html`<label class="filter"
    ><span>${label}</span>
    <select @change=${changed}>
      ${values.map(
        (value) =>
          html`<option value=${value} ?selected=${value === chosen}>${value === "" ? "all" : value.slice(0, 16)}</option>`,
      )}
    </select></label
  >`;
}

function renderEmpty() {
  return html`<div class="empty">
    <h2>No segments yet</h2>
    <p>
      Start a video on this page or in another tab of this browser. Every segment appears here as a row: which nodes were
      asked, how long each took to answer, and what failed, stalled or lied.
    </p>
  </div>`;
}

function renderLegend() {
  return html`<p class="legend soft" aria-hidden="true">
    <span><i class="line"></i>waiting for the first byte</span>
    <span><i class="box"></i>body</span>
    <span><i class="dark"></i>verify</span>
    <span><i class="took-over"></i>handed over from a slower node</span>
    <span><i class="twice"></i>asked twice</span>
    <span><i class="early"></i>ahead of the player</span>
    <span>✕ failed</span> <span>◷ stalled</span> <span>⚠ corrupt</span> <span>⊘ cancelled</span>
  </p>`;
}

customElements.define("vstack-devtools", Devtools);
