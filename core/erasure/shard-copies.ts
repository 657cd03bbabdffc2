/**
 * Combines bytes that lie anywhere, through a small arena: strip by strip, copied in, combined, copied out. The strips stay
 * in the processor's cache, so that the copies cost little and the arena is small however large the chunk.
 */
import { invariant } from "../invariant.ts";
import type { CoefficientRows } from "./reed-solomon.ts";
import type { ShardArena } from "./shard-arena.ts";

/**
 * @param scratch with a slot for every shard that the rows name; its slots are the strips
 * @param inputs the same columns of each input of `rows`, in that order; what is shorter than the outputs ends in zeros
 * @param outputs of equal length, in the order of the rows' outputs: written to
 */
export function combineCopies(
  scratch: ShardArena,
  rows: CoefficientRows,
  inputs: readonly Uint8Array[],
  outputs: readonly Uint8Array[],
): void {
  const columns = outputs[0]?.length ?? 0;
  invariant(
    inputs.length === rows.inputs.length && outputs.length === rows.outputs.length,
    `Cannot combine ${inputs.length} shards to ${outputs.length} by rows for ${rows.inputs.length} to ${rows.outputs.length}`,
  );
  invariant(
    outputs.every(({ length }) => length === columns),
    "Cannot combine to shards of different lengths",
  );
  const stripBytes = scratch.slots[0]?.length ?? 0;
  invariant(stripBytes > 0, "Cannot combine in an arena without room");
  for (let start = 0; start < columns; start += stripBytes) {
    const end = Math.min(start + stripBytes, columns);
    for (const [at, bytes] of inputs.entries()) {
      const slot = slotOf(scratch, rows.inputs[at]);
      const strip = bytes.subarray(start, end);
      slot.set(strip);
      if (strip.length < end - start) slot.fill(0, strip.length, end - start);
    }
    scratch.combine(rows, { start: 0, end: end - start });
    for (const [at, bytes] of outputs.entries()) {
      bytes.set(slotOf(scratch, rows.outputs[at]).subarray(0, end - start), start);
    }
  }
}

function slotOf({ slots }: ShardArena, shard: number | undefined): Uint8Array {
  const slot = slots[shard ?? -1];
  invariant(slot !== undefined, `Cannot combine shard ${String(shard)} in an arena of ${slots.length} slots`);
  return slot;
}
