/** How every dialog looks: native modal dialogs, so that focus, Escape and the backdrop are the browser's. */
import { css } from "lit";

export const dialogStyles = css`
  dialog {
    width: min(30rem, calc(100vw - 2rem));
    padding: 0;
    border: 1px solid var(--line);
    border-radius: var(--radius-large);
    background: var(--surface-raised);
    color: var(--ink);
    box-shadow: var(--shadow-high);
  }
  dialog::backdrop {
    background: rgb(8 10 14 / 0.5);
  }
  .inside {
    padding: var(--space-4) var(--space-5) var(--space-5);
  }
`;

/** A click beside the dialog goes to the dialog element itself: it closes. */
export function closeOnBackdrop(event: Event): void {
  if (event.target instanceof HTMLDialogElement) event.target.close();
}
