/** One thing at a time per key; different keys do not wait for each other. First come, first served. */

export class KeyedLock<Key> {
  readonly #tails = new Map<Key, Promise<void>>();

  /** Runs `work` when everything asked for before under the same key has ended. */
  async run<Result>(key: Key, work: () => Promise<Result>): Promise<Result> {
    const before = this.#tails.get(key);
    const { promise: tail, resolve: release } = withResolvers();
    this.#tails.set(key, tail);
    if (before !== undefined) await before;
    try {
      return await work();
    } finally {
      // The last one takes the entry away, so that the map is as large as the work under way and no larger.
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
      release();
    }
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
