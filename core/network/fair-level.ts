/**
 * Max-min fairness on one link: everybody gets the same, and what somebody cannot use falls to the rest. Bertsekas and
 * Gallager, "Data Networks", section 6.5.2.
 */

/**
 * The level at which `min(limit, level)` over all limits adds up to the capacity.
 *
 * @param limits what each can use at most, >= 0; Infinity for no limit
 * @param capacity what there is, in the same unit
 * @returns Infinity when there is enough for all
 */
export function fairLevel(limits: readonly number[], capacity: number): number {
  const [only] = limits;
  if (limits.length === 1 && only !== undefined) return only <= capacity ? Infinity : capacity;
  let left = capacity;
  let count = limits.length;
  for (const limit of limits.toSorted((a, b) => a - b)) {
    if (limit * count > left) return left / count;
    left -= limit;
    count -= 1;
  }
  return Infinity;
}
