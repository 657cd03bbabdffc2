/**
 * `<vstack-space-time>`: the space-time diagram of a log: a line of life for each process, an arrow for each message, marks
 * for what is written, flushed, lost and decided. A click goes to the moment; the transcript beside it says the same in
 * words, and is what keyboards use.
 */
import { css, html, LitElement, svg } from "lit";
import type { SimulationEvent } from "#core/simulation/consensus/events.ts";
import { nodeLook } from "../charts/node-look.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { KIND_LOOKS, PHASE_LOOKS } from "./event-looks.ts";
import { playStyles } from "./play-styles.ts";
import type { Arrow, Mark } from "./space-time-layout.ts";
import { spaceTimeOf } from "./space-time-layout.ts";

/** Asks for the moment of an event; `detail` is its index. */
const PICK_EVENT = "vstack-pick-event";

/** Width of the column of names. */
const NAMES_PX = 66;

export class SpaceTimeView extends LitElement {
  static override properties = {
    events: { attribute: false },
    eventCount: { attribute: false },
    nodeIds: { attribute: false },
    selected: { attribute: false },
    label: { attribute: false },
    roomPx: { state: true },
  };

  declare events: readonly SimulationEvent[];
  declare eventCount: number;
  declare nodeIds: readonly string[];
  /** Number of the message that is lit. */
  declare selected: number | null;
  declare label: string;
  /** Width that there is for the diagram. */
  declare roomPx: number;
  readonly #sizes = new ResizeObserver(
    ([entry]) => (this.roomPx = Math.max(0, Math.floor(entry?.contentRect.width ?? 0) - NAMES_PX)),
  );

  constructor() {
    super();
    this.events = [];
    this.eventCount = 0;
    this.nodeIds = [];
    this.selected = null;
    this.label = "Messages over time";
    this.roomPx = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#sizes.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#sizes.disconnect();
  }

  /** The present stays in sight. */
  override updated(changed: Map<string, unknown>): void {
    if (!changed.has("eventCount") && !changed.has("events")) return;
    const scroller = this.renderRoot.querySelector(".scroller");
    const now = this.renderRoot.querySelector(".now");
    if (!(scroller instanceof HTMLElement) || now === null) return;
    const nowX = Number(now.getAttribute("x1"));
    const [left, width] = [scroller.scrollLeft, scroller.clientWidth];
    if (nowX > left + width - 60 || nowX < left + 20) scroller.scrollLeft = Math.max(0, nowX - width * 0.7);
  }

  override render() {
    const layout = spaceTimeOf(this.events, this.eventCount, this.nodeIds, this.roomPx);
    const { widthPx, heightPx, rows, nowX } = layout;
    return html`<div class="frame">
      <div class="names" style="width: ${NAMES_PX}px; height: ${heightPx}px" aria-hidden="true">
        ${rows.map(
          ({ name, y, isNode }) => html`<span style="top: ${y}px"
            ><i class=${isNode ? "dot" : "dot program"} style=${isNode ? `background: ${nodeLook(name).colour}` : ""}></i
            >${name}</span
          >`,
        )}
      </div>
      <div class="scroller" tabindex="0" role="group" aria-label="${this.label}: scrolls sideways">
        <svg width=${widthPx} height=${heightPx} role="img" aria-label="${this.label}: ${layout.arrows.length} messages">
          ${layout.ticks.map(
            ({ x, atMs }) =>
              svg`<line class="tick" x1=${x} x2=${x} y1="22" y2=${heightPx} /><text class="time" x=${x} y="14">${atMs.toFixed(1)} ms</text>`,
          )}
          ${rows.map(({ y }) => svg`<line class="life" x1="0" x2=${widthPx} y1=${y} y2=${y} />`)}
          ${layout.downs.map(({ fromX, toX, y }) => svg`<line class="down" x1=${fromX} x2=${toX} y1=${y} y2=${y} />`)}
          ${layout.moments.map(({ event, x }) => this.#renderMoment(event, x, heightPx))}
          ${layout.arrows.map((arrow) => this.#renderArrow(arrow))}
          <line class="now" x1=${nowX} x2=${nowX} y1="18" y2=${heightPx} />
          ${layout.marks.map((mark) => this.#renderMark(mark))}
        </svg>
      </div>
    </div>`;
  }

  #renderArrow({ message, sent, ended, fromX, fromY, toX, toY }: Arrow) {
    const isSelected = message === this.selected;
    const { colour } = PHASE_LOOKS[sent.phase ?? "read"];
    const looks = ["arrow", sent.kind, isSelected ? "selected" : "", ended?.kind ?? "flying"].join(" ");
    const slope = Math.atan2(toY - fromY, toX - fromX) * (180 / Math.PI);
    const head =
      ended?.kind === "drop"
        ? svg`<path class="cross" d="M-5 -5 5 5M-5 5 5 -5" style="transform: translate(${toX}px, ${toY}px)" />`
        : svg`<path class="tip" d="M0 0 -8 -3.6 -8 3.6z" style="transform: translate(${toX}px, ${toY}px) rotate(${slope}deg)" />`;
    return svg`<g class=${looks} style="--phase: ${colour}" data-message=${message} data-event=${sent.index}
      data-ended=${ended?.index ?? ""} @click=${() => this.#pick(ended ?? sent)}>
      <line class="hit" x1=${fromX} y1=${fromY} x2=${toX} y2=${toY} />
      <line x1=${fromX} y1=${fromY} x2=${toX} y2=${toY} />${head}<title>${(ended ?? sent).text}</title>
    </g>`;
  }

  #renderMark({ event, x, y }: Mark) {
    const { sign, name } = KIND_LOOKS[event.kind];
    const body =
      event.kind === "write" || event.kind === "flush"
        ? svg`<rect x="-4.5" y="-4.5" width="9" height="9" />`
        : svg`<circle r="8" /><text dy="0.36em">${sign}</text>`;
    return svg`<g class="mark ${event.kind}" style="transform: translate(${x}px, ${y}px)" data-event=${event.index}
      @click=${() => this.#pick(event)}>${body}<title>${name}: ${event.text}</title></g>`;
  }

  #renderMoment(event: SimulationEvent, x: number, heightPx: number) {
    return svg`<g class="moment ${event.kind}" data-event=${event.index} @click=${() => this.#pick(event)}>
      <line x1=${x} x2=${x} y1="32" y2=${heightPx} /><text x=${x} y="30">${KIND_LOOKS[event.kind].sign}</text>
      <title>${event.text}</title></g>`;
  }

  #pick({ index }: SimulationEvent): void {
    this.dispatchEvent(new CustomEvent(PICK_EVENT, { detail: index }));
  }

  static override styles = [
    elementStyles,
    playStyles,
    css`
      .frame {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
      }
      .names {
        position: relative;
        border-right: 1px solid var(--line);
        font-size: var(--size-small);
        font-weight: 600;
      }
      .names span {
        position: absolute;
        left: 0;
        display: flex;
        align-items: center;
        gap: 6px;
        transform: translateY(-50%);
        white-space: nowrap;
      }
      .dot.program {
        border-radius: 3px;
        background: var(--surface-raised);
        border-color: var(--line-strong);
      }
      svg {
        display: block;
        font-family: var(--font);
      }
      text {
        fill: var(--ink);
        font-size: 11px;
        text-anchor: middle;
      }
      .time {
        fill: var(--ink-soft);
        font-size: 10.5px;
        text-anchor: start;
      }
      .tick {
        stroke: var(--line);
        opacity: 0.6;
      }
      .life {
        stroke: var(--line-strong);
        stroke-width: 1;
        opacity: 0.6;
      }
      .down {
        stroke: var(--surface);
        stroke-width: 5;
        stroke-dasharray: 4 4;
      }
      .now {
        stroke: var(--focus);
        stroke-width: 1.5;
        stroke-dasharray: 2 3;
      }
      .arrow,
      .mark,
      .moment {
        cursor: pointer;
      }
      .arrow line {
        stroke: var(--phase);
        stroke-width: 1.6;
      }
      .arrow.answer line {
        stroke-dasharray: 6 3;
      }
      .arrow .hit {
        stroke: transparent;
        stroke-width: 12;
        stroke-dasharray: none;
      }
      .arrow.selected line:not(.hit),
      .arrow:hover line:not(.hit) {
        stroke-width: 3.4;
      }
      .tip {
        fill: var(--phase);
      }
      .arrow.flying .tip {
        opacity: 0.75;
      }
      .cross {
        fill: none;
        stroke: var(--bad);
        stroke-width: 2.6;
      }
      .mark circle {
        fill: var(--surface);
        stroke: var(--line-strong);
      }
      .mark text {
        font-size: 10px;
        font-weight: 700;
      }
      .mark rect {
        fill: var(--surface);
        stroke: var(--ink);
        stroke-width: 1.8;
      }
      .mark.flush rect {
        fill: var(--ink);
      }
      .mark.outcome circle {
        fill: var(--good);
        stroke: var(--good);
      }
      .mark.outcome text {
        fill: var(--surface);
      }
      .mark.crash circle,
      .mark.wipe circle {
        fill: var(--bad-wash);
        stroke: var(--bad);
      }
      .mark.crash text,
      .mark.wipe text {
        fill: var(--bad);
      }
      .moment line {
        stroke: var(--line-strong);
        stroke-width: 1.5;
      }
      .moment.decide line {
        stroke: var(--good);
        stroke-width: 2;
      }
      .moment text {
        font-size: 14px;
      }
      .moment.decide text {
        fill: var(--good);
      }
      .moment.violation line {
        stroke: var(--bad);
        stroke-width: 3;
      }
      .moment.violation text {
        fill: var(--bad);
      }
      .moment.partition line {
        stroke-dasharray: 3 4;
      }
    `,
  ];
}

customElements.define("vstack-space-time", SpaceTimeView);
