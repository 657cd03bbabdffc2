/** What the parts of the page of storage look alike in: hints, tables, buttons beside each other, the word "simulated". */
import { css } from "lit";

export const sharedStyles = css`
  .hint,
  small {
    color: var(--ink-soft);
    font-size: var(--size-small);
    font-weight: 400;
  }
  .hint {
    max-width: 80ch;
    overflow-wrap: anywhere;
  }
  h3 {
    font-size: 1rem;
    font-weight: 600;
  }
  .deeds {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    gap: var(--space-2);
  }
  .scroll {
    overflow-x: auto;
  }
  table {
    border-collapse: collapse;
    font-size: 0.9375rem;
    font-variant-numeric: tabular-nums;
  }
  .scroll table {
    width: 100%;
  }
  .scroll :is(th, td) {
    padding: var(--space-1) var(--space-3) var(--space-1) 0;
    border-bottom: 1px solid var(--line);
    text-align: start;
    white-space: nowrap;
  }
  .scroll thead th {
    color: var(--ink-soft);
    font-size: var(--size-small);
    font-weight: 550;
  }
  .scroll .number {
    text-align: end;
  }
  .simulated {
    padding: 1px 8px;
    border: 1px dashed var(--warn);
    border-radius: 1em;
    color: var(--warn);
    font-size: 0.75rem;
    font-weight: 600;
    vertical-align: middle;
  }
`;
