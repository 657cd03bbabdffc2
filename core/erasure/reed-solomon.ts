/**
 * Systematic Reed-Solomon over GF(2^8): which coefficients make which shards from which. The arithmetic on bytes is the
 * work of a {@link ShardArena}; encoding and rebuilding are the same to it, rows of coefficients times shards.
 *
 * Plank and Ding, "Note: Correction to the 1997 Tutorial on Reed-Solomon Coding", 2003 (why the generator is a Vandermonde
 * matrix times the inverse of its top).
 */
import { invariant } from "../invariant.ts";
import type { ShardCounts } from "./geometry.ts";
import { shardCount } from "./geometry.ts";
import type { Matrix } from "./matrix.ts";
import { generatorMatrix, inverted, product } from "./matrix.ts";

/** The one matrix that we have, by its name in records: klauspost's default, over the polynomial 0x11d. */
export const MATRIX = "vandermonde-0x11d";

/** What the erasure scheme of a record says. */
export interface ErasureCode extends ShardCounts {
  /** Other matrices make other parity bytes. */
  readonly matrix: string;
}

/** What new chunks get when they are coded. */
export const DEFAULT_CODE: ErasureCode = { dataShards: 3, parityShards: 2, matrix: MATRIX };

/** Shards of one chunk, as records can name them. */
export const MAX_SHARDS = 64;

/**
 * Loss patterns whose rows are kept. 3+2 has fewer; of a larger code a cluster with a few dead nodes sees a handful at a
 * time, and computing one again costs microseconds.
 */
const MAX_PATTERNS = 64;

/** How some shards are made from others: output o is the sum over i of `coefficients[o * inputs.length + i]` times input i. */
export interface CoefficientRows {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly coefficients: Uint8Array;
}

/** The coefficients of one code. */
export interface ReedSolomon {
  readonly code: ErasureCode;
  /** Parity from the data shards. */
  readonly encoding: CoefficientRows;
  /**
   * @param inputs the k different shards that are there
   * @param outputs the shards that are wanted, data or parity, none of the inputs
   */
  rebuilding(inputs: readonly number[], outputs: readonly number[]): CoefficientRows;
}

/** Whether a chunk that is coded so can be read: a newer program may have written a matrix that we do not know. */
export function knowsCode(code: ErasureCode): boolean {
  const { dataShards, parityShards, matrix } = code;
  return matrix === MATRIX && dataShards >= 1 && parityShards >= 0 && shardCount(code) <= MAX_SHARDS;
}

/** @param code one that is known ({@link knowsCode}) */
export function reedSolomon(code: ErasureCode): ReedSolomon {
  const { dataShards } = code;
  invariant(knowsCode(code), `Cannot code ${dataShards}+${code.parityShards} shards by the matrix "${code.matrix}"`);
  const generator = generatorMatrix(dataShards, shardCount(code));
  const patterns = new Map<string, CoefficientRows>();
  const all = generator.map((_, shard) => shard);
  return {
    code,
    encoding: rowsOf(all.slice(0, dataShards), all.slice(dataShards), generator.slice(dataShards)),
    rebuilding(inputs, outputs) {
      const pattern = `${inputs.join()}:${outputs.join()}`;
      const rows = patterns.get(pattern) ?? rebuildingRows(generator, inputs, outputs);
      // Put behind the others again: the one that was not used for longest goes first.
      patterns.delete(pattern);
      patterns.set(pattern, rows);
      const [oldest] = patterns.keys();
      if (patterns.size > MAX_PATTERNS && oldest !== undefined) patterns.delete(oldest);
      return rows;
    },
  };
}

/** The inputs are (rows of the inputs) times data; so data is their inverse times the inputs, and any shard its row times that. */
function rebuildingRows(generator: Matrix, inputs: readonly number[], outputs: readonly number[]): CoefficientRows {
  const dataShards = generator[0]?.length ?? 0;
  invariant(!outputs.some((shard) => inputs.includes(shard)), "Cannot rebuild a shard from itself");
  const [from, to] = [rowsAt(generator, inputs), rowsAt(generator, outputs)];
  const toData = new Set(inputs).size === dataShards ? inverted(from) : undefined;
  invariant(
    toData !== undefined,
    `Cannot rebuild from the shards ${inputs.join()} as ${dataShards} different are needed`,
  );
  return rowsOf(inputs, outputs, product(to, toData));
}

function rowsAt(generator: Matrix, shards: readonly number[]): Matrix {
  return shards.map((shard) => {
    const row = generator[shard];
    invariant(row !== undefined, `Cannot code shard ${shard} of ${generator.length}`);
    return row;
  });
}

function rowsOf(inputs: readonly number[], outputs: readonly number[], matrix: Matrix): CoefficientRows {
  const coefficients = new Uint8Array(inputs.length * outputs.length);
  for (const [at, row] of matrix.entries()) coefficients.set(row, at * inputs.length);
  return { inputs: [...inputs], outputs: [...outputs], coefficients };
}
