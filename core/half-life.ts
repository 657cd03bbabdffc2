/**
 * What is left of something after some half-lives: 2^-x by additions, multiplications and divisions alone. IEEE 754 rounds
 * those the same everywhere; `**` and Math.exp() may differ in the last bit between two versions of one JavaScript engine
 * (Chromium 14x and Node 20 did), and a recording of the browser would then replay to other decisions.
 */

/** Terms of the series: with 18, what is left out is below the last bit of a double. */
const TERMS = 18;
/** So many half-lives leave less than the smallest double. */
const NOTHING_LEFT = 1_075;
const STRIDE = 32;
const LEFT_OF_STRIDE = 1 / 4_294_967_296;

/**
 * @param halfLives >= 0
 * @returns 0..1, within two units in the last place of 2^-halfLives
 */
export function leftAfter(halfLives: number): number {
  if (halfLives <= 0) return 1;
  if (halfLives >= NOTHING_LEFT) return 0;
  let whole = Math.floor(halfLives);
  // The series of e^-y for y below 0.7, from its end (Horner).
  const y = (halfLives - whole) * Math.LN2;
  let left = 1;
  for (let term = TERMS; term > 0; term -= 1) left = 1 - (y / term) * left;
  for (; whole >= STRIDE; whole -= STRIDE) left *= LEFT_OF_STRIDE;
  for (; whole > 0; whole -= 1) left /= 2;
  return left;
}
