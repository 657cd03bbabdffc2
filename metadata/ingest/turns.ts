/** Lets one at a time do something, in the order of their asking. */

export interface Turns {
  /**
   * Waits for a turn.
   *
   * @returns ends the turn; further calls do nothing
   * @throws the signal's reason while waiting
   */
  take(signal: AbortSignal): Promise<() => void>;
  /** Whether one would have to wait. */
  isTaken(): boolean;
}

export function oneAtATime(): Turns {
  let last: Promise<void> = Promise.resolve();
  let asked = 0;
  return {
    isTaken: () => asked > 0,
    async take(signal) {
      const before = last;
      let finish: () => void = () => undefined;
      const turn = new Promise<void>((resolve) => {
        finish = resolve;
      });
      // Whoever gives up waiting leaves its place to the next, who still waits for those before.
      last = before.then(() => turn);
      asked += 1;
      let isOver = false;
      const end = () => {
        if (isOver) return;
        isOver = true;
        asked -= 1;
        finish();
      };
      try {
        await Promise.race([before, aborted(signal)]);
        signal.throwIfAborted();
      } catch (error) {
        end();
        throw error;
      }
      return end;
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const resolveNow = () => {
      resolve();
    };
    if (signal.aborted) resolveNow();
    else signal.addEventListener("abort", resolveNow, { once: true });
  });
}
