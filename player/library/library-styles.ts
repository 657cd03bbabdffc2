/** Layout of the library. */
import { css } from "lit";

export const libraryStyles = css`
  .page {
    max-width: var(--page-width);
    margin: 0 auto;
    padding: var(--space-6) var(--space-5) var(--space-7);
  }
  header {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    justify-content: space-between;
    gap: var(--space-4) var(--space-6);
    margin-bottom: var(--space-6);
  }
  h1 {
    font-size: var(--size-title);
    font-weight: 650;
    letter-spacing: -0.015em;
    line-height: 1.2;
  }
  .lead {
    max-width: 52ch;
    margin-top: var(--space-2);
    color: var(--ink-soft);
  }
  form {
    display: flex;
    flex: 0 1 30rem;
    gap: var(--space-2);
    min-width: 0;
  }
  input {
    flex: 1 1 auto;
    min-width: 0;
  }
  select {
    flex: none;
    max-width: 50%;
  }
  .uploads {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-3);
    margin-bottom: var(--space-6);
  }
  .uploads h2 {
    font-size: var(--size-large);
    line-height: 1.3;
  }
  .grid {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr));
    gap: var(--space-6) var(--space-5);
  }
  .ghost {
    aspect-ratio: 16 / 12;
    border-radius: var(--radius-large);
    background: var(--surface-sunk);
  }
  .state {
    display: grid;
    justify-items: start;
    gap: var(--space-3);
    padding: var(--space-6);
    border: 1px dashed var(--line-strong);
    border-radius: var(--radius-large);
  }
  .state h2 {
    font-size: var(--size-large);
    overflow-wrap: anywhere;
  }
  .state p {
    color: var(--ink-soft);
    overflow-wrap: anywhere;
  }
  pre {
    max-width: 100%;
    margin: 0;
    padding: var(--space-3) var(--space-4);
    overflow-x: auto;
    border-radius: var(--radius);
    background: var(--surface-sunk);
    font-family: var(--font-mono);
  }
  footer {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: var(--space-4);
    min-height: var(--target);
    margin-top: var(--space-6);
    color: var(--ink-soft);
    font-size: var(--size-small);
  }
  @media (max-width: 46rem) {
    .page {
      padding: var(--space-5) var(--space-4) var(--space-6);
    }
    header {
      margin-bottom: var(--space-5);
    }
    form {
      flex: 1 1 100%;
    }
  }
`;
