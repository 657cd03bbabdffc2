/**
 * `<vstack-chunk-map>`: chunks by nodes, a cell for each place where a piece is or should be. A grid with one stop of Tab:
 * arrow keys, Home, End, Page Up and Page Down move in it (WAI-ARIA practices, "Grid"). Fires `vstack-cell` with the cell
 * that was chosen.
 */
import { css, html, LitElement, nothing } from "lit";
import { classMap } from "lit/directives/class-map.js";
import { repeat } from "lit/directives/repeat.js";
import { styleMap } from "lit/directives/style-map.js";
import type { ChunkMap } from "#wire/contract/storage-schemas.ts";
import { nodeBackground, nodeLook } from "../charts/node-look.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { cellLooks } from "./cell-looks.ts";
import type { MapCell, Place } from "./map-cells.ts";
import { cellsOf, cellWords, lossesWords, mapWords, movedBy, pieceSign, rowName } from "./map-cells.ts";

const STATE_SIGNS = { intact: "", missing: "", corrupt: "✕", moving: "→", unknown: "?" } as const;

export class ChunkMapElement extends LitElement {
  static override properties = { map: { attribute: false }, chosen: { attribute: false }, place: { state: true } };

  declare map: ChunkMap;
  /** Which cell is shown elsewhere, as `key@node`; "" for none. */
  declare chosen: string;
  /** The cell that Tab comes to. */
  declare place: Place;

  constructor() {
    super();
    this.chosen = "";
    this.place = { row: 0, column: 0 };
  }

  override willUpdate(): void {
    const { row, column } = this.place;
    const last = { row: this.map.rows.length - 1, column: this.map.nodes.length - 1 };
    if (row <= last.row && column <= last.column) return;
    this.place = { row: Math.max(0, Math.min(row, last.row)), column: Math.max(0, Math.min(column, last.column)) };
  }

  override render() {
    const { map } = this;
    return html`<p class="visually-hidden">Of the chunks shown: ${mapWords(map)}</p>
      <div class="scroll">
        <table role="grid" aria-label="Pieces by chunk and node" @keydown=${this.#pressed}>
          <thead>
            <tr>
              <td></td>
              ${map.nodes.map(
                ({ nodeId, state }) => html`<th scope="col" class=${state}>
                  <span class="swatch" style=${styleMap({ background: nodeBackground(nodeLook(nodeId)) })}></span>
                  ${nodeId}${state === "alive" ? nothing : html`<span class="visually-hidden">, ${state}</span>`}
                </th>`,
              )}
            </tr>
          </thead>
          <tbody>
            ${repeat(
              cellsOf(map),
              (_, index) => map.rows[index]?.key,
              (cells, row) => this.#renderRow(cells, row),
            )}
          </tbody>
        </table>
      </div>`;
  }

  #renderRow(cells: readonly MapCell[], rowIndex: number) {
    const row = this.map.rows[rowIndex];
    if (row === undefined) return nothing;
    const isEndangered = row.lossesLeft < 2;
    return html`<tr>
      <th scope="row" class=${classMap({ endangered: isEndangered })}>
        <span aria-hidden="true">${row.slot}${isEndangered ? " !" : ""}</span>
        <span class="visually-hidden">${rowName(row)}, ${lossesWords(row.lossesLeft)}</span>
      </th>
      ${cells.map((cell, column) => this.#renderCell(cell, { row: rowIndex, column }))}
    </tr>`;
  }

  #renderCell(cell: MapCell, place: Place) {
    const { piece, row, nodeId, others } = cell;
    const isStop = place.row === this.place.row && place.column === this.place.column;
    const look = piece === undefined ? "none" : `${piece.state} ${piece.shard === null ? "replica" : "shard"}`;
    const isParity = piece !== undefined && piece.shard !== null && piece.shard >= (row.dataShards ?? Infinity);
    return html`<td
      role="gridcell"
      class="${look} ${isParity ? "parity" : ""}"
      tabindex=${isStop ? 0 : -1}
      aria-selected=${this.chosen === `${row.key}@${nodeId}`}
      title=${cellWords(cell)}
      @click=${() => this.#choose(cell, place)}
    >
      <span class="visually-hidden">${cellWords(cell)}</span>
      <span aria-hidden="true"
        >${piece === undefined ? "·" : `${STATE_SIGNS[piece.state]}${pieceSign(piece, row)}${others > 0 ? "+" : ""}`}</span
      >
    </td>`;
  }

  #pressed = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      const cell = cellsOf(this.map)[this.place.row]?.[this.place.column];
      if (cell !== undefined) this.#choose(cell, this.place);
      return;
    }
    const size = { rows: this.map.rows.length, columns: this.map.nodes.length };
    const next = movedBy(event.key, this.place, size);
    if (next === undefined) return;
    event.preventDefault();
    this.place = next;
    void this.#focusPlace();
  };

  #choose(cell: MapCell, place: Place): void {
    this.place = place;
    void this.#focusPlace();
    this.dispatchEvent(new CustomEvent<MapCell>("vstack-cell", { detail: cell }));
  }

  async #focusPlace(): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('[role="gridcell"][tabindex="0"]')?.focus();
  }

  static override styles = [
    elementStyles,
    cellLooks,
    css`
      .scroll {
        overflow-x: auto;
        /* Room for the focus ring of the outermost cells. */
        padding: 5px;
        margin: -5px;
      }
      table {
        border-spacing: 3px;
        font-size: var(--size-small);
        font-variant-numeric: tabular-nums;
      }
      th {
        padding: 0 4px;
        color: var(--ink-soft);
        font-weight: 550;
        text-align: center;
        white-space: nowrap;
      }
      th[scope="row"] {
        min-width: 2.6rem;
        text-align: end;
      }
      th.endangered,
      th.dead {
        color: var(--bad);
      }
      th.suspect {
        color: var(--warn);
      }
      .swatch {
        display: block;
        width: 14px;
        height: 14px;
        margin: 0 auto 2px;
        border: 1px solid var(--node-edge);
        border-radius: 4px;
        forced-color-adjust: none;
      }
      [role="gridcell"] {
        width: 44px;
        min-width: 36px;
        height: 32px;
        padding: 0;
        border-radius: 6px;
        text-align: center;
        font-weight: 600;
        cursor: pointer;
      }
      .none {
        color: var(--ink-soft);
        font-weight: 400;
        cursor: default;
      }
      [aria-selected="true"] {
        box-shadow: 0 0 0 2px var(--surface), 0 0 0 4px var(--ink);
      }
      @media (prefers-reduced-motion: no-preference) {
        .moving {
          animation: breathe 1.6s ease-in-out infinite alternate;
        }
        @keyframes breathe {
          to {
            border-color: transparent;
          }
        }
      }
      @media (max-width: 30rem) {
        table {
          border-spacing: 2px;
        }
        [role="gridcell"] {
          width: 40px;
        }
      }
    `,
  ];
}

customElements.define("vstack-chunk-map", ChunkMapElement);
