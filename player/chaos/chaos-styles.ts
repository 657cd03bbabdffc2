/** What is its own in the layout of the page of emulated networks. */
import { css } from "lit";

export const chaosStyles = css`
  header {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: var(--space-4);
  }
  .hint {
    max-width: 76ch;
    color: var(--ink-soft);
    font-size: 0.9375rem;
  }
  .trouble {
    color: var(--bad);
  }
  button.restore {
    min-height: 56px;
    padding: 0 var(--space-5);
    font-size: 1.0625rem;
    font-weight: 600;
  }
  button.restore[aria-disabled="true"] {
    border-color: var(--line);
    background: var(--surface);
    color: var(--ink-soft);
    opacity: 1;
  }
  .section-head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: var(--space-2) var(--space-4);
  }
  .active {
    display: grid;
    gap: var(--space-2);
  }
  .active li {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: var(--space-3);
    padding: var(--space-3) var(--space-4);
    border: 1px solid var(--warn);
    border-radius: var(--radius-large);
    background: var(--warn-wash);
    overflow-wrap: anywhere;
  }
  .active .hint {
    color: var(--ink);
  }
  .since {
    margin-left: var(--space-2);
    font-variant-numeric: tabular-nums;
    font-weight: 600;
  }
  .whose {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--space-2) var(--space-4);
    padding: var(--space-3) var(--space-4);
    border-radius: var(--radius-large);
    background: var(--surface-sunk);
  }
  .choice {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--space-2) var(--space-3);
    min-width: 0;
    font-weight: 600;
  }
  .choice select {
    min-width: 0;
  }
  .nodes {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr));
    gap: var(--space-3);
  }
  .cards {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr));
    gap: var(--space-3);
  }
  .cards li {
    display: grid;
  }
  button.card {
    display: grid;
    align-content: start;
    justify-content: start;
    justify-items: start;
    gap: var(--space-1);
    padding: var(--space-3) var(--space-4);
    border-radius: var(--radius-large);
    font-weight: 400;
    line-height: 1.4;
    text-align: start;
  }
  .card strong {
    font-weight: 600;
  }
  .card span {
    color: var(--ink-soft);
    font-size: var(--size-small);
  }
  .card .figures {
    font-variant-numeric: tabular-nums;
  }
  .card[aria-pressed="true"] {
    border-width: 2px;
    padding: calc(var(--space-3) - 1px) calc(var(--space-4) - 1px);
  }
  .card[aria-pressed="true"] strong::before {
    content: "";
    display: inline-block;
    width: 9px;
    height: 9px;
    margin-right: 7px;
    border: 5px solid currentColor;
    border-radius: 50%;
  }
  .card[aria-pressed="true"] span {
    color: var(--ink);
  }
  .no-lab {
    max-width: 44rem;
    padding: var(--space-5);
    border: 1px solid var(--line);
    border-radius: var(--radius-large);
    background: var(--surface);
  }
  .no-lab p:nth-of-type(2) code {
    display: block;
    padding: var(--space-3) var(--space-4);
    border-radius: var(--radius);
    background: var(--surface-sunk);
    font-size: 1rem;
    overflow-x: auto;
  }
  @media (max-width: 46rem) {
    button.restore {
      width: 100%;
    }
    .cards {
      grid-template-columns: repeat(auto-fill, minmax(min(100%, 10.5rem), 1fr));
      gap: var(--space-2);
    }
    button.card {
      padding: var(--space-3);
      overflow-wrap: anywhere;
    }
  }
`;
