/**
 * Writes that may wait: any number of changes within a period become one write at its end. A worker that dies loses at
 * most that period and the write.
 */
import type { Clock } from "#wire/client/live-clock.ts";
import type { Background } from "./background.ts";

/** At most one write of each kind per second: a put costs 0.3 ms (measured, scheduling note 2.1), a stall costs the viewer. */
const WRITE_EVERY_MS = 1_000;

/** @returns what to call after each change */
export function writeBehind(
  what: string,
  write: () => Promise<void>,
  ports: { readonly clock: Clock; readonly background: Background },
): () => void {
  const forEver = new AbortController().signal;
  let waiting = false;
  const writeLater = async () => {
    await ports.clock.sleep(WRITE_EVERY_MS, forEver);
    waiting = false;
    await write();
  };
  return () => {
    if (waiting) return;
    waiting = true;
    ports.background.add(what, writeLater());
  };
}
