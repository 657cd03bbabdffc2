import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generatorMatrix, inverted, product } from "./matrix.ts";

const identity = (size: number) => Array.from({ length: size }, (_, row) => unit(size, row));
const unit = (size: number, at: number) => Uint8Array.from({ length: size }, (_, column) => (column === at ? 1 : 0));

describe("generatorMatrix()", () => {
  test("is the default matrix of klauspost/reedsolomon: the parity rows of 3+2 and 4+2", () => {
    expect(generatorMatrix(3, 5).slice(3)).toEqual([Uint8Array.of(1, 1, 1), Uint8Array.of(15, 8, 6)]);
    expect(generatorMatrix(4, 6).slice(4)).toEqual([Uint8Array.of(27, 28, 18, 20), Uint8Array.of(28, 27, 20, 18)]);
  });

  test.each([1, 2, 3, 10, 32])("begins with the identity of %i data shards", (dataShards) => {
    expect(generatorMatrix(dataShards, 64).slice(0, dataShards)).toEqual(identity(dataShards));
  });

  test("refuses what the field has no room for", () => {
    expect(() => generatorMatrix(3, 257)).toThrow("Cannot code 3 of 257 shards");
  });
});

describe("inverted()", () => {
  test("any k rows of a generator times their inverse are the identity", () => {
    const codes = fc.integer({ min: 1, max: 32 }).chain((dataShards) =>
      fc.record({
        dataShards: fc.constant(dataShards),
        rows: fc.shuffledSubarray(
          Array.from({ length: 64 }, (_, row) => row),
          { minLength: dataShards, maxLength: dataShards },
        ),
      }),
    );
    const property = fc.property(codes, ({ dataShards, rows }) => {
      const generator = generatorMatrix(dataShards, 64);
      const chosen = rows.map((row) => generator[row] ?? new Uint8Array());
      const inverse = inverted(chosen);
      expect(inverse === undefined ? undefined : product(inverse, chosen)).toEqual(identity(dataShards));
    });
    fc.assert(property, { seed: 31, numRuns: 60 });
  });

  test("knows no inverse of rows that depend on each other", () => {
    expect(inverted([Uint8Array.of(1, 2), Uint8Array.of(2, 4)])).toBeUndefined();
  });

  test("leaves its argument as it was", () => {
    const matrix = [Uint8Array.of(0, 1), Uint8Array.of(3, 7)];
    inverted(matrix);
    expect(matrix).toEqual([Uint8Array.of(0, 1), Uint8Array.of(3, 7)]);
  });
});
