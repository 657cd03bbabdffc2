import { describe, expect, test } from "vitest";
import { inverse, multiply, raise } from "./galois-field.ts";

/** By the definition: polynomials over bits, reduced by 0x11d. Knows no tables. */
function multiplySlowly(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product <<= 1;
    if (product > 255) product ^= 0x11d;
    if (((b >> bit) & 1) === 1) product ^= a;
  }
  return product;
}

const ELEMENTS = Array.from({ length: 256 }, (_, element) => element);

describe("multiply()", () => {
  test("multiplies polynomials modulo 0x11d, for all 65,536 pairs", () => {
    const wrong = ELEMENTS.flatMap((a) =>
      ELEMENTS.filter((b) => multiply(a, b) !== multiplySlowly(a, b)).map((b) => [a, b]),
    );
    expect(wrong).toEqual([]);
  });
});

describe("inverse()", () => {
  test("gives 1 with its element, for every one but 0", () => {
    expect(ELEMENTS.filter((a) => a > 0 && multiply(a, inverse(a)) !== 1)).toEqual([]);
  });

  test("refuses 0", () => {
    expect(() => inverse(0)).toThrow("Cannot invert 0");
  });
});

describe("raise()", () => {
  test("is repeated multiplication", () => {
    for (const a of ELEMENTS) {
      let power = 1;
      for (let exponent = 0; exponent <= 300; exponent += 1) {
        if (raise(a, exponent) !== power) expect.fail(`${a} to the power ${exponent}`);
        power = multiply(power, a);
      }
    }
  });
});
