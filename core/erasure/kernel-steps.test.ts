import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kernelSteps, TABLE_BYTES } from "./kernel-steps.ts";
import type { CoefficientRows } from "./reed-solomon.ts";
import { DEFAULT_CODE, MATRIX, reedSolomon } from "./reed-solomon.ts";

/** What the kernel would make of one byte in each input. */
function carriedOut(rows: CoefficientRows, bytes: ReadonlyMap<number, number>): number[] {
  const { products, sums } = kernelSteps(rows);
  const known = new Map(bytes);
  for (const [row, output] of products.outputs.entries()) {
    let sum = 0;
    for (const [column, input] of rows.inputs.entries()) {
      const at = (row * rows.inputs.length + column) * TABLE_BYTES;
      const byte = bytes.get(input) ?? 0;
      sum ^= (products.tables[at + (byte & 15)] ?? 0) ^ (products.tables[at + 16 + (byte >> 4)] ?? 0);
    }
    known.set(output, sum);
  }
  for (const { inputs, output } of sums) {
    known.set(
      output,
      inputs.reduce((sum, input) => sum ^ (known.get(input) ?? NaN), 0),
    );
  }
  return rows.outputs.map((output) => known.get(output) ?? NaN);
}

describe("kernelSteps()", () => {
  test("of 3+2 multiply one row and sum the other, in encoding and with two data shards lost", () => {
    const solomon = reedSolomon(DEFAULT_CODE);
    expect(kernelSteps(solomon.encoding)).toMatchObject({
      products: { outputs: [4] },
      sums: [{ inputs: [0, 1, 2], output: 3 }],
    });
    expect(kernelSteps(solomon.rebuilding([2, 3, 4], [0, 1]))).toMatchObject({
      products: { outputs: [0] },
      sums: [{ inputs: [0, 2, 3], output: 1 }],
    });
  });

  test("only sum when one data shard is lost and the sum of all is there", () => {
    expect(kernelSteps(reedSolomon(DEFAULT_CODE).rebuilding([0, 2, 3], [1]))).toMatchObject({
      products: { outputs: [] },
      sums: [{ inputs: [0, 2, 3], output: 1 }],
    });
  });

  test("give back every byte of any code from any k shards", () => {
    const cases = fc.record({
      dataShards: fc.integer({ min: 1, max: 12 }),
      parityShards: fc.integer({ min: 1, max: 6 }),
      keys: fc.array(fc.nat(1_000), { minLength: 18, maxLength: 18 }),
      bytes: fc.uint8Array({ minLength: 12, maxLength: 12 }),
    });
    const property = fc.property(cases, ({ dataShards, parityShards, keys, bytes }) => {
      const solomon = reedSolomon({ dataShards, parityShards, matrix: MATRIX });
      const data = solomon.encoding.inputs.map((shard) => bytes[shard] ?? 0);
      const all = [...data, ...carriedOut(solomon.encoding, new Map(data.entries()))];
      const shards = [...all.keys()].toSorted((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
      const [inputs, outputs] = [shards.slice(0, dataShards), shards.slice(dataShards)];
      const given = new Map(inputs.map((shard) => [shard, all[shard] ?? NaN]));
      expect(carriedOut(solomon.rebuilding(inputs, outputs), given)).toEqual(outputs.map((shard) => all[shard]));
    });
    fc.assert(property, { seed: 45, numRuns: 300 });
  });

  test("are computed once for the same rows", () => {
    const { encoding } = reedSolomon(DEFAULT_CODE);
    expect(kernelSteps(encoding)).toBe(kernelSteps(encoding));
  });
});
