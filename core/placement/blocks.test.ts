import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  blockSizeFor,
  chunkBlocks,
  DATA_SHARDS,
  MAX_BLOCK_SIZE_BYTES,
  SHARD_ALIGN_BYTES,
  shardLengthBytes,
} from "./blocks.ts";

const SIZES = fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 16 * 1024 * 1024 }));
const BLOCK_SIZES = fc.oneof(fc.constant(MAX_BLOCK_SIZE_BYTES), fc.integer({ min: 16_384, max: MAX_BLOCK_SIZE_BYTES }));

describe("chunkBlocks()", () => {
  test("covers the chunk in order, without gap or overlap, with no empty and no oversized block", () => {
    const property = fc.property(SIZES, BLOCK_SIZES, (sizeBytes, blockSizeBytes) => {
      let end = 0;
      const wrong = chunkBlocks(sizeBytes, blockSizeBytes).filter((block, index) => {
        const follows = block.index === index && block.start === end;
        end = block.end;
        return !follows || block.end <= block.start || block.end - block.start > blockSizeBytes;
      });
      expect(wrong).toEqual([]);
      expect(end).toBe(sizeBytes);
    });
    fc.assert(property, { seed: 13, numRuns: 300 });
  });

  test("restarts at every shard boundary, so that replicas and data shards share block hashes", () => {
    const property = fc.property(SIZES, BLOCK_SIZES, (sizeBytes, blockSizeBytes) => {
      const starts = new Set(chunkBlocks(sizeBytes, blockSizeBytes).map((block) => block.start));
      const shardBytes = shardLengthBytes(sizeBytes);
      for (let shard = 0; shard < DATA_SHARDS; shard += 1) {
        if (shard * shardBytes < sizeBytes) expect(starts.has(shard * shardBytes)).toBe(true);
      }
    });
    fc.assert(property, { seed: 14, numRuns: 300 });
  });

  test("cuts 2 MiB into 18 blocks of at most 128 KiB", () => {
    expect(chunkBlocks(2 * 1024 * 1024, MAX_BLOCK_SIZE_BYTES)).toHaveLength(18);
  });

  test("has no blocks for an empty chunk and one for a single byte", () => {
    expect(chunkBlocks(0, 10)).toEqual([]);
    expect(chunkBlocks(1, 10)).toEqual([{ index: 0, start: 0, end: 1 }]);
  });

  test("refuses sizes that make no sense", () => {
    for (const [sizeBytes, blockSizeBytes] of [
      [-1, 10],
      [1.5, 10],
      [10, 0],
      [10, MAX_BLOCK_SIZE_BYTES + 1],
    ] as const) {
      expect(() => chunkBlocks(sizeBytes, blockSizeBytes)).toThrow("Cannot cut");
    }
  });
});

test("shardLengthBytes() is the least multiple of 64 that three of hold the chunk", () => {
  const property = fc.property(SIZES, (sizeBytes) => {
    const length = shardLengthBytes(sizeBytes);
    expect(length % SHARD_ALIGN_BYTES).toBe(0);
    expect(length * DATA_SHARDS).toBeGreaterThanOrEqual(sizeBytes);
    expect((length - SHARD_ALIGN_BYTES) * DATA_SHARDS).toBeLessThan(Math.max(1, sizeBytes));
  });
  fc.assert(property, { seed: 15 });
});

describe("blockSizeFor()", () => {
  test("cuts a chunk into about 32 blocks, 16 to 128 KiB each", () => {
    const property = fc.property(fc.integer({ min: 512 * 1024, max: 4 * 1024 * 1024 }), (sizeBytes) => {
      const count = sizeBytes / blockSizeFor(sizeBytes);
      expect(count).toBeGreaterThan(22);
      expect(count).toBeLessThan(46);
    });
    fc.assert(property, { seed: 15, numRuns: 300 });
    expect([1, 100_000, 16 * 1024 * 1024].map(blockSizeFor)).toEqual([16, 16, 128].map((kib) => kib * 1024));
  });
});
