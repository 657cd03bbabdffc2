/**
 * Rows of coefficients as the SIMD kernel takes them. A product costs it three times as much as a sum, so that rows of ones
 * are summed, and so is an output that differs from an earlier one by whole inputs: of 3+2, whose first parity is the sum of
 * the data, that is every second row, in encoding and in decoding alike.
 */
import { multiply } from "./galois-field.ts";
import type { CoefficientRows } from "./reed-solomon.ts";

const HALVES = 16;
/** Of one coefficient: its products with the 16 low halves of a byte, then with the 16 high ones. */
export const TABLE_BYTES = 2 * HALVES;

/** The output is the XOR of shards; outputs of earlier steps may be among them. */
export interface SumStep {
  readonly inputs: readonly number[];
  readonly output: number;
}

export interface KernelSteps {
  /** Rows that need products: from all inputs of the rows, these outputs, with the tables row by row. First. */
  readonly products: { readonly outputs: readonly number[]; readonly tables: Uint8Array };
  /** Then these, in order. */
  readonly sums: readonly SumStep[];
}

/** Kept as long as the rows, which are used many times. */
export function kernelSteps(rows: CoefficientRows): KernelSteps {
  const kept = KEPT.get(rows) ?? stepsOf(rows);
  KEPT.set(rows, kept);
  return kept;
}

/** As many as there are rows alive, which reed-solomon.ts bounds. */
const KEPT = new WeakMap<CoefficientRows, KernelSteps>();

interface Row {
  readonly output: number;
  readonly coefficients: Uint8Array;
}

function stepsOf({ inputs, outputs, coefficients }: CoefficientRows): KernelSteps {
  const width = inputs.length;
  const done: Row[] = [];
  const products: Row[] = [];
  const sums: SumStep[] = [];
  for (const [at, output] of outputs.entries()) {
    const row = { output, coefficients: coefficients.subarray(at * width, (at + 1) * width) };
    const step = asSum(row, inputs, done);
    if (step === undefined) products.push(row);
    else sums.push(step);
    done.push(row);
  }
  const tables = tablesOf(products.flatMap((row) => [...row.coefficients]));
  return { products: { outputs: products.map(({ output }) => output), tables }, sums };
}

/** Undefined when the row needs products. */
function asSum(row: Row, inputs: readonly number[], done: readonly Row[]): SumStep | undefined {
  const nothing = { output: undefined, coefficients: new Uint8Array(inputs.length) };
  for (const base of [nothing, ...done]) {
    const rest = row.coefficients.map((coefficient, at) => coefficient ^ (base.coefficients[at] ?? 0));
    if (!rest.every((coefficient) => coefficient <= 1)) continue;
    const added = inputs.filter((_, at) => rest[at] === 1);
    return { inputs: base.output === undefined ? added : [base.output, ...added], output: row.output };
  }
  return undefined;
}

function tablesOf(coefficients: readonly number[]): Uint8Array {
  const tables = new Uint8Array(coefficients.length * TABLE_BYTES);
  for (const [at, coefficient] of coefficients.entries()) {
    for (let half = 0; half < HALVES; half += 1) {
      tables[at * TABLE_BYTES + half] = multiply(coefficient, half);
      tables[at * TABLE_BYTES + HALVES + half] = multiply(coefficient, half << 4);
    }
  }
  return tables;
}
