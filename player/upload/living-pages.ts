/**
 * Which pages of this browser are open, so that one does not offer to go on with what another is sending. A page holds a
 * Web Lock for as long as it lives; the browser lets go of it even when the page crashes. Insecure origins have no locks:
 * there only this page counts as open.
 */

const LOCK_PREFIX = "vstack-page-";

/** Undefined on insecure origins, whatever the DOM types say. */
function locksOfBrowser(): LockManager | undefined {
  return "locks" in navigator ? navigator.locks : undefined;
}

/** Makes this page known until it closes. */
export function holdPage(page: string): void {
  const forever = new Promise<void>(() => undefined);
  // A refused lock (a page that is being closed) leaves the page unknown, as on an insecure origin.
  locksOfBrowser()
    ?.request(LOCK_PREFIX + page, () => forever)
    .catch(() => undefined);
}

export async function livingPages(own: string): Promise<ReadonlySet<string>> {
  const held = (await locksOfBrowser()?.query())?.held ?? [];
  const pages = held.flatMap(({ name = "" }) => (name.startsWith(LOCK_PREFIX) ? [name.slice(LOCK_PREFIX.length)] : []));
  return new Set([own, ...pages]);
}
