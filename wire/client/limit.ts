/** The end of a piece of work by a signal or a deadline, whichever comes first, cheap enough for many small ones. */

/** What ends a piece of work: its signal, or its deadline. */
export interface Limit {
  /** Fires for either. */
  readonly either: AbortSignal;
  /** Whether it was the deadline. */
  readonly isLate: () => boolean;
}

/**
 * A deadline that is taken away when all is done. `AbortSignal.any` and `AbortSignal.timeout` leave that to the collector, which
 * cost a server that asks a thousand small things a second a tenth of a millisecond each; even a signal of its own is made only
 * for who wants one.
 *
 * @param over called once when it fires, never at once
 */
export function beginLimit(
  signal: AbortSignal,
  deadlineMs: number,
  over: () => void = () => undefined,
): Limit & { readonly end: () => void } {
  let either: AbortController | undefined;
  let fired: { readonly reason: unknown } | undefined;
  let isLate = false;
  const fire = (reason: unknown) => {
    if (fired !== undefined) return;
    fired = { reason };
    either?.abort(reason);
    over();
  };
  const leave = whenAborted(signal, () => {
    fire(signal.reason);
  });
  if (signal.aborted) {
    queueMicrotask(() => {
      fire(signal.reason);
    });
  }
  const timer = setTimeout(() => {
    isLate = fired === undefined;
    fire(new DOMException("The deadline is over", "TimeoutError"));
  }, deadlineMs);
  return {
    get either() {
      if (either === undefined) {
        either = new AbortController();
        if (fired !== undefined || signal.aborted) either.abort(fired === undefined ? signal.reason : fired.reason);
      }
      return either.signal;
    },
    isLate: () => isLate,
    end: () => {
      clearTimeout(timer);
      leave();
    },
  };
}

const stopsOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when a signal fires that has not yet; one listener for everybody, as a signal of a program has many under way.
 * Returns how to leave.
 */
function whenAborted(signal: AbortSignal, stop: () => void): () => void {
  if (signal.aborted) return () => undefined;
  let stops = stopsOf.get(signal);
  if (stops === undefined) {
    const all = new Set<() => void>();
    signal.addEventListener(
      "abort",
      () => {
        for (const each of all) each();
      },
      { once: true },
    );
    stopsOf.set(signal, all);
    stops = all;
  }
  const own = stops;
  own.add(stop);
  return () => {
    own.delete(stop);
  };
}
