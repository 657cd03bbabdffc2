/**
 * Arenas for operations that are under way at the same time, each with memory of its own, within limits of number and bytes.
 * Who finds no room waits in line. Memory is used again: engines give it back late, and reserve much address space for each.
 */
import type { ArenaMemory, Kernel, ShardArena } from "#core/erasure/shard-arena.ts";
import { VStackError } from "#wire/contract/errors.ts";

/** Operations that wait for an arena: more of them than this would wait longer than it takes to ask again. */
const MAX_WAITING = 64;

export interface ArenaLimits {
  /** Open at once. */
  readonly arenas: number;
  /** Of all of them, those kept for the next included. */
  readonly bytes: number;
}

export interface Lease {
  readonly arena: ShardArena;
  /** Gives the memory back: whatever was read from the slots must have been copied. Once is enough, twice does no harm. */
  close(): void;
}

interface Waiting {
  readonly sizeBytes: number;
  readonly resolve: (memory: ArenaMemory) => void;
  readonly reject: (error: unknown) => void;
}

export class ArenaPool {
  readonly #kernel: Kernel;
  readonly #limits: ArenaLimits;
  #openCount = 0;
  #openBytes = 0;
  #idle: ArenaMemory[] = [];
  #waiting: Waiting[] = [];

  constructor(kernel: Kernel, limits: ArenaLimits) {
    this.#kernel = kernel;
    this.#limits = limits;
  }

  /**
   * @throws VStackError `too-large` when such an arena will never fit, `too-many-requests` when too many wait, `unavailable`
   *   when the platform has no memory for it, `aborted` by the signal
   */
  async open(slotCount: number, slotBytes: number, signal: AbortSignal): Promise<Lease> {
    const sizeBytes = this.#kernel.sizeBytes(slotCount, slotBytes);
    if (sizeBytes > this.#limits.bytes) {
      throw new VStackError(
        "too-large",
        `Cannot open an arena of ${sizeBytes} bytes: ${this.#limits.bytes} are allowed in all`,
      );
    }
    if (signal.aborted) throw gaveUp();
    const memory =
      (this.#waiting.length === 0 ? this.#take(sizeBytes) : undefined) ?? (await this.#wait(sizeBytes, signal));
    let isOpen = true;
    return {
      arena: memory.arena(slotCount, slotBytes),
      close: () => {
        if (isOpen) this.#giveBack(memory);
        isOpen = false;
      },
    };
  }

  /** Undefined when there is no room now. */
  #take(sizeBytes: number): ArenaMemory | undefined {
    if (this.#openCount >= this.#limits.arenas) return undefined;
    this.#idle.sort((a, b) => a.sizeBytes - b.sizeBytes);
    const fitting = this.#idle.findIndex((memory) => memory.sizeBytes >= sizeBytes);
    const [kept] = fitting === -1 ? [] : this.#idle.splice(fitting, 1);
    if (kept !== undefined) return this.#opened(kept);
    if (this.#openBytes + sizeBytes > this.#limits.bytes) return undefined;
    const isTooMuch = () =>
      this.#openCount + this.#idle.length >= this.#limits.arenas ||
      this.#openBytes + this.#idleBytes() + sizeBytes > this.#limits.bytes;
    // The smallest first: it is the least likely to fit anybody.
    while (this.#idle.length > 0 && isTooMuch()) this.#idle.shift();
    return this.#opened(this.#kernel.memory(sizeBytes));
  }

  #idleBytes(): number {
    return this.#idle.reduce((sum, memory) => sum + memory.sizeBytes, 0);
  }

  #opened(memory: ArenaMemory): ArenaMemory {
    this.#openCount += 1;
    this.#openBytes += memory.sizeBytes;
    return memory;
  }

  #wait(sizeBytes: number, signal: AbortSignal): Promise<ArenaMemory> {
    if (this.#waiting.length >= MAX_WAITING) {
      throw new VStackError("too-many-requests", `Cannot open an arena as ${MAX_WAITING} operations wait for one`);
    }
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(gaveUp());
        // It may have been what the others waited behind.
        this.#serve();
      };
      const waiting: Waiting = {
        sizeBytes,
        resolve: (memory) => {
          signal.removeEventListener("abort", giveUp);
          resolve(memory);
        },
        reject(error) {
          signal.removeEventListener("abort", giveUp);
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      };
      this.#waiting.push(waiting);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  #giveBack(memory: ArenaMemory): void {
    this.#openCount -= 1;
    this.#openBytes -= memory.sizeBytes;
    this.#idle.push(memory);
    this.#serve();
  }

  /** In line: a small one does not pass a large one, which would never find room among many small ones. */
  #serve(): void {
    for (const { sizeBytes, resolve, reject } of [...this.#waiting]) {
      try {
        const memory = this.#take(sizeBytes);
        if (memory === undefined) return;
        resolve(memory);
      } catch (error) {
        reject(error);
      }
      this.#waiting.shift();
    }
  }
}

function gaveUp(): VStackError {
  return new VStackError("aborted", "Gave up waiting for an arena");
}
