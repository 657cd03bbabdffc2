/**
 * `<vstack-waterfall>`: one row per segment, newest first, one lane per attempt, in the colour and pattern of its node.
 * All rows share one scale of milliseconds since their own request. Arrow keys move between rows; the row in focus is
 * announced as a sentence and fires `vstack-select` with its trace.
 */
import { css, html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { styleMap } from "lit/directives/style-map.js";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { NO_NODE_LOOK, nodeBackground, nodeLook } from "../charts/node-look.ts";
import { durationText } from "../charts/quantities.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { outcomeSign } from "./trace-details.ts";
import { segmentName, traceSentence } from "./trace-filter.ts";
import { timeOfDay } from "./trace-table.ts";
import type { Scale, WaterfallBar, WaterfallLane, WaterfallRow } from "./waterfall-layout.ts";
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
        ><span class="strategy ${trace.strategy}" title=${trace.strategy}></span>${segmentName(trace)}</span
      >
      <span class="lanes" aria-hidden="true">${row.lanes.map((lane) => renderLane(lane, trace, scale))}</span>
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

  static override styles = [
    elementStyles,
    css`
      :host {
        display: block;
        font-size: var(--size-small);
        font-variant-numeric: tabular-nums;
      }
      .scale,
      .row {
        display: grid;
        grid-template-columns: 4.75rem 6.5rem minmax(0, 1fr);
        gap: var(--space-3);
      }
      .scale {
        position: sticky;
        top: 0;
        z-index: 1;
        height: 24px;
        background: var(--surface);
        color: var(--ink-soft);
        border-bottom: 1px solid var(--line);
      }
      .ticks,
      .lanes {
        position: relative;
        margin-right: 7.5rem;
      }
      .ticks span {
        position: absolute;
        translate: -50% 0;
        white-space: nowrap;
      }
      .ticks span:first-child {
        translate: 0 0;
      }
      .row {
        align-items: center;
        min-height: 30px;
        padding: 4px 0;
        border-bottom: 1px solid var(--line);
        cursor: default;
      }
      .row[aria-selected="true"] {
        background: var(--accent-wash);
      }
      .row:focus-visible {
        outline-offset: -3px;
      }
      .time {
        padding-left: var(--space-2);
        color: var(--ink-soft);
      }
      .name {
        display: flex;
        align-items: center;
        gap: 6px;
        white-space: nowrap;
      }
      .strategy {
        flex: none;
        width: 8px;
        height: 8px;
        background: var(--ink-soft);
        rotate: 45deg;
      }
      .strategy.smart {
        border-radius: 50%;
        background: var(--smart);
      }
      .strategy.naive {
        rotate: 0deg;
        border-radius: 1px;
        background: var(--naive);
      }
      .failed .name {
        color: var(--bad);
        font-weight: 600;
      }
      .lanes {
        display: grid;
        gap: 3px;
      }
      .lane {
        position: relative;
        height: 14px;
      }
      .bar {
        position: absolute;
        top: 0;
        bottom: 0;
        min-width: 1px;
        forced-color-adjust: none;
      }
      .waiting {
        top: 6px;
        bottom: 6px;
        opacity: 0.75;
      }
      .body {
        outline: 1px solid var(--node-edge);
        outline-offset: -1px;
      }
      .verify {
        background: var(--ink) !important;
        opacity: 0.72;
      }
      .cancelled .body,
      .cancelled .waiting {
        opacity: 0.38;
      }
      .sign {
        position: absolute;
        top: -2px;
        margin-left: 5px;
        color: var(--ink-soft);
        white-space: nowrap;
        line-height: 18px;
        font-size: 0.75rem;
      }
      .trouble .sign {
        color: var(--bad);
        font-weight: 600;
      }
      @media (max-width: 46rem) {
        .scale,
        .row {
          grid-template-columns: 4.5rem minmax(0, 1fr);
        }
        .time,
        .scale span:first-child {
          display: none;
        }
        .ticks span:first-child {
          display: inline;
        }
        .row {
          min-height: 44px;
        }
        .ticks,
        .lanes {
          margin-right: 5.75rem;
        }
        .ticks span:nth-child(even) {
          display: none;
        }
        .name {
          padding-left: var(--space-1);
        }
      }
    `,
  ];
}

function renderLane({ attempt, bars, endMs }: WaterfallLane, trace: SegmentTrace, scale: Scale) {
  const background = nodeBackground(attempt === undefined ? NO_NODE_LOOK : nodeLook(attempt.nodeId));
  const isTrouble = attempt !== undefined && ["failed", "stalled", "corrupt"].includes(attempt.outcome ?? "");
  const says =
    attempt === undefined ? trace.servedFrom : signText(attempt.nodeId, outcomeSign(attempt), attempt.outcome);
  return html`<span class="lane ${attempt?.outcome ?? ""} ${isTrouble ? "trouble" : ""}">
    ${bars.map((bar) => renderBar(bar, background, scale))}
    <span class="sign" style=${styleMap({ left: percent(endMs, scale) })}>${says}</span>
  </span>`;
}

function signText(nodeId: string, sign: string, outcome: string | null) {
  return outcome === "complete" ? html`${nodeId}` : html`${sign} ${outcome ?? nothing} ${nodeId}`;
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
