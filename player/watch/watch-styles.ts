/** Layout of the watch page. */
import { css } from "lit";

export const watchStyles = css`
  :host {
    display: block;
  }
  article {
    max-width: var(--page-width);
    margin: 0 auto;
    padding: var(--space-5) var(--space-5) var(--space-7);
  }
  .about {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    align-items: end;
    gap: var(--space-5) var(--space-6);
    margin-top: var(--space-4);
    padding-top: var(--space-5);
    border-top: 1px solid var(--line);
  }
  .heading {
    grid-column: 1 / -1;
  }
  h1 {
    font-size: var(--size-title);
    font-weight: 650;
    letter-spacing: -0.015em;
    line-height: 1.2;
    overflow-wrap: anywhere;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: var(--space-1) var(--space-3);
    margin-top: var(--space-2);
    color: var(--ink-soft);
    font-variant-numeric: tabular-nums;
  }
  .facts span:not(:last-child)::after {
    content: "·";
    margin-left: var(--space-3);
    color: var(--line-strong);
  }
  .at-risk {
    color: var(--warn);
    font-weight: 550;
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: var(--space-2);
  }
  .banner {
    margin-bottom: var(--space-4);
    padding: var(--space-3) var(--space-4);
    border: 1px solid var(--warn);
    border-radius: var(--radius);
    background: var(--warn-wash);
    color: var(--ink);
    font-size: 0.9375rem;
  }
  .notice,
  .notice-more {
    max-width: 44rem;
    margin: 0 auto;
    padding: var(--space-7) var(--space-5) var(--space-4);
    display: grid;
    gap: var(--space-4);
  }
  .notice-more {
    padding-top: 0;
  }
  .notice-more button {
    justify-self: start;
  }
  vstack-stats {
    position: absolute;
    top: 12px;
    left: 12px;
    max-width: min(30rem, calc(100% - 24px));
    max-height: calc(100% - 90px);
    overflow: auto;
    pointer-events: auto;
  }
  @media (max-width: 46rem) {
    article {
      padding: 0 0 var(--space-6);
    }
    vstack-player {
      --gutter: var(--space-4);
    }
    .about {
      grid-template-columns: minmax(0, 1fr);
      margin-inline: var(--space-4);
    }
    .banner {
      margin: var(--space-3) var(--space-4);
    }
  }
`;
