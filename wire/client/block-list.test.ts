import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { geometryOf, shardBlocks } from "#core/erasure/geometry.ts";
import { MATRIX } from "#core/erasure/reed-solomon.ts";
import { chunkBlocks } from "#core/placement/blocks.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { HASH_BYTES, makeBlockList, readBlockList } from "./block-list.ts";
import { ErasureCodec } from "./erasure-codec.ts";
import { chunkHashOf, fromBase64, sha256, toBase64 } from "./digest.ts";

async function stored(bytes: Uint8Array<ArrayBuffer>, blockSizeBytes: number) {
  const { blocks, blocksDigest } = await makeBlockList(bytes, blockSizeBytes);
  const record: ChunkRecord = {
    ...{ schema: 1, version: 1, hash: await chunkHashOf(bytes), sizeBytes: bytes.length, blockSizeBytes, blocksDigest },
    ...{ scheme: { kind: "replication" }, holders: [] },
  };
  return { record, blocks };
}

describe("readBlockList()", () => {
  test("reads the hash of every block that makeBlockList() wrote", async () => {
    const property = fc.asyncProperty(
      fc.uint8Array({ maxLength: 700 }),
      fc.integer({ min: 1, max: 100 }),
      async (raw, size) => {
        const bytes = Uint8Array.from(raw);
        const { record, blocks } = await stored(bytes, size);
        const list = await readBlockList(record, blocks);
        for (const { index, start, end } of chunkBlocks(bytes.length, size)) {
          expect(list?.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)).toEqual(
            await sha256(bytes.subarray(start, end)),
          );
        }
      },
    );
    await fc.assert(property, { seed: 23, numRuns: 30 });
  });

  test("refuses a list with one flipped bit, a missing or a doubled hash, or no base64", async () => {
    const { record, blocks } = await stored(new Uint8Array(1000), 100);
    const list = fromBase64(blocks) ?? new Uint8Array();
    const flipped = list.with(40, (list[40] ?? 0) ^ 1);
    for (const bad of [flipped, list.subarray(HASH_BYTES), Uint8Array.of(...list, ...list.subarray(0, HASH_BYTES))]) {
      expect(await readBlockList(record, toBase64(bad))).toBeUndefined();
    }
    expect(await readBlockList(record, "*")).toBeUndefined();
  });

  test("reads the empty list of an empty chunk", async () => {
    const { record, blocks } = await stored(new Uint8Array(), 100);
    expect(blocks).toBe("");
    expect(await readBlockList(record, blocks)).toHaveLength(0);
  });
});

describe("readBlockList() of an erasure record", () => {
  test("has the blocks of every shard, data first, and refuses the list of the chunk alone", async () => {
    const code = { dataShards: 3, parityShards: 2, matrix: MATRIX };
    const codec = new ErasureCodec({ kernel: "table" });
    const property = fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 700 }),
      fc.integer({ min: 1, max: 100 }),
      async (raw, blockSizeBytes) => {
        const bytes = Uint8Array.from(raw);
        const parity = codec.encode(code, bytes).map((shard) => new Uint8Array(shard));
        const { blocks, blocksDigest } = await makeBlockList(bytes, blockSizeBytes, { code, parity });
        const whole = await stored(bytes, blockSizeBytes);
        const record: ChunkRecord = { ...whole.record, blocksDigest, scheme: { kind: "erasure", ...code } };
        const list = await readBlockList(record, blocks);
        const geometry = geometryOf(code, bytes.length);
        for (let shard = 0; shard < 5; shard += 1) {
          const content = shard < 3 ? bytes.subarray(shard * geometry.shardBytes) : parity[shard - 3];
          for (const { index, start, end } of shardBlocks(geometry, blockSizeBytes, shard)) {
            const hash = list?.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
            expect(hash).toEqual(await sha256(new Uint8Array(content?.subarray(start, end) ?? [])));
          }
        }
        expect(await readBlockList(record, whole.blocks)).toBeUndefined();
      },
    );
    await fc.assert(property, { seed: 24, numRuns: 20 });
  });
});
