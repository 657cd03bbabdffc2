/** Bounded waiting: for a time, or until a signal. The work itself goes on; only the waiting ends. */
import type { Clock } from "#wire/client/live-clock.ts";
import { VStackError } from "#wire/contract/errors.ts";

/** The result of `work`, or undefined when it takes longer than `limitMs`. Rejects as `work` does. */
export async function within<T>(work: Promise<T>, limitMs: number, clock: Clock): Promise<T | undefined> {
  const settled = new AbortController();
  try {
    return await Promise.race([work, clock.sleep(limitMs, settled.signal).then(() => undefined)]);
  } finally {
    settled.abort();
  }
}

/**
 * The result of `work`, which others may await too.
 *
 * @throws VStackError `aborted` as soon as the signal fires; whatever `work` rejects with
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const settled = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const giveUp = () => reject(new VStackError("aborted", "Gave up waiting as the player no longer wants the bytes"));
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true, signal: settled.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    settled.abort();
  }
}
