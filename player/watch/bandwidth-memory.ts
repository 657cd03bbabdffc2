/** The bandwidth that earlier viewings measured in this browser, so that the next one begins in a quality that fits. */
import { readStored, writeStored } from "../shell/stored.ts";

/** A stored text outside these bounds was not written by us, or on a line unlike this one: the library's own start is better. */
const LEAST_BITS_PER_SECOND = 100_000;
const MOST_BITS_PER_SECOND = 1_000_000_000;

/** Undefined when nothing believable is stored. */
export function storedEstimate(): number | undefined {
  const bitsPerSecond = Number(readStored("bandwidth"));
  return bitsPerSecond >= LEAST_BITS_PER_SECOND && bitsPerSecond <= MOST_BITS_PER_SECOND ? bitsPerSecond : undefined;
}

export function storeEstimate(bitsPerSecond: number): void {
  writeStored("bandwidth", String(Math.round(bitsPerSecond)));
}
