/**
 * A programmer error stops here, loudly. Not for operating errors (a node that is down, a wrong digest): those are
 * expected and come back as typed values.
 */

/**
 * Throws when `condition` does not hold.
 *
 * @param condition what must be true at this point of the program
 * @param message the failed operation first, then the state: `Cannot rank sources as the record names no holder`
 * @throws Error always when `condition` is false; never caught to go on
 */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`Invariant broken: ${message}`);
}
