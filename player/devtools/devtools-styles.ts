/** Layout of the panel: one column, or waterfall beside nodes where there is room. */
import { css } from "lit";

export const devtoolsStyles = css`
  :host {
    display: block;
    container-type: inline-size;
  }
  :host([docked]) {
    position: sticky;
    bottom: 0;
    z-index: 5;
  }
  .panel {
    display: flex;
    flex-direction: column;
    background: var(--surface);
    color: var(--ink);
  }
  :host([docked]) .panel {
    border-top: 1px solid var(--line-strong);
    box-shadow: 0 -12px 40px -20px rgb(10 12 16 / 0.4);
  }
  :host(:not([docked])) .panel {
    border: 1px solid var(--line);
    border-radius: var(--radius-large);
  }
  .handle {
    flex: none;
    height: 12px;
    cursor: ns-resize;
    touch-action: none;
  }
  .handle::before {
    content: "";
    display: block;
    width: 44px;
    height: 4px;
    margin: 4px auto;
    border-radius: 2px;
    background: var(--line-strong);
  }
  .toolbar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--space-2);
    padding: var(--space-2) var(--space-4);
    border-bottom: 1px solid var(--line);
  }
  .toolbar button,
  .toolbar select {
    min-height: 40px;
    padding: 0 var(--space-3);
    font-size: 0.875rem;
  }
  .title {
    margin-right: var(--space-3);
  }
  h2 {
    font-size: 0.9375rem;
    font-weight: 600;
  }
  .views {
    display: inline-flex;
  }
  .views button + button {
    margin-left: -1px;
    border-radius: 0 var(--radius) var(--radius) 0;
  }
  .views button:first-child {
    border-radius: var(--radius) 0 0 var(--radius);
  }
  .views button[aria-pressed="true"] {
    position: relative;
  }
  .filter {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    color: var(--ink-soft);
    font-size: var(--size-small);
  }
  .gap {
    flex: 1;
  }
  .body {
    display: grid;
    flex: 1;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-4);
    min-height: 0;
    padding: var(--space-3) var(--space-4) var(--space-4);
    overflow: auto;
  }
  .waterfall,
  .aside {
    min-width: 0;
  }
  .aside h2 {
    margin-bottom: var(--space-2);
  }
  @container (min-width: 76rem) {
    .body {
      grid-template-columns: minmax(0, 1fr) 40rem;
      gap: var(--space-5);
    }
    :host([docked]) .body {
      overflow: hidden;
    }
    :host([docked]) .waterfall,
    :host([docked]) .aside {
      overflow: auto;
    }
  }
  .soft {
    color: var(--ink-soft);
    font-size: var(--size-small);
  }
  .count {
    padding-top: var(--space-2);
  }
  .empty {
    display: grid;
    gap: var(--space-2);
    max-width: 56ch;
    padding: var(--space-5) 0;
    color: var(--ink-soft);
  }
  .empty h2 {
    color: var(--ink);
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: var(--space-1) var(--space-4);
    padding-top: var(--space-3);
  }
  .legend span {
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  .legend i {
    width: 20px;
    height: 10px;
    background: var(--node-none);
  }
  .legend .line {
    height: 2px;
  }
  .legend .took-over {
    clip-path: polygon(7px 0, 100% 0, 100% 100%, 0 100%);
  }
  .legend .twice {
    border: 1.5px solid var(--ink);
    border-radius: 5px;
  }
  .legend .early {
    outline: 1.5px dashed var(--ink);
    outline-offset: -1.5px;
  }
  .legend .dark {
    width: 6px;
    background: var(--ink);
  }
  .scroll {
    overflow: auto;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: var(--size-small);
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 7px var(--space-2);
    border-bottom: 1px solid var(--line);
    text-align: left;
    white-space: nowrap;
  }
  thead th {
    color: var(--ink-soft);
    font-weight: 500;
  }
  tbody th {
    font-weight: 550;
  }
  .number {
    text-align: right;
  }
  .swatch {
    display: inline-block;
    width: 18px;
    height: 12px;
    margin-right: 8px;
    border: 1px solid var(--node-edge);
    border-radius: 3px;
    vertical-align: -1px;
    forced-color-adjust: none;
  }
  @media (max-width: 46rem) {
    .toolbar {
      padding-inline: var(--space-3);
    }
    .body {
      padding-inline: var(--space-3);
    }
    .toolbar {
      flex-wrap: nowrap;
      overflow-x: auto;
    }
    .toolbar > * {
      flex: none;
    }
    .toolbar .gap {
      flex: none;
    }
    .toolbar button,
    .toolbar select {
      min-height: var(--target);
    }
  }
`;
