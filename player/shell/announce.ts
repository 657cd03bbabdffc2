/** Telling screen readers what changed, politely: an event that the live region of the app shell speaks. */

export const ANNOUNCE = "vstack-announce";

/** Says `text` in the page's live region. On a page without one nothing happens. */
export function announce(from: EventTarget, text: string): void {
  from.dispatchEvent(new CustomEvent(ANNOUNCE, { detail: text, bubbles: true, composed: true }));
}
