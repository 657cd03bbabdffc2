/** What is its own in the layout of the sliders and their simulated outcome. */
import { css } from "lit";
import { sharedStyles } from "./shared-styles.ts";

export const whatIfStyles = [
  sharedStyles,
  css`
    section {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--space-3);
    }
    h2 {
      font-size: var(--size-large);
      font-weight: 600;
      line-height: 1.3;
    }
    .workload {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      justify-items: start;
      gap: 2px;
      color: var(--ink-soft);
      font-size: var(--size-small);
    }
    .sliders {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr));
      gap: var(--space-2) var(--space-5);
    }
    .slider {
      display: grid;
      grid-template-columns: 1fr auto;
      align-items: baseline;
      gap: 0 var(--space-3);
      font-size: var(--size-small);
    }
    .slider label {
      color: var(--ink-soft);
    }
    output {
      font-variant-numeric: tabular-nums;
      font-weight: 550;
    }
    .slider input {
      grid-column: 1 / -1;
      width: 100%;
      height: 30px;
      margin: 0;
      accent-color: var(--accent);
      cursor: pointer;
    }
    .old {
      opacity: 0.6;
    }
    button {
      justify-self: start;
    }
  `,
];
