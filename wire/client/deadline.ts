/** A deadline as a signal that is sure to fire. */

/**
 * `AbortSignal.timeout`, kept until it has fired. Node 20 and 22 let the collector take one that only `AbortSignal.any` refers
 * to, and then nothing ever ends what waits for it; a listener of its own keeps it.
 */
export function deadlineSignal(deadlineMs: number): AbortSignal {
  const signal = AbortSignal.timeout(deadlineMs);
  signal.addEventListener("abort", () => undefined, { once: true });
  return signal;
}
