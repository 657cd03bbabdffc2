/** Takes exact numbers of bytes out of a stream of parts of any size. */

export interface ByteReader {
  /**
   * @param count how many bytes, 0 or more
   * @returns exactly so many; null when the stream ends before
   */
  read(count: number): Promise<Uint8Array | null>;
}

export function byteReader(stream: AsyncIterable<Uint8Array>): ByteReader {
  const parts = stream[Symbol.asyncIterator]();
  let pending: Uint8Array = new Uint8Array(0);
  return {
    async read(count) {
      const bytes = new Uint8Array(count);
      let filled = 0;
      while (filled < count) {
        if (pending.length === 0) {
          const next = await parts.next();
          if (next.done === true) return null;
          pending = next.value;
        }
        const taken = pending.subarray(0, count - filled);
        bytes.set(taken, filled);
        filled += taken.length;
        pending = pending.subarray(taken.length);
      }
      return bytes;
    },
  };
}
