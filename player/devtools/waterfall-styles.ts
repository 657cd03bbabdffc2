/** How the waterfall is drawn: rows on one grid, bars by colour, pattern and shape. */
import { css } from "lit";

export const waterfallStyles = css`
  :host {
    display: block;
    font-size: var(--size-small);
    font-variant-numeric: tabular-nums;
  }
  .scale,
  .row {
    display: grid;
    grid-template-columns: 4.75rem 6.5rem minmax(0, 1fr);
    gap: var(--space-3);
  }
  .scale {
    position: sticky;
    top: 0;
    z-index: 1;
    height: 24px;
    background: var(--surface);
    color: var(--ink-soft);
    border-bottom: 1px solid var(--line);
  }
  .ticks,
  .lanes {
    position: relative;
    margin-right: 7.5rem;
  }
  .ticks span {
    position: absolute;
    translate: -50% 0;
    white-space: nowrap;
  }
  .ticks span:first-child {
    translate: 0 0;
  }
  .row {
    align-items: center;
    min-height: 30px;
    padding: 4px 0;
    border-bottom: 1px solid var(--line);
    cursor: default;
  }
  .row[aria-selected="true"] {
    background: var(--accent-wash);
  }
  .row:focus-visible {
    outline-offset: -3px;
  }
  .time {
    padding-left: var(--space-2);
    color: var(--ink-soft);
  }
  .name {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 6px;
    white-space: nowrap;
  }
  .strategy {
    flex: none;
    width: 8px;
    height: 8px;
    background: var(--ink-soft);
    rotate: 45deg;
  }
  .strategy.smart {
    border-radius: 50%;
    background: var(--smart);
  }
  .strategy.naive {
    rotate: 0deg;
    border-radius: 1px;
    background: var(--naive);
  }
  .waste {
    flex-basis: 100%;
    padding-left: 14px;
    color: var(--ink-soft);
    font-size: 0.75rem;
  }
  .failed .name {
    color: var(--bad);
    font-weight: 600;
  }
  .lanes {
    display: grid;
    gap: 3px;
  }
  .lane {
    position: relative;
    height: 14px;
  }
  .bar {
    position: absolute;
    top: 0;
    bottom: 0;
    min-width: 1px;
    forced-color-adjust: none;
  }
  .waiting {
    top: 6px;
    bottom: 6px;
    opacity: 0.75;
  }
  .body {
    outline: 1px solid var(--node-edge);
    outline-offset: -1px;
  }
  .verify {
    background: var(--ink) !important;
    opacity: 0.72;
  }
  .cancelled .body,
  .cancelled .waiting {
    opacity: 0.38;
  }
  /* Shapes say it without colour: a slanted front took something over, a pill asks twice, a hollow one came ahead. */
  .steal .body {
    outline: none;
    clip-path: polygon(min(7px, 60%) 0, 100% 0, 100% 100%, 0 100%);
  }
  .hedge .body {
    top: 2px;
    bottom: 2px;
    outline: none;
    border: 1.5px solid var(--ink);
    border-radius: 7px;
  }
  .ahead .body {
    outline: 1.5px dashed var(--ink);
    outline-offset: -1.5px;
  }
  .sign {
    position: absolute;
    top: -2px;
    margin-left: 5px;
    color: var(--ink-soft);
    white-space: nowrap;
    line-height: 18px;
    font-size: 0.75rem;
  }
  .trouble .sign {
    color: var(--bad);
    font-weight: 600;
  }
  @media (max-width: 46rem) {
    .scale,
    .row {
      grid-template-columns: 4.5rem minmax(0, 1fr);
    }
    .time,
    .scale span:first-child {
      display: none;
    }
    .ticks span:first-child {
      display: inline;
    }
    .row {
      min-height: 44px;
    }
    .ticks,
    .lanes {
      margin-right: 5.75rem;
    }
    .ticks span:nth-child(even) {
      display: none;
    }
    .name {
      padding-left: var(--space-1);
    }
  }
`;
