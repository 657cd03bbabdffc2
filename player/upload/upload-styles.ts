/** What is its own in the layout of the upload page. */
import { css } from "lit";

export const uploadStyles = css`
  .page {
    max-width: 56rem;
  }
  section > ul {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-3);
  }
  .section-head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: var(--space-2) var(--space-4);
  }
  /* A button without a border: its words stand in line with what is above and below. */
  .section-head .quiet {
    margin-inline: calc(-1 * var(--space-4));
  }
  .hint {
    max-width: 70ch;
    color: var(--ink-soft);
    font-size: 0.9375rem;
  }
  .trouble {
    color: var(--bad);
  }
  .group {
    display: grid;
    gap: var(--space-3);
    padding: var(--space-4);
    border-radius: var(--radius-large);
    background: var(--surface-sunk);
  }
  .check {
    display: flex;
    align-items: start;
    gap: var(--space-3);
    min-height: var(--target);
    cursor: pointer;
  }
  .check input {
    flex: none;
    width: 20px;
    height: 20px;
    margin: 2px 0 0;
    accent-color: var(--accent);
  }
  small {
    display: block;
    color: var(--ink-soft);
    font-size: var(--size-small);
  }
  .title {
    display: grid;
    gap: var(--space-1);
    color: var(--ink-soft);
    font-size: var(--size-small);
  }
  .start {
    justify-self: start;
  }
  @media (max-width: 46rem) {
  }
`;
