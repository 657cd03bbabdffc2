/** Layout of the page of the consensus. */
import { css } from "lit";

export const consensusStyles = css`
  .page {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-4);
    max-width: 84rem;
    margin: 0 auto;
    padding: var(--space-5) var(--space-5) var(--space-7);
  }
  header {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    justify-content: space-between;
    gap: var(--space-4);
  }
  h1 {
    font-size: var(--size-title);
    font-weight: 650;
    letter-spacing: -0.015em;
    line-height: 1.2;
  }
  .lead {
    margin-top: var(--space-1);
    color: var(--ink-soft);
  }
  .views {
    display: flex;
    gap: 0;
  }
  .views button:first-child {
    border-radius: var(--radius) 0 0 var(--radius);
  }
  .views button:last-child {
    margin-left: -1px;
    border-radius: 0 var(--radius) var(--radius) 0;
  }
  .stage,
  .tables {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr));
    gap: var(--space-4);
  }
  .tables {
    align-items: start;
  }
  @media (min-width: 72rem) {
    .tables {
      grid-template-columns: minmax(0, 11fr) minmax(0, 9fr);
    }
  }
  .side {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-4);
  }
  vstack-play-controls {
    position: sticky;
    top: var(--space-2);
    z-index: 5;
  }
  .violation {
    display: grid;
    gap: var(--space-1);
    padding: var(--space-3) var(--space-4);
    border: 1px solid var(--bad);
    border-radius: var(--radius-large);
    background: var(--bad-wash);
  }
  .violation h2 {
    color: var(--bad);
  }
  .log {
    line-height: 2;
  }
  @media (max-width: 46rem) {
    .page {
      padding: var(--space-5) var(--space-4) var(--space-6);
    }
    .card {
      padding: var(--space-3);
    }
  }
`;
