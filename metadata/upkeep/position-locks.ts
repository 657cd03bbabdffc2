/** One change of a position at a time, in this process. What another process decides meanwhile shows in the register. */
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";

export interface PositionLocks {
  /** Runs the work when every work before it at this position has ended. */
  run<T>(position: Position, work: () => Promise<T>): Promise<T>;
}

export function positionLocks(): PositionLocks {
  const last = new Map<string, Promise<unknown>>();
  return {
    async run(position, work) {
      const key = positionText(position);
      const before = last.get(key) ?? Promise.resolve();
      const own = before.then(work, work);
      const ended = own.catch(() => undefined);
      last.set(key, ended);
      try {
        return await own;
      } finally {
        if (last.get(key) === ended) last.delete(key);
      }
    },
  };
}
