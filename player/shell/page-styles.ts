/** The frame that pages of cards and sections share: width, titles, the line below the title, what stands where nothing is. */
import { css } from "lit";

export const pageStyles = css`
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
  section {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-3);
  }
  .calm {
    padding: var(--space-4);
    border: 1px dashed var(--line-strong);
    border-radius: var(--radius-large);
    color: var(--ink-soft);
  }
  @media (max-width: 46rem) {
    .page {
      gap: var(--space-5);
      padding: var(--space-5) var(--space-4) var(--space-6);
    }
  }
`;
