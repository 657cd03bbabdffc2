/** What the views of a play share: colours of the phases, cards, tables. */
import { css } from "lit";
import { cardStyles } from "../shell/card-styles.ts";

export const playStyles = [
  cardStyles,
  css`
  :host {
    display: block;
    min-width: 0;
    --phase-prepare: light-dark(#98480f, #f2ab78);
    --phase-accept: light-dark(#4a4fc4, #aab0ff);
    --phase-read: light-dark(#555b66, #a6adba);
    --phase-seal: light-dark(#8a2f79, #eaa0dc);
    --phase-install: light-dark(#0a6a4d, #62d6aa);
  }
  h2 {
    font-size: 1.0625rem;
    font-weight: 600;
    line-height: 1.3;
    overflow-wrap: anywhere;
  }
  h3 {
    font-size: 0.9375rem;
    font-weight: 600;
  }
  .hint {
    color: var(--ink-soft);
    font-size: var(--size-small);
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: var(--space-2) var(--space-4);
  }
  .scroller {
    /* Holds words for screen readers alone, which are placed absolutely. */
    position: relative;
    min-width: 0;
    overflow-x: auto;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 0.875rem;
    font-variant-numeric: tabular-nums;
  }
  th {
    padding: var(--space-1) var(--space-2);
    color: var(--ink-soft);
    font-size: var(--size-small);
    font-weight: 500;
    text-align: start;
    white-space: nowrap;
  }
  td {
    padding: var(--space-2);
    border-top: 1px solid var(--line);
    vertical-align: middle;
  }
  button.small {
    min-height: 32px;
    min-width: 32px;
    padding: 0 10px;
    border-radius: 8px;
    font-size: var(--size-small);
  }
  code {
    white-space: nowrap;
  }
  .phase {
    display: inline-grid;
    place-items: center;
    width: 1.6em;
    height: 1.6em;
    border: 1.5px solid currentColor;
    border-radius: 50%;
    font-size: 0.75rem;
    font-weight: 700;
  }
  .phase.bytes {
    border-radius: 4px;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 2px var(--space-4);
    color: var(--ink-soft);
    font-size: var(--size-small);
  }
  .dot {
    display: inline-block;
    width: 11px;
    height: 11px;
    border: 1px solid var(--node-edge);
    border-radius: 50%;
    vertical-align: -1px;
  }
`,
];
