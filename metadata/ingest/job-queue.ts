/**
 * Runs jobs by name, a few at a time, in the order of their coming. A job that has to wait for something scarce steps aside,
 * so that short jobs do not stand behind a long one. A job can be cancelled wherever it stands; whoever cancels is answered
 * when it has really ended.
 */

export interface JobQueue<Name> {
  /** Adds a job unless one of that name waits or runs. @returns false when the queue is full */
  add(name: Name): boolean;
  /** Takes a job out, or stops it; resolves when nothing of it runs any more. */
  cancel(name: Name, reason: unknown): Promise<void>;
  /** Waiting and running jobs. */
  size(): number;
  /** Stops all of them with a reason and takes no more. */
  close(reason: unknown): Promise<void>;
}

export interface JobQueueOptions<Name> {
  /** Jobs at once, 1 or more. */
  readonly concurrency: number;
  /** Jobs waiting at most. */
  readonly maxWaiting: number;
  /** Does the job; must not reject: it reports its own failure. */
  readonly run: (name: Name, place: JobPlace) => Promise<void>;
}

/** What a running job has of its queue. */
export interface JobPlace {
  /** Fires when the job shall end. */
  readonly signal: AbortSignal;
  /** Gives its place to the next for good, and goes on. Whatever it does then is bounded elsewhere. */
  readonly stepAside: () => void;
}

export function jobQueue<Name>({ concurrency, maxWaiting, run }: JobQueueOptions<Name>): JobQueue<Name> {
  const waiting: Name[] = [];
  const running = new Map<Name, { readonly controller: AbortController; readonly ended: Promise<void> }>();
  const aside = new Set<Name>();
  let closed = false;

  const startMore = () => {
    while (!closed && running.size - aside.size < concurrency) {
      const name = waiting.shift();
      if (name === undefined) return;
      const controller = new AbortController();
      const stepAside = () => {
        if (running.has(name)) aside.add(name);
        startMore();
      };
      const ended = run(name, { signal: controller.signal, stepAside }).finally(() => {
        running.delete(name);
        aside.delete(name);
        startMore();
      });
      running.set(name, { controller, ended });
    }
  };
  const stop = async (name: Name, reason: unknown) => {
    const job = running.get(name);
    job?.controller.abort(reason);
    await job?.ended;
  };

  return {
    add(name) {
      if (running.has(name) || waiting.includes(name)) return true;
      if (closed || waiting.length >= maxWaiting) return false;
      waiting.push(name);
      startMore();
      return true;
    },
    async cancel(name, reason) {
      const index = waiting.indexOf(name);
      if (index >= 0) waiting.splice(index, 1);
      await stop(name, reason);
    },
    size: () => waiting.length + running.size,
    async close(reason) {
      closed = true;
      waiting.length = 0;
      await Promise.all([...running.keys()].map((name) => stop(name, reason)));
    },
  };
}
