import { describe, expect, test } from "vitest";
import { DEFAULT_CODE, knowsCode, MATRIX, MAX_SHARDS, reedSolomon } from "./reed-solomon.ts";

describe("reedSolomon()", () => {
  test("makes the parity of 3+2 from (1, 1, 1) and (15, 8, 6)", () => {
    const { encoding } = reedSolomon(DEFAULT_CODE);
    expect(encoding).toEqual({
      ...{ inputs: [0, 1, 2], outputs: [3, 4] },
      coefficients: Uint8Array.of(1, 1, 1, 15, 8, 6),
    });
  });

  test("rebuilds a data shard by a row of the inverse, and parity by its own row", () => {
    const solomon = reedSolomon(DEFAULT_CODE);
    expect(solomon.rebuilding([0, 1, 3], [2]).coefficients).toEqual(Uint8Array.of(1, 1, 1));
    expect(solomon.rebuilding([0, 1, 2], [4]).coefficients).toEqual(Uint8Array.of(15, 8, 6));
  });

  test("computes the rows of a loss pattern once, and keeps those that are used", () => {
    const solomon = reedSolomon({ dataShards: 8, parityShards: 4, matrix: MATRIX });
    const rows = solomon.rebuilding([1, 2, 3, 4, 5, 6, 7, 8], [0]);
    for (let first = 0; first < 8; first += 1) {
      for (let second = 0; second < first; second += 1) {
        for (const third of [8, 9]) {
          const there = Array.from({ length: 12 }, (_, shard) => shard).filter(
            (shard) => ![first, second, third].includes(shard),
          );
          solomon.rebuilding(there.slice(0, 8), [first, second]);
        }
        expect(solomon.rebuilding([1, 2, 3, 4, 5, 6, 7, 8], [0])).toBe(rows);
      }
    }
  });

  test("refuses to rebuild from too few shards, from one twice, and a shard from itself", () => {
    const solomon = reedSolomon(DEFAULT_CODE);
    expect(() => solomon.rebuilding([1, 2], [0])).toThrow("3 different are needed");
    expect(() => solomon.rebuilding([1, 2, 2], [0])).toThrow("3 different are needed");
    expect(() => solomon.rebuilding([0, 1, 2], [2])).toThrow("from itself");
  });
});

test("knowsCode() knows up to 64 shards by our matrix", () => {
  expect(knowsCode(DEFAULT_CODE)).toBe(true);
  expect(knowsCode({ dataShards: MAX_SHARDS / 2, parityShards: MAX_SHARDS / 2, matrix: MATRIX })).toBe(true);
  expect(knowsCode({ dataShards: 33, parityShards: 32, matrix: MATRIX })).toBe(false);
  expect(knowsCode({ ...DEFAULT_CODE, matrix: "cauchy" })).toBe(false);
});
