/** Time and randomness of the running program, as values for core and for the drivers. Web standards only. */
import type { Random } from "#core/random.ts";

/** The clock that a driver needs: monotonic time, and a wait that ends early when its signal fires. */
export interface Clock {
  /** Monotonic milliseconds; only differences mean anything. */
  nowMs(): number;
  /** Unix milliseconds, for stamps that people read. */
  wallMs(): number;
  /**
   * Resolves after `delayMs`, or at once when `signal` fires (whoever waits looks at the signal).
   */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}

export const liveClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  sleep: (delayMs, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const finish = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", finish);
        resolve();
      };
      const timer = setTimeout(finish, Math.max(0, delayMs));
      signal.addEventListener("abort", finish, { once: true });
    }),
};

/** Uniform numbers from the platform's cryptographic generator: no seed, nothing to predict. */
export const liveRandom: Random = () => {
  const [word] = crypto.getRandomValues(new Uint32Array(1));
  return (word ?? 0) / 4294967296;
};
