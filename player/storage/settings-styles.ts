/** What is its own in the layout of the settings. */
import { css } from "lit";
import { sharedStyles } from "./shared-styles.ts";

export const settingsStyles = [
  sharedStyles,
  css`
    section,
    form {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--space-4);
    }
    h2 {
      font-size: var(--size-large);
      font-weight: 600;
      line-height: 1.3;
    }
    fieldset,
    details {
      min-width: 0;
      margin: 0;
      padding: var(--space-3) var(--space-4) var(--space-4);
      border: 1px solid var(--line);
      border-radius: var(--radius-large);
      background: var(--surface);
    }
    details {
      padding-block: var(--space-2);
    }
    summary {
      min-height: 36px;
      font-weight: 600;
      line-height: 36px;
      cursor: pointer;
    }
    details[open] summary {
      margin-bottom: var(--space-2);
    }
    legend {
      padding: 0 var(--space-2);
      font-weight: 600;
    }
    .radio {
      display: flex;
      align-items: center;
      gap: var(--space-2);
      min-height: 36px;
    }
    .radio input {
      flex: none;
      width: 20px;
      height: 20px;
      accent-color: var(--accent);
    }
    .fields {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(min(100%, 16rem), 1fr));
      gap: var(--space-3) var(--space-5);
    }
    .field {
      display: grid;
      align-content: start;
      gap: 2px;
    }
    input[type="text"] {
      width: 100%;
      font-variant-numeric: tabular-nums;
    }
    input.changed {
      border-color: var(--accent);
      border-width: 2px;
    }
    input[aria-invalid="true"] {
      border-color: var(--bad);
    }
    .why {
      color: var(--ink-soft);
      font-size: 0.75rem;
      line-height: 1.4;
    }
    .problems {
      color: var(--bad);
    }
  `,
];
