import fc from "fast-check";
import { expect, test } from "vitest";
import { MATRIX } from "../erasure/reed-solomon.ts";
import { chunkBlocks } from "../placement/blocks.ts";
import { blocksAtHand, codedBlocks, shardSpan } from "./coded-blocks.ts";

const CODE = { dataShards: 3, parityShards: 2, matrix: MATRIX };

test("codedBlocks() begins with the chunk's own blocks, and parity follows without gap or overlap", () => {
  const property = fc.property(fc.nat(5_000), fc.integer({ min: 1, max: 300 }), (sizeBytes, blockSizeBytes) => {
    const { blocks, dataBlocks, geometry } = codedBlocks(CODE, sizeBytes, blockSizeBytes);
    expect(blocks.slice(0, dataBlocks)).toEqual(chunkBlocks(sizeBytes, blockSizeBytes));
    let end = 0;
    for (const [at, block] of blocks.entries()) {
      expect([block.index, block.start]).toEqual([at, end]);
      end = block.end;
    }
    expect(end).toBe(sizeBytes + 2 * geometry.shardBytes);
  });
  fc.assert(property, { seed: 60_264 });
});

test("codedBlocks() puts blocks with the same columns into a row, null where a shard has only zeros", () => {
  const { rows, geometry } = codedBlocks(CODE, 200, 64);
  expect(geometry.shardBytes).toBe(128);
  expect(rows.map(({ blocks }) => blocks)).toEqual([
    [0, 2, null, 4, 6],
    [1, 3, null, 5, 7],
  ]);
});

test("blocksAtHand() counts what is accepted and what is known to be zeros", () => {
  const [row] = codedBlocks(CODE, 100, 64).rows;
  expect(row?.blocks).toEqual([0, 1, null, 2, 3]);
  expect(row && blocksAtHand(row, [false, false, false, false])).toBe(1);
  expect(row && blocksAtHand(row, [true, false, false, true])).toBe(3);
});

test("shardSpan() is the part of the chunk for a data shard, and lies behind the chunk for parity", () => {
  const { geometry } = codedBlocks(CODE, 300, 64);
  const spans = [0, 1, 2, 3, 4].map((shard) => shardSpan(geometry, shard));
  expect(spans.map(({ start, end }) => [start, end])).toEqual([
    [0, 128],
    [128, 256],
    [256, 300],
    [300, 428],
    [428, 556],
  ]);
});
