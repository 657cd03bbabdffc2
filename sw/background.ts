/**
 * Work that nobody awaits but that must not be lost when the browser thinks the worker idle: write-behind, prefetch,
 * refresh. Whoever handles an event gives {@link Background.settled} to `waitUntil`.
 */

export interface Background {
  /** Keeps the worker alive for `work`; its failure is told to `warn`, nobody else. */
  add(what: string, work: Promise<unknown>): void;
  /**
   * Resolves when the work that is under way *now* has ended. Work added meanwhile belongs to later events: to wait for
   * it too would let one event of a playing video last until the browser's limit (five minutes in Chromium) kills the worker.
   */
  settled(): Promise<void>;
}

export function background(warn: (message: string, cause: unknown) => void): Background {
  const running = new Set<Promise<void>>();
  return {
    add(what, work) {
      const tracked = work
        .then(
          () => undefined,
          (cause: unknown) => warn(`Cannot ${what}`, cause),
        )
        .finally(() => running.delete(tracked));
      running.add(tracked);
    },
    async settled() {
      await Promise.all(running);
    },
  };
}
