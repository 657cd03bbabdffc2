/**
 * Large buffers, reused: fresh memory for every chunk costs a page fault for each 4 KiB of it. The pool is at the same time
 * the limit on how much memory chunks on their way may take: what does not fit waits in line, or is refused.
 */
import { VStackError } from "#wire/contract/errors.ts";

/** Sizes are rounded up to quarters of a power of two, so that buffers fit again and at most a fifth is wasted. */
const MIN_CLASS_BYTES = 16 * 1024;

export interface PooledBuffer {
  /** Exactly as long as was asked for; its content is arbitrary. */
  readonly bytes: Buffer;
  /** Gives the memory back for reuse: nobody may touch the bytes any more. */
  readonly release: () => void;
  /** Gives only the room back: something may still look at the bytes, so the garbage collector gets them. */
  readonly discard: () => void;
}

interface Waiting {
  readonly classBytes: number;
  readonly sizeBytes: number;
  readonly resolve: (buffer: PooledBuffer) => void;
}

export class BufferPool {
  readonly #limitBytes: number;
  readonly #maxWaiting: number;
  readonly #idle = new Map<number, Buffer[]>();
  readonly #queue: Waiting[] = [];
  /** Bytes of buffers in use and idle together. */
  #heldBytes = 0;
  #idleBytes = 0;

  /**
   * @param limitBytes memory in use and idle together; one larger request alone is still served
   * @param maxWaiting requests in line before `take` refuses
   */
  constructor({ limitBytes, maxWaiting }: { limitBytes: number; maxWaiting: number }) {
    this.#limitBytes = limitBytes;
    this.#maxWaiting = maxWaiting;
  }

  get inUseBytes(): number {
    return this.#heldBytes - this.#idleBytes;
  }

  /** A buffer now, or undefined when the limit does not allow it or others wait. */
  tryTake(sizeBytes: number): PooledBuffer | undefined {
    if (this.#queue.length > 0) return undefined;
    const classBytes = classOf(sizeBytes);
    return this.#fits(classBytes) ? this.#lend(classBytes, sizeBytes) : undefined;
  }

  /**
   * A buffer, after those who came before.
   *
   * @throws VStackError `too-many-requests` when too many wait already, `aborted` by the signal
   */
  take(sizeBytes: number, signal: AbortSignal): Promise<PooledBuffer> {
    const now = this.tryTake(sizeBytes);
    if (now !== undefined) return Promise.resolve(now);
    if (this.#queue.length >= this.#maxWaiting) {
      return Promise.reject(
        new VStackError("too-many-requests", `Cannot take the request as ${this.#queue.length} others wait already`),
      );
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        this.#serveQueue();
        reject(new VStackError("aborted", "Gave up waiting for memory", { cause: signal.reason }));
      };
      const waiting: Waiting = {
        classBytes: classOf(sizeBytes),
        sizeBytes,
        resolve: (buffer) => {
          signal.removeEventListener("abort", leave);
          resolve(buffer);
        },
      };
      this.#queue.push(waiting);
      signal.addEventListener("abort", leave, { once: true });
      if (signal.aborted) leave();
    });
  }

  #fits(classBytes: number): boolean {
    return this.inUseBytes === 0 || this.inUseBytes + classBytes <= this.#limitBytes;
  }

  #lend(classBytes: number, sizeBytes: number): PooledBuffer {
    const whole = this.#reuse(classBytes) ?? this.#allocate(classBytes);
    let lent = true;
    const giveBack = (reuse: boolean) => {
      if (!lent) return;
      lent = false;
      if (reuse) this.#keep(classBytes, whole);
      else this.#heldBytes -= classBytes;
      this.#serveQueue();
    };
    return {
      bytes: whole.subarray(0, sizeBytes),
      release: () => {
        giveBack(true);
      },
      discard: () => {
        giveBack(false);
      },
    };
  }

  #reuse(classBytes: number): Buffer | undefined {
    const buffer = this.#idle.get(classBytes)?.pop();
    if (buffer !== undefined) this.#idleBytes -= classBytes;
    return buffer;
  }

  #allocate(classBytes: number): Buffer {
    if (this.#heldBytes + classBytes > this.#limitBytes) this.#dropIdle();
    this.#heldBytes += classBytes;
    return Buffer.allocUnsafeSlow(classBytes);
  }

  #keep(classBytes: number, buffer: Buffer): void {
    const idle = this.#idle.get(classBytes) ?? [];
    idle.push(buffer);
    this.#idle.set(classBytes, idle);
    this.#idleBytes += classBytes;
  }

  /** All of it: which sizes come next is not known, and making a buffer again costs little. */
  #dropIdle(): void {
    this.#idle.clear();
    this.#heldBytes -= this.#idleBytes;
    this.#idleBytes = 0;
  }

  #serveQueue(): void {
    for (let first = this.#queue[0]; first !== undefined && this.#fits(first.classBytes); first = this.#queue[0]) {
      this.#queue.shift();
      first.resolve(this.#lend(first.classBytes, first.sizeBytes));
    }
  }
}

function classOf(sizeBytes: number): number {
  if (sizeBytes <= MIN_CLASS_BYTES) return MIN_CLASS_BYTES;
  const step = 2 ** Math.floor(Math.log2(sizeBytes - 1)) / 4;
  return Math.ceil(sizeBytes / step) * step;
}
