/** A bounded number of fetches at once, and a bounded queue in front of them: the gateway's memory has a ceiling. */
import { VStackError } from "#wire/contract/errors.ts";

export interface FetchSlots {
  /**
   * Waits for a slot.
   *
   * @returns gives the slot back; calling it again does nothing
   * @throws VStackError `unavailable` when the queue is full, `aborted` when the signal fires while waiting
   */
  take(signal: AbortSignal): Promise<() => void>;
  inUse(): number;
}

/**
 * @param slots fetches at once
 * @param maxWaiting askers that may wait for one
 */
export function fetchSlots(slots: number, maxWaiting: number): FetchSlots {
  let used = 0;
  const waiting: (() => void)[] = [];

  const give = () => {
    const next = waiting.shift();
    // The slot goes over to the next asker without ever being free, so that nobody overtakes.
    if (next === undefined) used -= 1;
    else next();
  };
  const once = () => {
    let given = false;
    return () => {
      if (!given) give();
      given = true;
    };
  };

  return {
    inUse: () => used,
    async take(signal) {
      if (signal.aborted) throw new VStackError("aborted", "Gave up before a slot was taken");
      if (used < slots) {
        used += 1;
        return once();
      }
      if (waiting.length >= maxWaiting) {
        throw new VStackError("unavailable", `Cannot fetch now as ${slots} fetches are under way: try again`);
      }
      return await new Promise((resolve, reject) => {
        const begin = () => {
          signal.removeEventListener("abort", giveUp);
          resolve(once());
        };
        const giveUp = () => {
          waiting.splice(waiting.indexOf(begin), 1);
          reject(new VStackError("aborted", "Gave up while waiting for a slot"));
        };
        waiting.push(begin);
        signal.addEventListener("abort", giveUp, { once: true });
      });
    },
  };
}
