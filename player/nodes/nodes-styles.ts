/** What is its own in the layout of the page of nodes, and of a node's card. */
import { css } from "lit";

export const nodesStyles = css`
  .trouble {
    color: var(--bad);
  }
  .hint {
    max-width: 76ch;
    color: var(--ink-soft);
    font-size: var(--size-small);
  }
  .calm {
    padding: var(--space-4);
    border: 1px dashed var(--line-strong);
    border-radius: var(--radius-large);
    color: var(--ink-soft);
  }
  .sums {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr));
    gap: var(--space-3);
  }
  .sums > div {
    padding: var(--space-3) var(--space-4);
    border-radius: var(--radius-large);
    background: var(--surface-sunk);
  }
  .sums dt {
    color: var(--ink-soft);
    font-size: var(--size-small);
  }
  .sums dd:not(.hint) {
    font-size: var(--size-large);
    font-variant-numeric: tabular-nums;
    font-weight: 600;
  }
  .nodes {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr));
    gap: var(--space-3);
  }
  @media (max-width: 46rem) {
    .page {
      gap: var(--space-5);
      padding: var(--space-5) var(--space-4) var(--space-6);
    }
    .sums {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
  }
`;

export const nodeCardStyles = css`
  article {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    gap: var(--space-3);
    height: 100%;
    padding: var(--space-4);
    border: 1px solid var(--line);
    border-radius: var(--radius-large);
    background: var(--surface);
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--space-1) var(--space-3);
  }
  h3 {
    display: flex;
    flex: 1 1 auto;
    align-items: center;
    gap: var(--space-2);
    font-size: 1.0625rem;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .swatch {
    flex: none;
    width: 18px;
    height: 18px;
    border: 1px solid var(--node-edge);
    border-radius: 5px;
    forced-color-adjust: none;
  }
  .state {
    font-size: var(--size-small);
    font-weight: 600;
  }
  .alive {
    color: var(--good);
  }
  .suspect,
  .leaving {
    color: var(--warn);
  }
  .dead {
    color: var(--bad);
  }
  .beats {
    display: flex;
    align-items: end;
    gap: 2px;
    height: 34px;
    border-bottom: 1px solid var(--line);
  }
  .beats span {
    flex: 1 1 0;
    min-width: 0;
    height: 100%;
    border-radius: 2px 2px 0 0;
    forced-color-adjust: none;
  }
  .beats .heard {
    background: var(--good);
  }
  .beats .late {
    height: 50%;
    background: var(--warn);
  }
  .beats .silent {
    height: 5px;
    border-radius: 0;
    background: var(--bad);
  }
  .beats .unknown {
    height: 100%;
    background: var(--surface-sunk);
  }
  .ends {
    display: flex;
    justify-content: space-between;
    margin-top: calc(-1 * var(--space-2));
    color: var(--ink-soft);
    font-size: 0.75rem;
  }
  dl {
    display: grid;
    gap: var(--space-1);
    font-size: 0.9375rem;
  }
  dl > div {
    display: grid;
    grid-template-columns: 6rem minmax(0, 1fr);
    align-items: baseline;
    gap: var(--space-2);
  }
  dt,
  small {
    color: var(--ink-soft);
    font-size: var(--size-small);
  }
  dd {
    font-variant-numeric: tabular-nums;
  }
  small.lost {
    color: var(--bad);
    font-weight: 600;
  }
  .address {
    overflow-wrap: anywhere;
  }
  .bar {
    display: block;
    height: 8px;
    margin-top: 4px;
    overflow: hidden;
    border-radius: 4px;
    background: var(--surface-sunk);
    forced-color-adjust: none;
  }
  .bar span {
    display: block;
    min-width: 2px;
    height: 100%;
    background: var(--accent);
  }
  .bar.full span {
    background: var(--bad);
  }
  button {
    justify-self: start;
  }
`;
