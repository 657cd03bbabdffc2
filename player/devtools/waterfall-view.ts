/**
 * `<vstack-waterfall>`: one row per segment, newest first, one lane per attempt, in the colour and pattern of its node.
 * All rows share one scale of milliseconds since their own request. Arrow keys move between rows; the row in focus is
 * announced as a sentence and fires `vstack-select` with its trace.
 */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { styleMap } from "lit/directives/style-map.js";
import type { AttemptTrace, SegmentTrace } from "#wire/contract/segment-trace.ts";
import { NO_NODE_LOOK, nodeBackground, nodeLook } from "../charts/node-look.ts";
import { bytesText, durationText } from "../charts/quantities.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { outcomeSign } from "./trace-details.ts";
import { segmentName, traceSentence } from "./trace-filter.ts";
import { timeOfDay } from "./trace-table.ts";
import type { Scale, WaterfallBar, WaterfallLane, WaterfallRow, WaterfallRun } from "./waterfall-layout.ts";
import { waterfallStyles } from "./waterfall-styles.ts";
import { scaleOf, waterfallRow } from "./waterfall-layout.ts";

export class Waterfall extends LitElement {
  static override properties = { traces: { attribute: false }, selectedId: { attribute: false } };

  declare traces: readonly SegmentTrace[];
  declare selectedId: string;

  constructor() {
    super();
    this.traces = [];
    this.selectedId = "";
  }

  override render() {
    const rows = this.traces.map(waterfallRow);
    const scale = scaleOf(rows);
    const inTabOrder = rows.find((row) => row.trace.id === this.selectedId) ?? rows[0];
    return html`
      <div class="scale" aria-hidden="true">
        <span></span><span></span>
        <span class="ticks"
          >${scale.ticksMs.map(
            (tick) => html`<span style=${styleMap({ left: percent(tick, scale) })}>${durationTick(tick)}</span>`,
          )}</span
        >
      </div>
      <div class="rows" role="listbox" aria-label="Segments, newest first" @keydown=${this.#pressed}>
        ${repeat(
          rows,
          (row) => row.trace.id,
          (row) => this.#renderRow(row, scale, row === inTabOrder),
        )}
      </div>
    `;
  }

  #renderRow(row: WaterfallRow, scale: Scale, isInTabOrder: boolean) {
    const { trace } = row;
    const select = () => this.dispatchEvent(new CustomEvent("vstack-select", { detail: trace.id }));
    return html`<div
      class="row ${trace.outcome}"
      role="option"
      data-id=${trace.id}
      aria-selected=${trace.id === this.selectedId}
      tabindex=${isInTabOrder ? 0 : -1}
      @focus=${select}
      @click=${select}
      @pointerenter=${select}
    >
      <span class="visually-hidden">${timeOfDay(trace.startedAtMs)}, ${traceSentence(trace)}</span>
      <span class="time" aria-hidden="true">${timeOfDay(trace.startedAtMs)}</span>
      <span class="name" aria-hidden="true"
        ><span class="strategy ${trace.strategy}" title=${trace.strategy}></span>${segmentName(trace)}${
          trace.wastedBytes > 0 && trace.outcome !== "running"
            ? html`<span class="waste">${bytesText(trace.wastedBytes)} wasted</span>`
            : nothing
        }</span
      >
      <span class="lanes" aria-hidden="true">${row.lanes.map((lane) => renderLane(lane, row, scale))}</span>
    </div>`;
  }

  #pressed = (event: KeyboardEvent): void => {
    const rows = [...this.renderRoot.querySelectorAll<HTMLElement>(".row")];
    const here = rows.findIndex((row) => row === event.target);
    const moves: Record<string, number> = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows.length - 1 };
    const wanted = moves[event.key];
    if (wanted === undefined) return;
    // The arrows are the list's while it has the focus, not the volume's.
    event.preventDefault();
    event.stopPropagation();
    rows[Math.min(Math.max(wanted, 0), rows.length - 1)]?.focus();
  };

  static override styles = [elementStyles, waterfallStyles];
}

function renderLane({ nodeId, runs, endMs }: WaterfallLane, { trace, lanes }: WaterfallRow, scale: Scale) {
  const background = nodeBackground(nodeId === undefined ? NO_NODE_LOOK : nodeLook(nodeId));
  const isFirstOfNode = lanes.find((lane) => lane.nodeId === nodeId)?.runs === runs;
  const troubled = runs.filter(({ attempt }) => TROUBLE.has(attempt?.outcome ?? ""));
  const name = nodeId ?? trace.servedFrom;
  return html`<span class="lane ${troubled.length > 0 ? "trouble" : ""}">
    ${runs.map((run) => renderRun(run, background, scale))}
    <span class="sign" style=${styleMap({ left: percent(endMs, scale) })}
      >${runs.map(({ attempt }) => signOf(attempt))} ${isFirstOfNode || troubled.length > 0 ? name : nothing}</span
    >
  </span>`;
}

const TROUBLE: ReadonlySet<string> = new Set(["failed", "stalled", "corrupt"]);

function renderRun({ attempt, shape, bars }: WaterfallRun, background: string, scale: Scale) {
  return html`<span class="run ${shape} ${attempt?.outcome ?? ""}">
    ${bars.map((bar) => renderBar(bar, background, scale))}
  </span>`;
}

/** Only what is out of the ordinary is said; the details have the rest. */
function signOf(attempt: AttemptTrace | undefined) {
  if (attempt === undefined || attempt.outcome === "complete" || attempt.outcome === null) return nothing;
  if (attempt.outcome === "cancelled") return outcomeSign(attempt);
  return html`${outcomeSign(attempt)} ${attempt.outcome}`;
}

function renderBar({ phase, startMs, endMs }: WaterfallBar, background: string, scale: Scale) {
  const place = { left: percent(startMs, scale), width: percent(endMs - startMs, scale), background };
  return html`<span class="bar ${phase}" style=${styleMap(place)}></span>`;
}

function percent(milliseconds: number, scale: Scale): string {
  return `${(100 * milliseconds) / scale.endMs}%`;
}

function durationTick(milliseconds: number): string {
  return milliseconds === 0
    ? "0"
    : durationText(milliseconds)
        .replace(/\.0+ /, " ")
        .replace(/(\.\d)0 /, "$1 ");
}

customElements.define("vstack-waterfall", Waterfall);
