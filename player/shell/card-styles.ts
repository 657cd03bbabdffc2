/** The frame of a card: what belongs together stands in one, below each other. */
import { css } from "lit";

export const cardStyles = css`
  :is(article, .card) {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    gap: var(--space-3);
    padding: var(--space-4);
    border: 1px solid var(--line);
    border-radius: var(--radius-large);
    background: var(--surface);
  }
`;
