/** Layout of the page of benchmarks. */
import { css } from "lit";

export const benchStyles = css`
  .page {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-6);
    max-width: var(--page-width);
    margin: 0 auto;
    padding: var(--space-6) var(--space-5) var(--space-7);
  }
  h1 {
    font-size: var(--size-title);
    font-weight: 650;
    letter-spacing: -0.015em;
    line-height: 1.2;
  }
  h2 {
    font-size: var(--size-large);
    font-weight: 600;
    line-height: 1.3;
  }
  .lead {
    max-width: 60ch;
    margin-top: var(--space-2);
    color: var(--ink-soft);
  }
  .trouble {
    color: var(--bad);
  }
  section {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-3);
  }
  .card {
    padding: var(--space-4);
    border: 1px solid var(--line);
    border-radius: var(--radius-large);
    background: var(--surface);
  }
  .calm {
    padding: var(--space-4);
    border: 1px dashed var(--line-strong);
    border-radius: var(--radius-large);
    color: var(--ink-soft);
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
