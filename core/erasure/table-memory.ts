/**
 * The kernel without WebAssembly: a table of all 65,536 products. For engines without SIMD, for pages whose policy forbids
 * WebAssembly, and as the second opinion of the tests.
 */
import { multiply } from "./galois-field.ts";
import type { CoefficientRows } from "./reed-solomon.ts";
import type { ByteRange } from "./geometry.ts";
import type { ArenaMemory, Kernel, ShardArena } from "./shard-arena.ts";
import { checkCombination } from "./shard-arena.ts";

const ELEMENTS = 256;

export function tableKernel(): Kernel {
  const products = productTable();
  return {
    name: "table",
    sizeBytes: (slotCount, slotBytes) => slotCount * slotBytes,
    memory: (sizeBytes) => tableMemory(products, sizeBytes),
  };
}

/** Row a, column b: a times b. */
function productTable(): Uint8Array {
  return Uint8Array.from({ length: ELEMENTS * ELEMENTS }, (_, at) => multiply(at >> 8, at & 255));
}

function tableMemory(products: Uint8Array, sizeBytes: number): ArenaMemory {
  const buffer = new ArrayBuffer(sizeBytes);
  return {
    sizeBytes,
    arena(slotCount, slotBytes) {
      const slots = Array.from({ length: slotCount }, (_, at) => new Uint8Array(buffer, at * slotBytes, slotBytes));
      const arena: ShardArena = {
        slots,
        combine(rows, columns) {
          checkCombination(arena, rows, columns);
          combineByTable(products, slots, rows, columns);
        },
      };
      return arena;
    },
  };
}

function combineByTable(
  products: Uint8Array,
  slots: readonly Uint8Array[],
  { inputs, outputs, coefficients }: CoefficientRows,
  { start, end }: ByteRange,
): void {
  for (const [row, output] of outputs.entries()) {
    const sums = slots[output]?.subarray(start, end) ?? new Uint8Array();
    sums.fill(0);
    for (const [column, input] of inputs.entries()) {
      const coefficient = coefficients[row * inputs.length + column] ?? 0;
      const multiples = products.subarray(coefficient * ELEMENTS, (coefficient + 1) * ELEMENTS);
      addMultiples(sums, slots[input]?.subarray(start, end) ?? sums, multiples);
    }
  }
}

/** The hot loop: no iterator, no closure. */
function addMultiples(sums: Uint8Array, bytes: Uint8Array, multiples: Uint8Array): void {
  const length = sums.length;
  for (let at = 0; at < length; at += 1) sums[at] = (sums[at] ?? 0) ^ (multiples[bytes[at] ?? 0] ?? 0);
}
