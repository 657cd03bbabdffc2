/** Layout of the frame around every page. */
import { css } from "lit";

export const shellStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 100vh;
    min-height: 100dvh;
  }
  .skip {
    position: absolute;
    left: var(--space-4);
    top: -10rem;
    z-index: 20;
    padding: var(--space-3) var(--space-4);
    border-radius: var(--radius);
    background: var(--surface-raised);
    box-shadow: var(--shadow-high);
  }
  .skip:focus {
    top: var(--space-3);
  }
  header {
    display: flex;
    align-items: center;
    gap: var(--space-5);
    min-height: 64px;
    padding: 0 var(--space-5);
    border-bottom: 1px solid var(--line);
    background: var(--surface);
  }
  .brand {
    display: inline-flex;
    align-items: center;
    gap: var(--space-3);
    min-height: var(--target);
    color: var(--ink);
    font-size: 1.0625rem;
    font-weight: 650;
    letter-spacing: -0.01em;
    text-decoration: none;
  }
  nav {
    display: flex;
    align-self: stretch;
    gap: var(--space-1);
    min-width: 0;
    overflow-x: auto;
    scrollbar-width: none;
  }
  nav a {
    display: inline-flex;
    align-items: center;
    padding: 0 var(--space-3);
    border-block: 3px solid transparent;
    color: var(--ink-soft);
    font-weight: 500;
    text-decoration: none;
  }
  nav a:hover {
    color: var(--ink);
  }
  nav a[aria-current] {
    border-bottom-color: var(--accent);
    color: var(--ink);
  }
  .count {
    margin-left: 6px;
    padding: 0 7px;
    border-radius: 1em;
    background: var(--accent);
    color: var(--on-accent);
    font-size: 0.75rem;
    font-weight: 650;
    line-height: 1.6;
  }
  nav a:focus-visible {
    outline-offset: -4px;
  }
  .tools {
    display: flex;
    align-items: center;
    gap: var(--space-2);
    margin-left: auto;
  }
  .tools select {
    border-color: transparent;
    background: transparent;
    color: var(--ink-soft);
  }
  .tools select:hover {
    border-color: var(--line);
    color: var(--ink);
  }
  .tools button {
    font-size: 1.0625rem;
  }
  main {
    flex: 1;
    min-width: 0;
  }
  .not-found {
    display: grid;
    gap: var(--space-4);
    max-width: 44rem;
    margin: 0 auto;
    padding: var(--space-7) var(--space-5);
    overflow-wrap: anywhere;
  }
  .not-found h1 {
    font-size: var(--size-title);
    line-height: 1.2;
  }
  @media (max-width: 46rem) {
    header {
      gap: var(--space-2);
      padding: 0 var(--space-3);
      min-height: 56px;
    }
    .brand span {
      position: absolute;
      clip-path: inset(50%);
    }
    .brand {
      min-width: var(--target);
      justify-content: center;
    }
    nav a {
      padding: 0 6px;
    }
    .tools {
      gap: 0;
    }
    /* As wide as the sign that each option begins with. */
    .tools select {
      width: var(--target);
      padding: 0 14px;
      appearance: none;
      text-overflow: clip;
    }
  }
  @media (max-width: 25rem) {
    /* The first link leads to the same place. */
    .brand {
      display: none;
    }
    nav {
      gap: 0;
      font-size: 0.9375rem;
    }
    .count {
      margin-left: 3px;
      padding: 0 5px;
    }
  }
`;
