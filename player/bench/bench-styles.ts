/** What is its own in the layout of the page of benchmarks. */
import { css } from "lit";

export const benchStyles = css`
  .trouble {
    color: var(--bad);
  }
  .card {
    padding: var(--space-4);
    border: 1px solid var(--line);
    border-radius: var(--radius-large);
    background: var(--surface);
  }
  .forms {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 280px), 1fr));
    gap: var(--space-4);
  }
  .forms .card {
    display: grid;
    gap: var(--space-4);
    align-content: space-between;
    justify-items: start;
  }
  .row,
  .run {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: var(--space-3) var(--space-4);
  }
  .label,
  .run-name {
    font-weight: 600;
  }
  .run-name time,
  .detail,
  .elapsed,
  .form-says {
    color: var(--ink-soft);
    font-weight: 400;
  }
  .elapsed {
    font-variant-numeric: tabular-nums;
  }
  .detail + .elapsed::before {
    content: "· ";
  }
  progress {
    inline-size: 100%;
    block-size: 10px;
    accent-color: var(--accent);
  }
  pre {
    margin: 0;
    padding: var(--space-3);
    border-radius: var(--radius);
    background: var(--surface-sunk);
    font: 0.8125rem / 1.5 var(--font-mono);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .runs {
    display: grid;
    gap: var(--space-3);
  }
  .links {
    display: flex;
    flex-wrap: wrap;
    gap: var(--space-2);
  }
`;
