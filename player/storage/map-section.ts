/**
 * `<vstack-map-section>`: the map of one video, a page of chunks at a time, with its legend and the chosen piece. Fires
 * `vstack-map-place` with the rendition and first row that are wanted.
 */
import { html, LitElement, nothing } from "lit";
import type { RenditionId, VideoId } from "#core/ids.ts";
import type { Damage } from "#wire/contract/piece-api.ts";
import type { ChunkMap } from "#wire/contract/storage-schemas.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { pageStyles } from "../shell/page-styles.ts";
import "./chunk-map.ts";
import type { MapCell } from "./map-cells.ts";
import { cellsOf, mapWords } from "./map-cells.ts";
import { renderPiecePanel } from "./piece-panel.ts";
import { storageStyles } from "./storage-styles.ts";

export interface MapPlace {
  readonly videoId: VideoId;
  /** Null: the first one. */
  readonly rendition: RenditionId | null;
  readonly from: number;
}

interface Chosen {
  readonly key: string;
  readonly nodeId: string;
  readonly damaged: Damage["damage"] | undefined;
}

export class MapSection extends LitElement {
  static override properties = {
    map: { attribute: false },
    title: { attribute: false },
    rows: { attribute: false },
    isLab: { attribute: false },
    damage: { attribute: false },
    chosen: { state: true },
    isPending: { state: true },
  };
  static override styles = [elementStyles, pageStyles, storageStyles];

  /** Undefined while it is asked for. */
  declare map: ChunkMap | undefined;
  declare title: string;
  /** Rows of a page. */
  declare rows: number;
  declare isLab: boolean;
  /** Does it; false when it was not done, and whoever owns this says why. */
  declare damage: (cell: MapCell, damage: Damage["damage"]) => Promise<boolean>;
  declare chosen: Chosen | undefined;
  declare isPending: boolean;

  constructor() {
    super();
    this.chosen = undefined;
    this.isPending = false;
  }

  override willUpdate(): void {
    // Somebody noticed: what stands in the cell is now the news.
    const { chosen } = this;
    const state = this.#cell?.piece?.state;
    if (chosen?.damaged !== undefined && state !== "intact") this.chosen = { ...chosen, damaged: undefined };
  }

  get #cell(): MapCell | undefined {
    const { map, chosen } = this;
    if (map === undefined || chosen === undefined) return undefined;
    const cells = cellsOf(map).flat();
    return cells.find(({ row, nodeId }) => row.key === chosen.key && nodeId === chosen.nodeId);
  }

  override render() {
    const { map } = this;
    return html`<section aria-labelledby="map">
      <div class="section-head">
        <h2 id="map">Chunk map of ${this.title}</h2>
        ${map === undefined || map.renditions.length < 2 ? nothing : this.#renderRenditions(map)}
      </div>
      ${map === undefined ? html`<p class="calm" aria-busy="true">Asking the nodes…</p>` : this.#renderMap(map)}
    </section>`;
  }

  #renderMap(map: ChunkMap) {
    const { chosen } = this;
    return html`<p class="hint">
        Rows are chunks, columns are nodes. Shown: ${mapWords(map)}.
        ${map.countedAtSeconds === null ? "No inventory was read yet: states are not known." : nothing}
      </p>
      ${renderLegend()}
      <div class="map-area">
        <div class="map-left"><vstack-chunk-map
        .map=${map}
        .chosen=${chosen === undefined ? "" : `${chosen.key}@${chosen.nodeId}`}
        @vstack-cell=${({ detail: { row, nodeId } }: CustomEvent<MapCell>) =>
          (this.chosen = { key: row.key, nodeId, damaged: undefined })}
      ></vstack-chunk-map>
      ${map.total > this.rows ? this.#renderPaging(map) : nothing}</div>
      ${renderPiecePanel({
        ...{ cell: this.#cell, isLab: this.isLab, isPending: this.isPending, damaged: chosen?.damaged },
        onDamage: (damage) => void this.#damage(damage),
      })}
      </div>`;
  }

  #renderRenditions({ rendition, renditions }: ChunkMap) {
    return html`<label class="choice">
      Rendition
      <select @change=${this.#chooseRendition}>
        ${renditions.map((id) => html`<option value=${id} ?selected=${id === rendition}>${id}</option>`)}
      </select>
    </label>`;
  }

  #renderPaging({ from, total, rows }: ChunkMap) {
    const isFirst = from === 0;
    const isLast = from + rows.length >= total;
    return html`<nav class="paging" aria-label="Pages of the map">
      <button aria-disabled=${isFirst} @click=${() => (isFirst ? undefined : this.#go(Math.max(0, from - this.rows)))}>
        Before
      </button>
      <p>Rows ${from + 1} to ${from + rows.length} of ${total}</p>
      <button aria-disabled=${isLast} @click=${() => (isLast ? undefined : this.#go(from + this.rows))}>After</button>
    </nav>`;
  }

  async #damage(damage: Damage["damage"]): Promise<void> {
    const cell = this.#cell;
    const { chosen } = this;
    if (cell === undefined || chosen === undefined || this.isPending) return;
    this.isPending = true;
    const isDone = await this.damage(cell, damage);
    this.isPending = false;
    if (isDone) this.chosen = { ...chosen, damaged: damage };
  }

  #chooseRendition = (event: Event): void => {
    const value = event.target instanceof HTMLSelectElement ? event.target.value : "";
    const rendition = this.map?.renditions.find((id) => id === value) ?? null;
    this.chosen = undefined;
    this.#fire({ rendition, from: 0 });
  };

  #go(from: number): void {
    this.#fire({ rendition: this.map?.rendition ?? null, from });
  }

  #fire(detail: Omit<MapPlace, "videoId">): void {
    this.dispatchEvent(new CustomEvent("vstack-map-place", { detail }));
  }
}

const LEGEND: readonly (readonly [sign: string, look: string, says: string])[] = [
  ["R", "intact replica", "Replica"],
  ["D1", "intact shard", "Data shard: plain bytes"],
  ["P1", "intact shard parity", "Parity shard"],
  ["D1", "missing", "Missing"],
  ["✕", "corrupt", "Corrupt"],
  ["→", "moving", "On its way"],
  ["?", "unknown", "Not known"],
];

function renderLegend() {
  return html`<ul class="legend" aria-label="Signs of the map">
    ${LEGEND.map(([sign, look, says]) => html`<li><span class="sign ${look}" aria-hidden="true">${sign}</span>${says}</li>`)}
  </ul>`;
}

customElements.define("vstack-map-section", MapSection);
