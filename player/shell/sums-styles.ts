/** Figures of the whole, large and side by side, each with its name above and a hint below. */
import { css } from "lit";

export const sumsStyles = css`
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
  @media (max-width: 46rem) {
    .sums {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
  }
`;
