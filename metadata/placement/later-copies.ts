/**
 * Bounds what goes on behind committed chunks: PUTs to nodes that are late, and the copies made in their place. Each holds its
 * chunk in memory; when there are too many, the oldest is given up and ends with the copies that there are.
 */

/** Chunks behind their commit, over all jobs. */
const MAX_CHUNKS = 24;
/** Bytes of those. */
const MAX_BYTES = 64 * 1024 * 1024;

export interface LaterCopies {
  /**
   * Runs work that ends soon after its signal fires, and never rejects.
   *
   * @param sizeBytes what it keeps in memory
   */
  run<T>(sizeBytes: number, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export function laterCopies(limits = { chunks: MAX_CHUNKS, bytes: MAX_BYTES }): LaterCopies {
  const running = new Map<AbortController, number>();
  return {
    async run(sizeBytes, work) {
      const controller = new AbortController();
      running.set(controller, sizeBytes);
      const total = () => [...running.values()].reduce((sum, bytes) => sum + bytes, 0);
      for (const oldest of running.keys()) {
        if (running.size <= limits.chunks && total() <= limits.bytes) break;
        if (oldest === controller) break;
        running.delete(oldest);
        oldest.abort();
      }
      try {
        return await work(controller.signal);
      } finally {
        running.delete(controller);
      }
    },
  };
}
