/**
 * Matrices over GF(2^8), and the one that defines our code: a Vandermonde matrix times the inverse of its top square, so
 * that the top is the identity (the code is systematic: data shards are plain bytes) and every k rows are invertible (any
 * k shards give back the rest).
 *
 * The default matrix of klauspost/reedsolomon and of Backblaze's JavaReedSolomon; its parity bytes are theirs. For 3+2 the
 * parity rows are (1, 1, 1) and (15, 8, 6).
 */
import { invariant } from "../invariant.ts";
import { inverse, multiply, raise } from "./galois-field.ts";

/** Rows of equally many elements. */
export type Matrix = readonly Uint8Array<ArrayBuffer>[];

/** @returns `left` times `right`; `left` is as wide as `right` is high */
export function product(left: Matrix, right: Matrix): Matrix {
  return left.map((row) => {
    invariant(row.length === right.length, `Cannot multiply rows of ${row.length} with ${right.length} rows`);
    const sums = new Uint8Array(right[0]?.length ?? 0);
    for (const [at, factor] of row.entries()) addMultiple(sums, right[at] ?? sums, factor);
    return sums;
  });
}

/**
 * Gauss and Jordan's elimination.
 *
 * @param matrix square
 * @returns undefined when there is no inverse
 */
export function inverted(matrix: Matrix): Matrix | undefined {
  const size = matrix.length;
  const rows = matrix.map((row, at) => {
    invariant(row.length === size, `Cannot invert a matrix of ${size} rows with a row of ${row.length}`);
    const wide = new Uint8Array(2 * size);
    wide.set(row);
    wide[size + at] = 1;
    return wide;
  });
  for (let column = 0; column < size; column += 1) {
    const pivotAt = rows.findIndex((row, at) => at >= column && row[column] !== 0);
    const [pivot, replaced] = [rows[pivotAt], rows[column]];
    if (pivot === undefined || replaced === undefined) return undefined;
    rows[pivotAt] = replaced;
    rows[column] = scaled(pivot, inverse(pivot[column] ?? 0));
    for (const [at, row] of rows.entries()) {
      if (at !== column) addMultiple(row, rows[column] ?? row, row[column] ?? 0);
    }
  }
  return rows.map((row) => row.slice(size));
}

/**
 * The rows of all shards: row i times the data shards gives shard i. The first `dataShards` rows are the identity.
 *
 * @param dataShards at least 1
 * @param shards data and parity together, at most 256, the size of the field
 */
export function generatorMatrix(dataShards: number, shards: number): Matrix {
  invariant(dataShards >= 1 && shards >= dataShards && shards <= 256, `Cannot code ${dataShards} of ${shards} shards`);
  const vandermonde = Array.from({ length: shards }, (_, row) =>
    Uint8Array.from({ length: dataShards }, (_element, column) => raise(row, column)),
  );
  const top = inverted(vandermonde.slice(0, dataShards));
  invariant(top !== undefined, "Cannot invert the top of a Vandermonde matrix, whose rows are all different");
  return product(vandermonde, top);
}

function scaled(row: Uint8Array<ArrayBuffer>, factor: number): Uint8Array<ArrayBuffer> {
  return row.map((element) => multiply(element, factor));
}

/** Adds `factor` times `row` to `sums`. */
function addMultiple(sums: Uint8Array, row: Uint8Array, factor: number): void {
  if (factor === 0) return;
  for (const [at, element] of row.entries()) sums[at] = (sums[at] ?? 0) ^ multiply(element, factor);
}
