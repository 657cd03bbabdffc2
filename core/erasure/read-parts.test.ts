import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { geometryOf, shardCount, storedBytes } from "./geometry.ts";
import { readParts } from "./read-parts.ts";

const CODE = { dataShards: 3, parityShards: 2 };
/** L is 128: the shards hold 128, 128 and 44 bytes. */
const GEOMETRY = geometryOf(CODE, 300);

describe("readParts()", () => {
  test("takes bytes as they are while their shards are at hand", () => {
    expect(readParts(GEOMETRY, { start: 100, end: 260 }, [0, 1, 2])).toEqual({
      can: "concatenate",
      parts: [
        { how: "copy", bytes: { start: 100, end: 128 }, from: { shard: 0, start: 100, end: 128 } },
        { how: "copy", bytes: { start: 128, end: 256 }, from: { shard: 1, start: 0, end: 128 } },
        { how: "copy", bytes: { start: 256, end: 260 }, from: { shard: 2, start: 0, end: 4 } },
      ],
    });
  });

  test("decodes the columns of a lost shard alone, from the same columns of those that are preferred", () => {
    expect(readParts(GEOMETRY, { start: 120, end: 140 }, [0, 4, 3])).toEqual({
      can: "decode",
      parts: [
        { how: "copy", bytes: { start: 120, end: 128 }, from: { shard: 0, start: 120, end: 128 } },
        {
          how: "decode",
          ...{ bytes: { start: 128, end: 140 }, from: { shard: 1, start: 0, end: 12 } },
          inputs: [
            { shard: 0, start: 0, end: 12 },
            { shard: 3, start: 0, end: 12 },
            { shard: 4, start: 0, end: 12 },
          ],
        },
      ],
    });
  });

  test("needs nobody for columns in which a short shard is all zeros", () => {
    const parts = readParts(GEOMETRY, { start: 60, end: 70 }, [4, 1]);
    expect(parts.can === "not" ? [] : parts.parts).toEqual([
      {
        how: "decode",
        ...{ bytes: { start: 60, end: 70 }, from: { shard: 0, start: 60, end: 70 } },
        inputs: [
          { shard: 1, start: 60, end: 70 },
          { shard: 2, start: 44, end: 44 },
          { shard: 4, start: 60, end: 70 },
        ],
      },
    ]);
  });

  test("says what is lost and how many shards there are when they are too few", () => {
    expect(readParts(GEOMETRY, { start: 0, end: 40 }, [1, 4])).toEqual({
      ...{ can: "not", lost: { shard: 0, start: 0, end: 40 } },
      ...{ needed: 3, readable: 2 },
    });
  });

  test("counts a shard once that is named twice, and none that the chunk does not have", () => {
    expect(readParts(GEOMETRY, { start: 0, end: 40 }, [1, 1, 4, 4, 7])).toMatchObject({ can: "not", readable: 2 });
  });

  test("gives every byte of any range with any k shards, reading nothing that is not stored", () => {
    const cases = fc
      .record({ dataShards: fc.integer({ min: 1, max: 10 }), parityShards: fc.integer({ min: 0, max: 4 }) })
      .chain((code) =>
        fc.record({
          code: fc.constant(code),
          sizeBytes: fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 4_000_000 })),
          atHand: fc.shuffledSubarray(
            Array.from({ length: shardCount(code) }, (_, shard) => shard),
            { minLength: code.dataShards },
          ),
          ends: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
        }),
      );
    const property = fc.property(cases, ({ code, sizeBytes, atHand, ends }) => {
      const geometry = geometryOf(code, sizeBytes);
      const [start = 0, end = 0] = ends.map((share) => Math.floor(share * sizeBytes)).toSorted((a, b) => a - b);
      const read = readParts(geometry, { start, end }, atHand);
      if (read.can === "not") return expect.fail(`${atHand.join()} gave nothing`);
      expect(read.parts.reduce((at, { bytes }) => (bytes.start === at ? bytes.end : NaN), start)).toBe(end);
      for (const part of read.parts) {
        expect(part.bytes.end - part.bytes.start).toBe(part.from.end - part.from.start);
        expect(atHand.includes(part.from.shard)).toBe(part.how === "copy");
        const inputs = part.how === "copy" ? [part.from] : part.inputs;
        expect(new Set(inputs.map(({ shard }) => shard)).size).toBe(part.how === "copy" ? 1 : code.dataShards);
        for (const input of inputs) {
          expect(input.end).toBeLessThanOrEqual(storedBytes(geometry, input.shard));
          if (input.start < input.end) expect(atHand).toContain(input.shard);
        }
      }
    });
    fc.assert(property, { seed: 44, numRuns: 300 });
  });
});
