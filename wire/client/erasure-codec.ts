/**
 * The codec as programs use it, the same in page, worker and Node: the best kernel that the platform has, parity of a chunk,
 * lost shards or some of their columns from others, and arenas for those who put bytes where they are needed at once.
 *
 * Copying needs 512 KiB whatever the size of the chunk, and is done within the call. In place is for many chunks one after
 * the other (transitions, repair): what arrives is written into the slots of an arena, and no byte is copied for the codec.
 */
import type { ByteRange, Geometry } from "#core/erasure/geometry.ts";
import { geometryOf, shardCount, storedBytes } from "#core/erasure/geometry.ts";
import type { CoefficientRows, ErasureCode, ReedSolomon } from "#core/erasure/reed-solomon.ts";
import { invariant } from "#core/invariant.ts";
import { knowsCode, MATRIX, reedSolomon } from "#core/erasure/reed-solomon.ts";
import type { Kernel, KernelName, ShardArena } from "#core/erasure/shard-arena.ts";
import { combineCopies } from "#core/erasure/shard-copies.ts";
import { tableKernel } from "#core/erasure/table-memory.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { ArenaLimits } from "./arena-pool.ts";
import { ArenaPool } from "./arena-pool.ts";
import { simdKernel } from "./simd-memory.ts";

/** A 16 MiB chunk as 3+2 has 26.7 MiB. A worker, whose 64 MiB are mostly taken, copies, or sets less. */
const DEFAULT_ARENA_LIMITS: ArenaLimits = { arenas: 4, bytes: 32 * 1024 * 1024 };

/** Of the strips of all shards together when copying. */
const SCRATCH_BYTES = 512 * 1024;
/** Longer strips were no faster (measured from 8 to 128 KiB). */
const MAX_STRIP_BYTES = 64 * 1024;
const STRIP_ALIGN_BYTES = 64;
/** Codes of which the matrices are kept; a cluster has one, and another while it changes. */
const MAX_CODES = 8;

export interface Rebuild {
  readonly code: ErasureCode;
  /** k or more shards by number, all from the same column on; what is shorter than `columns` ends in zeros. */
  readonly inputs: ReadonlyMap<number, Uint8Array>;
  /** The shards that are wanted. */
  readonly outputs: readonly number[];
  /** How many columns of each. */
  readonly columns: number;
}

/** An arena that its owner reads and writes, until it is closed. */
export interface OpenArena {
  /** By the number of the shard, L bytes each; what is stored of a shard goes to its beginning, zeros are behind it. */
  readonly slots: readonly Uint8Array<ArrayBuffer>[];
  /** Computes the parity slots of the data slots. */
  encode(): void;
  /** Computes slots, or some columns of them, from the same columns of k others. */
  rebuild(inputs: readonly number[], outputs: readonly number[], columns?: ByteRange): void;
  /** The slots are somebody else's from now on. */
  close(): void;
}

export class ErasureCodec {
  readonly #scratch: (slotCount: number) => ShardArena;
  readonly #pool: ArenaPool;
  readonly #codes = new Map<string, ReedSolomon>();
  /** What does the arithmetic here. */
  readonly kernel: KernelName;

  /** @param kernel left out: SIMD where there is any, else the table */
  constructor({ limits = DEFAULT_ARENA_LIMITS, kernel }: { limits?: ArenaLimits; kernel?: KernelName } = {}) {
    const chosen = chosenKernel(kernel);
    this.kernel = chosen.name;
    this.#pool = new ArenaPool(chosen, limits);
    this.#scratch = scratchOf(chosen);
  }

  /**
   * The parity shards of a chunk, L bytes each.
   *
   * @param outputs where they go, left out: new arrays. Old ones are several times as fast, as no memory has to be mapped
   * @throws VStackError `bad-answer` when the code is not known
   */
  encode(
    code: ErasureCode,
    chunk: Uint8Array,
    outputs?: readonly Uint8Array<ArrayBuffer>[],
  ): readonly Uint8Array<ArrayBuffer>[] {
    const { encoding } = this.#known(code);
    const { shardBytes } = geometryOf(code, chunk.length);
    const inputs = encoding.inputs.map((shard) => chunk.subarray(shard * shardBytes, (shard + 1) * shardBytes));
    return this.#combine(encoding, inputs, outputs ?? newShards(encoding, shardBytes));
  }

  /**
   * Shards, or some columns of them, from the same columns of k others.
   *
   * @param outputs where they go, in the order of the wanted shards, left out: new arrays
   * @throws VStackError `unavailable` when fewer than k are given, `bad-answer` when the code is not known
   */
  rebuild(wanted: Rebuild, outputs?: readonly Uint8Array<ArrayBuffer>[]): readonly Uint8Array<ArrayBuffer>[] {
    const { code, inputs, columns } = wanted;
    const solomon = this.#known(code);
    const chosen = [...inputs].slice(0, code.dataShards).toSorted(([a], [b]) => a - b);
    if (chosen.length < code.dataShards) throw tooFew(wanted);
    const rows = solomon.rebuilding(
      chosen.map(([shard]) => shard),
      wanted.outputs,
    );
    return this.#combine(
      rows,
      chosen.map(([, bytes]) => bytes),
      outputs ?? newShards(rows, columns),
    );
  }

  /**
   * An arena for one chunk, as soon as there is room; to be closed, also when the operation fails.
   *
   * @throws VStackError `too-large` when the limits are below what the chunk needs, `too-many-requests` when too many wait,
   *   `unavailable` when the platform has no memory, `aborted` by the signal, `bad-answer` when the code is not known
   */
  async open(code: ErasureCode, sizeBytes: number, signal: AbortSignal): Promise<OpenArena> {
    const solomon = this.#known(code);
    const geometry = geometryOf(code, sizeBytes);
    const lease = await this.#pool.open(shardCount(code), geometry.shardBytes, signal);
    clearPadding(lease.arena, geometry);
    const all = { start: 0, end: geometry.shardBytes };
    let isOpen = true;
    const combine = (rows: CoefficientRows, columns: ByteRange) => {
      invariant(isOpen, "Cannot combine shards in an arena that was closed: the memory may be another's");
      lease.arena.combine(rows, columns);
    };
    return {
      slots: lease.arena.slots,
      encode() {
        combine(solomon.encoding, all);
      },
      rebuild(inputs, outputs, columns = all) {
        combine(solomon.rebuilding(inputs, outputs), columns);
      },
      close() {
        isOpen = false;
        lease.close();
      },
    };
  }

  #combine<Output extends Uint8Array>(
    rows: CoefficientRows,
    inputs: readonly Uint8Array[],
    outputs: readonly Output[],
  ): readonly Output[] {
    const slotCount = Math.max(...rows.inputs, ...rows.outputs) + 1;
    combineCopies(this.#scratch(slotCount), rows, inputs, outputs);
    return outputs;
  }

  #known(code: ErasureCode): ReedSolomon {
    const { dataShards, parityShards, matrix } = code;
    if (!knowsCode(code)) {
      throw new VStackError(
        "bad-answer",
        `Cannot code ${dataShards}+${parityShards} shards by "${matrix}" as this program knows up to 64 by "${MATRIX}"`,
      );
    }
    const name = `${dataShards}+${parityShards}`;
    const solomon = this.#codes.get(name) ?? reedSolomon(code);
    this.#codes.set(name, solomon);
    const [oldest] = this.#codes.keys();
    if (this.#codes.size > MAX_CODES && oldest !== undefined) this.#codes.delete(oldest);
    return solomon;
  }
}

/** @throws VStackError `unavailable` when SIMD is asked for and there is none */
function chosenKernel(name: KernelName | undefined): Kernel {
  const simd = name === "table" ? undefined : simdKernel();
  if (name === "simd" && simd === undefined) {
    throw new VStackError("unavailable", "Cannot use the SIMD kernel: this platform runs no WebAssembly SIMD");
  }
  return simd ?? tableKernel();
}

/** The memory is made when it is first needed: most programs never decode anything. */
function scratchOf(kernel: Kernel): (slotCount: number) => ShardArena {
  let memory: ReturnType<Kernel["memory"]> | undefined;
  return (slotCount) => {
    const strip = Math.floor(SCRATCH_BYTES / slotCount / STRIP_ALIGN_BYTES) * STRIP_ALIGN_BYTES;
    memory ??= kernel.memory(kernel.sizeBytes(1, SCRATCH_BYTES));
    return memory.arena(slotCount, Math.min(strip, MAX_STRIP_BYTES));
  };
}

/** What the arena's last user left behind the stored bytes. */
function clearPadding({ slots }: ShardArena, geometry: Geometry): void {
  for (const [shard, slot] of slots.entries()) slot.fill(0, storedBytes(geometry, shard));
}

function newShards(rows: CoefficientRows, columns: number): Uint8Array<ArrayBuffer>[] {
  return rows.outputs.map(() => new Uint8Array(columns));
}

function tooFew({ code, inputs, outputs }: Rebuild): VStackError {
  const wanted = outputs.length === 1 ? `shard ${outputs.join()}` : `shards ${outputs.join(", ")}`;
  return new VStackError(
    "unavailable",
    `Cannot rebuild ${wanted} as ${code.dataShards} shards are needed: ${inputs.size} are given`,
  );
}
