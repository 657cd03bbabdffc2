/** Runs tasks side by side, a bounded number at a time; whoever adds waits for a place, so that a fast reader is held back. */

export interface TaskWindow {
  /**
   * Waits for a place, then starts the task.
   *
   * @throws the error of a task that failed meanwhile: nothing more is started then
   */
  add(task: () => Promise<void>): Promise<void>;
  /** Resolves when all tasks have ended, whether they failed or not. @throws the first error */
  drain(): Promise<void>;
}

export function taskWindow(limit: number): TaskWindow {
  const running = new Set<Promise<void>>();
  const errors: unknown[] = [];
  const throwFirst = () => {
    if (errors.length > 0) throw errors[0];
  };
  return {
    async add(task) {
      while (running.size >= limit && errors.length === 0) await Promise.race(running);
      throwFirst();
      const ended = task()
        .catch((error: unknown) => {
          errors.push(error);
        })
        .finally(() => running.delete(ended));
      running.add(ended);
    },
    async drain() {
      while (running.size > 0) await Promise.all(running);
      throwFirst();
    },
  };
}
