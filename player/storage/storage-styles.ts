/** What is its own in the layout of the page of storage: bars, videos, the map, the queue. */
import { css } from "lit";
import { cardStyles } from "../shell/card-styles.ts";
import { sumsStyles } from "../shell/sums-styles.ts";
import { cellLooks } from "./cell-looks.ts";
import { sharedStyles } from "./shared-styles.ts";

export const storageStyles = [
  cardStyles,
  sumsStyles,
  sharedStyles,
  cellLooks,
  css`
    .trouble {
      color: var(--bad);
    }
    .card {
      gap: var(--space-2);
    }
    .section-head {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      justify-content: space-between;
      gap: var(--space-2) var(--space-4);
    }
    .section-head h2 {
      overflow-wrap: anywhere;
    }
    .choice {
      display: flex;
      align-items: center;
      gap: var(--space-2);
      color: var(--ink-soft);
      font-size: var(--size-small);
    }
    .bars {
      display: grid;
      gap: var(--space-2);
    }
    .bar-row {
      display: grid;
      grid-template-columns: 11rem minmax(0, 1fr);
      align-items: center;
      gap: var(--space-3);
    }
    .bar-row dt {
      color: var(--ink-soft);
    }
    .bar-row dd {
      display: grid;
      grid-template-columns: minmax(0, 1fr) 9rem;
      align-items: center;
      gap: var(--space-3);
    }
    .bar {
      display: flex;
      height: 18px;
      overflow: hidden;
      border-radius: 5px;
      background: var(--surface-sunk);
      forced-color-adjust: none;
    }
    .bar.thin {
      min-width: 8rem;
      height: 12px;
    }
    .bar span {
      height: 100%;
    }
    .bar .content {
      background: var(--line-strong);
    }
    .bar .kept {
      background: var(--accent);
    }
    .bar .shards {
      background: var(--good);
    }
    .bar .full {
      background: repeating-linear-gradient(135deg, var(--line-strong) 0 2px, transparent 2px 7px);
    }
    .figure {
      font-variant-numeric: tabular-nums;
      font-weight: 600;
      white-space: nowrap;
    }
    .wide {
      width: 40%;
    }
    .swatch {
      display: inline-block;
      width: 14px;
      height: 14px;
      margin-right: 6px;
      border: 1px solid var(--node-edge);
      border-radius: 4px;
      vertical-align: -2px;
      forced-color-adjust: none;
    }
    .videos,
    .work {
      display: grid;
      gap: var(--space-2);
    }
    .videos .card {
      grid-template-columns: minmax(0, 1.4fr) minmax(0, 1.2fr) auto;
      align-items: center;
      gap: var(--space-3) var(--space-5);
    }
    .about h3 {
      overflow-wrap: anywhere;
    }
    .form {
      font-weight: 600;
    }
    .form.replication {
      color: var(--accent);
    }
    .form.erasure {
      color: var(--good);
    }
    .facts {
      display: grid;
      grid-template-columns: repeat(2, minmax(0, 1fr));
      gap: var(--space-1) var(--space-3);
      font-size: 0.9375rem;
      font-variant-numeric: tabular-nums;
    }
    .facts dt {
      color: var(--ink-soft);
      font-size: var(--size-small);
    }
    .videos label {
      display: grid;
      gap: 2px;
      color: var(--ink-soft);
      font-size: var(--size-small);
    }
    select.pending {
      border-style: dashed;
      color: var(--accent);
      font-style: italic;
    }
    .paging {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: var(--space-3);
    }
    .legend {
      display: flex;
      flex-wrap: wrap;
      gap: var(--space-1) var(--space-4);
      color: var(--ink-soft);
      font-size: var(--size-small);
    }
    .legend li {
      display: inline-flex;
      align-items: center;
      gap: var(--space-2);
    }
    .sign {
      display: inline-grid;
      place-items: center;
      width: 30px;
      height: 24px;
      border-radius: 5px;
      font-size: 0.75rem;
      font-weight: 600;
    }
    .map-area {
      display: grid;
      grid-template-columns: auto minmax(18rem, 1fr);
      align-items: start;
      gap: var(--space-4) var(--space-5);
    }
    .map-left {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--space-3);
      min-width: 0;
    }
    .piece {
      position: sticky;
      top: var(--space-4);
    }
    .piece.card {
      gap: var(--space-3);
    }
    .piece .hash code {
      overflow-wrap: anywhere;
    }
    .warned {
      color: var(--warn);
      font-weight: 550;
    }
    .panels {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr));
      gap: var(--space-3);
    }
    progress {
      width: 100%;
      height: 10px;
      accent-color: var(--accent);
    }
    .work li {
      padding: var(--space-2) 0;
      border-bottom: 1px solid var(--line);
    }
    .work code {
      overflow-wrap: anywhere;
    }
    @media (max-width: 60rem) {
      .videos .card,
      .map-area {
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-3);
      }
      .piece {
        position: static;
      }
    }
    @media (max-width: 46rem) {
      .bar-row {
        grid-template-columns: minmax(0, 1fr);
        gap: 2px;
      }
      .bar-row dd {
        grid-template-columns: minmax(0, 1fr) auto;
      }
      .wide {
        display: none;
      }
    }
  `,
];
