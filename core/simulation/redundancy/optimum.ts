/**
 * The cheapest way through the forms for somebody who knows all readings beforehand, by dynamic programming over hours.
 * Nobody can do it; what a policy costs more is its regret (metrical task systems: Borodin, Linial and Saks, JACM 1992).
 */
import type { ErasureScheme } from "../../redundancy/form.ts";
import { FORMS, keepingPrice, MOVE_PRICE, movedPerByte, readingPrice } from "./prices.ts";

/**
 * @param readings of the whole video in each hour; it begins replicated, the first of {@link FORMS}
 * @returns byte-days for each byte of the video
 */
export function optimalCost(readings: readonly number[], scheme: ErasureScheme): number {
  const hourly = FORMS.map((form) => keepingPrice(form, scheme, 1 / 24));
  const perReading = FORMS.map(readingPrice);
  const moves = FORMS.map((from) => FORMS.map((to) => MOVE_PRICE * movedPerByte(from, to, scheme)));
  let costs = FORMS.map((_, form) => (form === 0 ? 0 : Infinity));
  for (const count of readings) {
    const before = costs;
    costs = FORMS.map((_, to) => {
      let least = Infinity;
      for (const [from, cost] of before.entries()) least = Math.min(least, cost + (moves[from]?.[to] ?? Infinity));
      return least + (hourly[to] ?? 0) + count * (perReading[to] ?? 0);
    });
  }
  return Math.min(...costs);
}
