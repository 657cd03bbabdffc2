/**
 * Hands verified blocks to the reader of the body in order, each as soon as all before it are there. It takes blocks
 * whether or not the reader keeps up, so that a slow reader never stalls verification; what waits is bounded by the chunk
 * (16 MiB at most).
 */

export interface BlockRelease {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes a verified block, each index once. */
  accept(index: number, content: Uint8Array<ArrayBuffer>): void;
  /** Every block was accepted: the body ends. */
  close(): void;
  fail(error: Error): void;
}

export interface ReleaseListener {
  /** Bytes went out to the reader. */
  released(bytes: number): void;
  /** The reader wants no more. */
  cancelled(reason: unknown): void;
}

export function createBlockRelease(listener: ReleaseListener): BlockRelease {
  const waiting = new Map<number, Uint8Array<ArrayBuffer>>();
  let nextIndex = 0;
  let isOpen = true;
  let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(own) {
      controller = own;
    },
    cancel(reason: unknown) {
      isOpen = false;
      waiting.clear();
      listener.cancelled(reason);
    },
  });
  return {
    body,
    accept(index, content) {
      if (!isOpen) return;
      waiting.set(index, content);
      for (let next = waiting.get(nextIndex); next !== undefined; next = waiting.get(nextIndex)) {
        waiting.delete(nextIndex);
        nextIndex += 1;
        controller?.enqueue(next);
        listener.released(next.length);
      }
    },
    close() {
      if (isOpen) controller?.close();
      isOpen = false;
    },
    fail(error) {
      if (isOpen) controller?.error(error);
      isOpen = false;
      waiting.clear();
    },
  };
}
