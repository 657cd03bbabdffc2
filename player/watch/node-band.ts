/**
 * `<vstack-node-band>`: under the seek bar, which node each loaded segment came from: colour and pattern per node, paler
 * where the segment has left the buffer, a notch where another node mended a failure. The same as text and as a table.
 */
import { css, html, LitElement, nothing } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { NO_NODE_LOOK, nodeBackground, nodeLook } from "../charts/node-look.ts";
import { clockText, counted, percentText } from "../charts/quantities.ts";
import { elementStyles } from "../shell/element-styles.ts";
import type { Playback } from "../state/playback-store.ts";
import type { BandSegment, BandSource } from "./band-layout.ts";
import { bandSegments, bandTotals, sourceName } from "./band-layout.ts";

export class NodeBand extends LitElement {
  static override properties = {
    playback: { attribute: false },
    traces: { attribute: false },
    isOpen: { state: true },
  };

  declare playback: Playback | undefined;
  declare traces: ReadonlyMap<string, SegmentTrace>;
  declare isOpen: boolean;

  constructor() {
    super();
    this.traces = new Map();
    this.isOpen = false;
  }

  override render() {
    const playback = this.playback;
    if (playback === undefined) return nothing;
    const ofThisPlayer = [...this.traces.values()].filter((trace) => trace.session === playback.session);
    const segments = bandSegments(playback.placed, ofThisPlayer);
    return html`
      <div class="band" aria-hidden="true">
        ${segments.map((segment) => this.#renderSegment(segment, playback))}
        <span class="playhead" style=${styleMap({ left: `${atPercent(playback.positionSeconds, playback)}%` })}></span>
      </div>
      <div class="below">${this.#renderLegend(segments)}</div>
      <details @toggle=${this.#toggled}>
        <summary>Where each segment came from</summary>
        ${this.isOpen ? renderTable(segments) : nothing}
      </details>
    `;
  }

  #toggled = (event: Event): void => {
    this.isOpen = event.target instanceof HTMLDetailsElement && event.target.open;
  };

  #renderSegment(segment: BandSegment, playback: Playback) {
    const middle = segment.startSeconds + segment.durationSeconds / 2;
    const isBuffered = playback.buffered.some(([start, end]) => start <= middle && middle < end);
    const place = {
      left: `${atPercent(segment.startSeconds, playback)}%`,
      width: `${atPercent(segment.durationSeconds, playback)}%`,
    };
    return html`<span class="segment ${isBuffered ? "" : "gone"}" style=${styleMap(place)}>
      ${segment.parts.map(
        ({ source, share }) =>
          html`<span class="part" style=${styleMap({ flexGrow: String(share), background: sourceBackground(source) })}></span>`,
      )}
      ${segment.mended > 0 ? html`<span class="mended"></span>` : nothing}
    </span>`;
  }

  #renderLegend(segments: readonly BandSegment[]) {
    if (segments.length === 0) return html`<p>No segment is loaded yet.</p>`;
    const mended = segments.filter((segment) => segment.mended > 0).length;
    return html`<ul aria-label="Sources of the loaded segments">
      ${bandTotals(segments).map(
        ({ source, segments: count }) => html`<li>
          <span class="swatch" style=${styleMap({ background: sourceBackground(source) })}></span>
          <span>${sourceName(source)}</span> <span class="count">${count}</span>
          <span class="visually-hidden">${count === 1 ? "segment" : "segments"}</span>
        </li>`,
      )}
      ${mended === 0 ? nothing : html`<li><span class="mended-sign" aria-hidden="true"></span>mended <span class="count">${mended}</span></li>`}
    </ul>`;
  }

  static override styles = [
    elementStyles,
    css`
      :host {
        display: block;
      }
      .band {
        position: relative;
        height: 12px;
        overflow: hidden;
        background: light-dark(#dcdbd7, #23272f);
        border-radius: 0 0 var(--radius-small) var(--radius-small);
        forced-color-adjust: none;
      }
      .segment {
        position: absolute;
        top: 0;
        bottom: 0;
        display: flex;
        border-right: 1px solid var(--paper);
      }
      .segment.gone {
        opacity: 0.4;
      }
      .part {
        flex: 1 1 0;
      }
      .mended {
        position: absolute;
        top: 0;
        left: 50%;
        border: 5px solid transparent;
        border-top-color: var(--ink);
        transform: translateX(-50%);
      }
      .playhead {
        position: absolute;
        top: 0;
        bottom: 0;
        width: 2px;
        margin-left: -1px;
        background: var(--ink);
        box-shadow: 0 0 0 1px var(--paper);
      }
      .below {
        padding: var(--space-2) var(--gutter, 0) 0;
        font-size: var(--size-small);
        color: var(--ink-soft);
      }
      ul {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-1) var(--space-4);
      }
      li {
        display: inline-flex;
        align-items: center;
        gap: 6px;
      }
      .swatch {
        width: 18px;
        height: 12px;
        border: 1px solid var(--node-edge);
        border-radius: 3px;
        forced-color-adjust: none;
      }
      .mended-sign {
        border: 6px solid transparent;
        border-top-color: var(--ink);
        translate: 0 3px;
      }
      .count {
        font-variant-numeric: tabular-nums;
        color: var(--ink);
      }
      details {
        padding: 0 var(--gutter, 0);
        font-size: var(--size-small);
      }
      summary {
        display: inline-flex;
        align-items: center;
        min-height: var(--target);
        color: var(--ink-soft);
        cursor: pointer;
      }
      summary::before {
        content: "▸";
        margin-right: var(--space-2);
      }
      details[open] summary::before {
        content: "▾";
      }
      .scroll {
        max-height: 18rem;
        overflow: auto;
        border: 1px solid var(--line);
        border-radius: var(--radius);
      }
      table {
        width: 100%;
        border-collapse: collapse;
        font-variant-numeric: tabular-nums;
      }
      th,
      td {
        padding: 6px var(--space-3);
        border-bottom: 1px solid var(--line);
        text-align: left;
      }
      th {
        color: var(--ink-soft);
        font-weight: 500;
      }
    `,
  ];
}

function renderTable(segments: readonly BandSegment[]) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Sources by segment">
    <table>
      <thead>
        <tr><th scope="col">Time</th><th scope="col">Segment</th><th scope="col">Quality</th><th scope="col">From</th><th scope="col">Mended</th></tr>
      </thead>
      <tbody>
        ${segments.map(
          (segment) => html`<tr>
            <td>${clockText(segment.startSeconds)}</td>
            <td>${segment.seq}</td>
            <td>${segment.rendition}</td>
            <td>${partsText(segment)}</td>
            <td>${segment.mended === 0 ? "–" : counted(segment.mended, "failure")}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function partsText(segment: BandSegment): string {
  if (segment.parts.length === 1) return segment.parts.map((part) => sourceName(part.source)).join("");
  return segment.parts.map((part) => `${sourceName(part.source)} ${percentText(part.share)}`).join(", ");
}

function atPercent(seconds: number, playback: Playback): number {
  return playback.durationSeconds > 0 ? (100 * seconds) / playback.durationSeconds : 0;
}

function sourceBackground(source: BandSource): string {
  return nodeBackground(source.from === "node" ? nodeLook(source.nodeId) : NO_NODE_LOOK);
}

customElements.define("vstack-node-band", NodeBand);
