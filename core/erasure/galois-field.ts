/**
 * Arithmetic of GF(2^8) over the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11d), generator 2: the field that Reed-Solomon
 * coding of bytes is done in. Elements are bytes, 0..255; addition and subtraction are both XOR and need no function.
 *
 * Plank, "A Tutorial on Reed-Solomon Coding for Fault-Tolerance in RAID-like Systems", 1997, appendix; the same field as
 * klauspost/reedsolomon, Backblaze's JavaReedSolomon and RAID-6.
 */
import { invariant } from "../invariant.ts";

const POLYNOMIAL = 0x11d;
/** The multiplicative group: every element but 0 is a power of 2. */
const GROUP_ORDER = 255;

/** Powers of 2, twice over, so that the sum of two logarithms needs no remainder. */
const POWERS = new Uint8Array(2 * GROUP_ORDER);
/** The exponent that gives an element; that of 0 means nothing. */
const LOGARITHMS = new Uint8Array(256);

let power = 1;
for (let exponent = 0; exponent < GROUP_ORDER; exponent += 1) {
  POWERS[exponent] = power;
  POWERS[exponent + GROUP_ORDER] = power;
  LOGARITHMS[power] = exponent;
  power <<= 1;
  if (power > 255) power ^= POLYNOMIAL;
}

/** The product of two elements. */
export function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : (POWERS[logarithm(a) + logarithm(b)] ?? 0);
}

/** The element that gives 1 when multiplied with `a`, which is 1..255. */
export function inverse(a: number): number {
  invariant(a !== 0, "Cannot invert 0 in GF(2^8)");
  return POWERS[GROUP_ORDER - logarithm(a)] ?? 0;
}

/** `a` multiplied `exponent` times, an integer >= 0; anything to the power 0 is 1, as for klauspost's matrix. */
export function raise(a: number, exponent: number): number {
  if (exponent === 0) return 1;
  return a === 0 ? 0 : (POWERS[(logarithm(a) * exponent) % GROUP_ORDER] ?? 0);
}

function logarithm(a: number): number {
  return LOGARITHMS[a] ?? 0;
}
