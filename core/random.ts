/**
 * Randomness as a value. Core never reaches for a global generator: who decides takes a `Random`, the programs pass one
 * made from the platform's generator, tests and simulations pass a seeded one, so that one seed reproduces a run.
 */

/** Returns the next number, uniform in [0, 1). */
export type Random = () => number;

/**
 * A seeded generator (mulberry32, Tommy Ettinger, public domain): 32 bits of state, period 2^32, good enough for
 * simulation and tests, not for secrets.
 *
 * @param seed any integer; only its low 32 bits count
 * @example
 * const random = seededRandom(7);
 * random() === seededRandom(7)(); // the same seed gives the same numbers
 */
export function seededRandom(seed: number): Random {
  // As a signed integer, which V8 keeps without a box; bit by bit it is the same.
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
