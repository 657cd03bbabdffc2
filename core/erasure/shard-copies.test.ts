import { describe, expect, test } from "vitest";
import { DEFAULT_CODE, reedSolomon } from "./reed-solomon.ts";
import { combineCopies } from "./shard-copies.ts";
import { tableKernel } from "./table-memory.ts";

const STRIP_BYTES = 64;
const scratch = tableKernel()
  .memory(5 * STRIP_BYTES)
  .arena(5, STRIP_BYTES);
const { encoding } = reedSolomon(DEFAULT_CODE);

describe("combineCopies()", () => {
  test("gives the same whatever the strips, with zeros for what an input lacks", () => {
    const inputs = [200, 130, 0].map((length, shard) => Uint8Array.from({ length }, (_, at) => at * 7 + shard));
    const outputs = [new Uint8Array(200), new Uint8Array(200)];
    combineCopies(scratch, encoding, inputs, outputs);
    const large = tableKernel().memory(1_000).arena(5, 200);
    for (const [shard, bytes] of inputs.entries()) large.slots[shard]?.set(bytes);
    large.combine(encoding, { start: 0, end: 200 });
    expect(outputs).toEqual(large.slots.slice(3).map((slot) => slot.slice()));
  });

  test("refuses inputs and outputs that do not fit the rows, or each other", () => {
    const bytes = new Uint8Array(10);
    expect(() => combineCopies(scratch, encoding, [bytes, bytes], [bytes, bytes])).toThrow("by rows for 3 to 2");
    const unequal = [bytes, new Uint8Array(11)];
    expect(() => combineCopies(scratch, encoding, [bytes, bytes, bytes], unequal)).toThrow("different lengths");
  });
});

test("combine() refuses columns and shards that the arena does not have", () => {
  expect(() => scratch.combine(encoding, { start: 0, end: 65 })).toThrow("the columns 0-65 of shards of 64 bytes");
  const small = tableKernel().memory(256).arena(4, 64);
  expect(() => small.combine(encoding, { start: 0, end: 64 })).toThrow("shard 4 in an arena of 4 slots");
});
