/**
 * Memory in which shards are combined: what the codec asks of a kernel. Two kernels implement it, with one suite for both:
 * tables in plain TypeScript (table-memory.ts) and WebAssembly SIMD, which needs a platform (wire/client/simd-memory.ts).
 */
import { invariant } from "../invariant.ts";
import type { ByteRange } from "./geometry.ts";
import type { CoefficientRows } from "./reed-solomon.ts";

/** What does the arithmetic: vectors of 16 bytes in WebAssembly, or a table of all products. */
export type KernelName = "simd" | "table";

/** A piece of memory of a fixed size, in which arenas are laid out one after the other. */
export interface ArenaMemory {
  readonly sizeBytes: number;
  /** Lays out `slotCount` slots of `slotBytes`; the arena before it must not be used any more. */
  arena(slotCount: number, slotBytes: number): ShardArena;
}

/** Makes memory that has room for slots: {@link ArenaMemory.arena} may be asked for as many of as many bytes, or fewer. */
export interface Kernel {
  readonly name: KernelName;
  /** Bytes of the memory for so many slots. */
  sizeBytes(slotCount: number, slotBytes: number): number;
  memory(sizeBytes: number): ArenaMemory;
}

/** A slot for every shard of a chunk, to be written and read in place. */
export interface ShardArena {
  /** Of equal length, by the number of the shard. What is in them at first means nothing. */
  readonly slots: readonly Uint8Array<ArrayBuffer>[];
  /** Computes these columns of the outputs of `rows` from the same columns of its inputs. Nothing else is written. */
  combine(rows: CoefficientRows, columns: ByteRange): void;
}

/** @throws Error when the rows or the columns do not fit the arena */
export function checkCombination({ slots }: ShardArena, rows: CoefficientRows, { start, end }: ByteRange): void {
  const slotBytes = slots[0]?.length ?? 0;
  const fits = start >= 0 && start <= end && end <= slotBytes;
  invariant(fits, `Cannot combine the columns ${start}-${end} of shards of ${slotBytes} bytes`);
  for (const shard of [...rows.inputs, ...rows.outputs]) {
    invariant(slots[shard] !== undefined, `Cannot combine shard ${shard} in an arena of ${slots.length} slots`);
  }
}
