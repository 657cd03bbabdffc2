/**
 * The kernel in WebAssembly SIMD (core/erasure/kernel), on its platform. It is here and not in core because WebAssembly is a
 * Web standard that page, worker and Node have and the language has not.
 */
import * as v from "valibot";
import { KERNEL_BASE64 } from "#core/erasure/kernel/kernel-bytes.ts";
import { kernelSteps, TABLE_BYTES } from "#core/erasure/kernel-steps.ts";
import type { CoefficientRows } from "#core/erasure/reed-solomon.ts";
import { MAX_SHARDS } from "#core/erasure/reed-solomon.ts";
import type { ArenaMemory, Kernel, ShardArena } from "#core/erasure/shard-arena.ts";
import { checkCombination } from "#core/erasure/shard-arena.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { fromBase64 } from "./digest.ts";

const PAGE_BYTES = 64 * 1024;
const ADDRESS_BYTES = 4;
/** Inputs and outputs are different shards, so that no more coefficients than this come together. */
const MAX_COEFFICIENTS = (MAX_SHARDS / 2) ** 2;
/** What the kernel reads lies before the slots: addresses, then tables. */
const TABLES_AT = (2 * MAX_SHARDS + MAX_COEFFICIENTS) * ADDRESS_BYTES;
const SLOTS_AT = TABLES_AT + MAX_COEFFICIENTS * TABLE_BYTES;

/**
 * Columns of one call. An engine replaces slow code by fast between calls, so that the first chunk is not coded by slow
 * code to its end; and rows beyond the second find the inputs in the processor's cache.
 */
const STRIP_BYTES = 32 * 1024;

/** The words of kernel.as, which explains them. */
type Combine = (...words: readonly number[]) => void;

const CombineSchema = v.custom<Combine>((value) => typeof value === "function");
const ExportsSchema = v.object({ combine: CombineSchema, sum: CombineSchema });

/** @returns undefined where the engine has no WebAssembly SIMD, or the page's policy forbids WebAssembly */
export function simdKernel(): Kernel | undefined {
  const bytes = fromBase64(KERNEL_BASE64);
  if (bytes === undefined || typeof WebAssembly === "undefined" || !WebAssembly.validate(bytes)) return undefined;
  const module = compiled(bytes);
  if (module === undefined) return undefined;
  return {
    name: "simd",
    sizeBytes: (slotCount, slotBytes) => Math.ceil((SLOTS_AT + slotCount * slotBytes) / PAGE_BYTES) * PAGE_BYTES,
    memory: (sizeBytes) => simdMemory(module, sizeBytes),
  };
}

function compiled(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module | undefined {
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    // A content security policy without `wasm-unsafe-eval`.
    if (error instanceof WebAssembly.CompileError) return undefined;
    throw error;
  }
}

function simdMemory(module: WebAssembly.Module, sizeBytes: number): ArenaMemory {
  const memory = reserved(sizeBytes);
  const kernel = v.parse(ExportsSchema, new WebAssembly.Instance(module, { env: { memory } }).exports);
  const { buffer } = memory;
  return {
    sizeBytes,
    arena(slotCount, slotBytes) {
      const addressOf = (shard: number) => SLOTS_AT + shard * slotBytes;
      const slots = Array.from({ length: slotCount }, (_, at) => new Uint8Array(buffer, addressOf(at), slotBytes));
      const arena: ShardArena = {
        slots,
        combine(rows, columns) {
          checkCombination(arena, rows, columns);
          const steps = placeSteps(buffer, rows, addressOf);
          for (let start = columns.start; start < columns.end; start += STRIP_BYTES) {
            const end = Math.min(start + STRIP_BYTES, columns.end);
            const { inputsAt, outputsAt, outputCount } = steps.products;
            kernel.combine(inputsAt, rows.inputs.length, outputsAt, outputCount, TABLES_AT, start, end);
            for (const sum of steps.sums) kernel.sum(sum.inputsAt, sum.inputCount, sum.output, start, end);
          }
        },
      };
      return arena;
    },
  };
}

/** It never grows: growing would detach the slots that somebody is writing to. */
function reserved(sizeBytes: number): WebAssembly.Memory {
  const pages = sizeBytes / PAGE_BYTES;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    throw new VStackError("unavailable", `Cannot get ${sizeBytes} bytes for shards from the engine`, { cause });
  }
}

/** Writes what the kernel reads to the beginning of its memory, and says where. */
function placeSteps(buffer: ArrayBuffer, rows: CoefficientRows, addressOf: (shard: number) => number) {
  const addresses = new Uint32Array(buffer, 0, TABLES_AT / ADDRESS_BYTES);
  let placed = 0;
  const place = (shards: readonly number[]) => {
    const at = placed * ADDRESS_BYTES;
    addresses.set(shards.map(addressOf), placed);
    placed += shards.length;
    return at;
  };
  const { products, sums } = kernelSteps(rows);
  new Uint8Array(buffer, TABLES_AT, products.tables.length).set(products.tables);
  const inputsAt = place(rows.inputs);
  const outputsAt = place(products.outputs);
  return {
    products: { inputsAt, outputsAt, outputCount: products.outputs.length },
    sums: sums.map(({ inputs, output }) => ({
      inputsAt: place(inputs),
      inputCount: inputs.length,
      output: addressOf(output),
    })),
  };
}
