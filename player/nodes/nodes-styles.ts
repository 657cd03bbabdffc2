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
  .nodes {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr));
    gap: var(--space-3);
  }
`;

export const nodeCardStyles = css`
  article {
    height: 100%;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--space-1) var(--space-3);
  }
  h3 {
    flex: 1 1 auto;
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
