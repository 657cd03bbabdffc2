// The loops of the codec, in AssemblyScript (TypeScript's words for WebAssembly; `npm run kernel` compiles it, and
// kernel-bytes.ts is what comes out). Every output byte is a sum over the inputs of coefficient times byte, in GF(2^8).
//
// A product with a fixed coefficient is the XOR of two table look-ups, one for each half of the byte, and a table of 16
// bytes is one vector: i8x16.swizzle looks up 16 bytes at once. Plank, Greenan, Miller, "Screaming Fast Galois Field
// Arithmetic Using Intel SIMD Instructions", FAST 2013.

// Two rows at a time share the loads of the inputs and their halves, two vectors at a time the loads of the tables. More of
// either does not fit into 16 registers; with a single row, or none that needs tables, four vectors do.
const STEP: usize = 32;
const WIDE_STEP: usize = 64;

// Bytes of the two tables of a coefficient: products of the low halves 0..15, then of the high ones 0..15 << 4.
const TABLES: usize = 32;

/**
 * @param inputs addresses of the shards to read, u32 each
 * @param outputs addresses of the shards to write
 * @param tables of every coefficient, row by row
 * @param start first column
 * @param end column behind the last
 */
export function combine(
  inputs: usize,
  inputCount: u32,
  outputs: usize,
  outputCount: u32,
  tables: usize,
  start: usize,
  end: usize,
): void {
  const rowTables = (<usize>inputCount) * TABLES;
  let row: u32 = 0;
  for (; row + 1 < outputCount; row += 2) {
    const first = load<u32>(outputs + (<usize>row << 2));
    const second = load<u32>(outputs + (<usize>row << 2), 4);
    twoRows(inputs, inputCount, first, second, tables + row * rowTables, start, end);
  }
  if (row < outputCount) {
    oneRow(inputs, inputCount, load<u32>(outputs + (<usize>row << 2)), tables + row * rowTables, start, end);
  }
}

function twoRows(
  inputs: usize,
  inputCount: usize,
  first: usize,
  second: usize,
  tables: usize,
  start: usize,
  end: usize,
): void {
  const rowTables = inputCount * TABLES;
  const inputsEnd = inputs + (inputCount << 2);
  const half = i8x16.splat(15);
  let at = start;
  for (; at + STEP <= end; at += STEP) {
    let a0 = i8x16.splat(0);
    let a1 = i8x16.splat(0);
    let b0 = i8x16.splat(0);
    let b1 = i8x16.splat(0);
    let table = tables;
    for (let input = inputs; input < inputsEnd; input += 4) {
      const from = <usize>load<u32>(input) + at;
      const x0 = v128.load(from);
      const x1 = v128.load(from, 16);
      const low0 = v128.and(x0, half);
      const low1 = v128.and(x1, half);
      const high0 = v128.and(i16x8.shr_u(x0, 4), half);
      const high1 = v128.and(i16x8.shr_u(x1, 4), half);
      let products = v128.load(table);
      a0 = v128.xor(a0, i8x16.swizzle(products, low0));
      a1 = v128.xor(a1, i8x16.swizzle(products, low1));
      products = v128.load(table, 16);
      a0 = v128.xor(a0, i8x16.swizzle(products, high0));
      a1 = v128.xor(a1, i8x16.swizzle(products, high1));
      products = v128.load(table + rowTables);
      b0 = v128.xor(b0, i8x16.swizzle(products, low0));
      b1 = v128.xor(b1, i8x16.swizzle(products, low1));
      products = v128.load(table + rowTables, 16);
      b0 = v128.xor(b0, i8x16.swizzle(products, high0));
      b1 = v128.xor(b1, i8x16.swizzle(products, high1));
      table += TABLES;
    }
    v128.store(first + at, a0);
    v128.store(first + at, a1, 16);
    v128.store(second + at, b0);
    v128.store(second + at, b1, 16);
  }
  rest(inputs, inputsEnd, first, tables, at, end);
  rest(inputs, inputsEnd, second, tables + rowTables, at, end);
}

function oneRow(inputs: usize, inputCount: usize, output: usize, tables: usize, start: usize, end: usize): void {
  const inputsEnd = inputs + (inputCount << 2);
  let at = start;
  for (; at + WIDE_STEP <= end; at += WIDE_STEP) {
    let a0 = i8x16.splat(0);
    let a1 = i8x16.splat(0);
    let a2 = i8x16.splat(0);
    let a3 = i8x16.splat(0);
    let table = tables;
    for (let input = inputs; input < inputsEnd; input += 4) {
      const from = <usize>load<u32>(input) + at;
      const low = v128.load(table);
      const high = v128.load(table, 16);
      a0 = v128.xor(a0, product(v128.load(from), low, high));
      a1 = v128.xor(a1, product(v128.load(from, 16), low, high));
      a2 = v128.xor(a2, product(v128.load(from, 32), low, high));
      a3 = v128.xor(a3, product(v128.load(from, 48), low, high));
      table += TABLES;
    }
    v128.store(output + at, a0);
    v128.store(output + at, a1, 16);
    v128.store(output + at, a2, 32);
    v128.store(output + at, a3, 48);
  }
  rest(inputs, inputsEnd, output, tables, at, end);
}

@inline
function product(bytes: v128, low: v128, high: v128): v128 {
  const half = i8x16.splat(15);
  const lows = i8x16.swizzle(low, v128.and(bytes, half));
  return v128.xor(lows, i8x16.swizzle(high, v128.and(i16x8.shr_u(bytes, 4), half)));
}

/**
 * Coefficients that are all 1: the sum of the inputs alone. The same addresses as above; an output may be among the inputs
 * of the next call.
 */
export function sum(inputs: usize, inputCount: u32, output: usize, start: usize, end: usize): void {
  const inputsEnd = inputs + (<usize>inputCount << 2);
  let at = start;
  for (; at + WIDE_STEP <= end; at += WIDE_STEP) {
    let a0 = i8x16.splat(0);
    let a1 = i8x16.splat(0);
    let a2 = i8x16.splat(0);
    let a3 = i8x16.splat(0);
    for (let input = inputs; input < inputsEnd; input += 4) {
      const from = <usize>load<u32>(input) + at;
      a0 = v128.xor(a0, v128.load(from));
      a1 = v128.xor(a1, v128.load(from, 16));
      a2 = v128.xor(a2, v128.load(from, 32));
      a3 = v128.xor(a3, v128.load(from, 48));
    }
    v128.store(output + at, a0);
    v128.store(output + at, a1, 16);
    v128.store(output + at, a2, 32);
    v128.store(output + at, a3, 48);
  }
  for (; at < end; at += 1) {
    let byte: u32 = 0;
    for (let input = inputs; input < inputsEnd; input += 4) byte ^= <u32>load<u8>(<usize>load<u32>(input) + at);
    store<u8>(output + at, byte);
  }
}

// The last columns, fewer than a step: byte by byte, so that nothing behind the end is read or written.
function rest(inputs: usize, inputsEnd: usize, output: usize, tables: usize, start: usize, end: usize): void {
  for (let at = start; at < end; at += 1) {
    let sum: u32 = 0;
    let table = tables;
    for (let input = inputs; input < inputsEnd; input += 4) {
      const byte = <u32>load<u8>(<usize>load<u32>(input) + at);
      sum ^= <u32>load<u8>(table + (byte & 15)) ^ <u32>load<u8>(table + (byte >> 4), 16);
      table += TABLES;
    }
    store<u8>(output + at, sum);
  }
}
