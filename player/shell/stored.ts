/** Small choices that outlive the page, in localStorage. Storage may be blocked: then a choice lasts as long as the page. */

/** Reads a choice; undefined when there is none or storage is blocked. */
export function readStored(key: string): string | undefined {
  try {
    return localStorage.getItem(`vstack.${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a choice where the browser allows it. */
export function writeStored(key: string, value: string): void {
  try {
    localStorage.setItem(`vstack.${key}`, value);
  } catch {
    // Blocked or full storage loses the memory of a choice and nothing else.
  }
}
