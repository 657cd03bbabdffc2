import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunkBlocks } from "../placement/blocks.ts";
import type { ShardCounts } from "./geometry.ts";
import { geometryOf, shardBlocks, shardCount, shardsOfRange, storedBytes } from "./geometry.ts";

const SIZES = fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 16 * 1024 * 1024 }));
const CODES = fc.record({ dataShards: fc.integer({ min: 1, max: 32 }), parityShards: fc.integer({ min: 0, max: 8 }) });
const shardsOf = (counts: ShardCounts) => Array.from({ length: shardCount(counts) }, (_, shard) => shard);

test("storedBytes() of the data shards add up to the chunk, each at most L, and parity shards have L", () => {
  const property = fc.property(CODES, SIZES, (code, sizeBytes) => {
    const geometry = geometryOf(code, sizeBytes);
    const stored = shardsOf(code).map((shard) => storedBytes(geometry, shard));
    expect(stored.slice(0, code.dataShards).reduce((sum, bytes) => sum + bytes, 0)).toBe(sizeBytes);
    expect(Math.max(...stored)).toBeLessThanOrEqual(geometry.shardBytes);
    expect(new Set(stored.slice(code.dataShards))).toEqual(new Set(code.parityShards > 0 ? [geometry.shardBytes] : []));
  });
  fc.assert(property, { seed: 41 });
});

describe("shardsOfRange()", () => {
  test("finds every byte of a range once, in order, within what the shard stores", () => {
    const ranges = fc.tuple(
      CODES,
      SIZES,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 5000 }),
    );
    const property = fc.property(ranges, ([code, sizeBytes, from, length]) => {
      const geometry = geometryOf(code, sizeBytes);
      const start = Math.floor(from * sizeBytes);
      const end = Math.min(sizeBytes, start + length);
      let at = start;
      for (const range of shardsOfRange(geometry, { start, end })) {
        expect(range.shard * geometry.shardBytes + range.start).toBe(at);
        expect(range.end).toBeGreaterThan(range.start);
        expect(range.end).toBeLessThanOrEqual(storedBytes(geometry, range.shard));
        at += range.end - range.start;
      }
      expect(at).toBe(end);
    });
    fc.assert(property, { seed: 42, numRuns: 300 });
  });

  test("refuses bytes that the chunk does not have", () => {
    const geometry = geometryOf({ dataShards: 3, parityShards: 2 }, 100);
    expect(() => shardsOfRange(geometry, { start: 90, end: 101 })).toThrow("the bytes 90-101 in a chunk of 100");
  });
});

describe("shardBlocks()", () => {
  test("of the data shards are the blocks of the chunk, of the parity shards those that follow them", () => {
    const property = fc.property(CODES, SIZES, fc.integer({ min: 16_384, max: 131_072 }), (code, sizeBytes, block) => {
      const geometry = geometryOf(code, sizeBytes);
      const placed = shardsOf(code).map((shard) => shardBlocks(geometry, block, shard));
      const ofData = placed.slice(0, code.dataShards).flatMap((blocks, shard) =>
        blocks.map(({ index, start, end }) => ({
          index,
          start: start + shard * geometry.shardBytes,
          end: end + shard * geometry.shardBytes,
        })),
      );
      expect(ofData).toEqual(chunkBlocks(sizeBytes, block, code.dataShards));
      expect(placed.flat().map(({ index }) => index)).toEqual(placed.flat().map((_, index) => index));
      for (const [shard, blocks] of placed.entries()) {
        expect(blocks.reduce((at, { start, end }) => (start === at ? end : NaN), 0)).toBe(storedBytes(geometry, shard));
      }
    });
    fc.assert(property, { seed: 43 });
  });
});
