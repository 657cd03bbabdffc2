import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { ShardRange } from "#core/erasure/geometry.ts";
import { geometryOf, shardCount, storedBytes } from "#core/erasure/geometry.ts";
import { readParts } from "#core/erasure/read-parts.ts";
import { DEFAULT_CODE, MATRIX } from "#core/erasure/reed-solomon.ts";
import type { KernelName } from "#core/erasure/shard-arena.ts";
import { CODEC_CHECKS, filled } from "./erasure-codec.contract.ts";
import { ErasureCodec } from "./erasure-codec.ts";

const KERNELS: readonly KernelName[] = ["simd", "table"];
/** Two arrays of 100,000 bytes take the assertion longer to compare than the codec to make. */
const hashes = (shards: readonly Uint8Array[] | undefined) =>
  shards?.map((bytes) => createHash("sha256").update(bytes).digest("hex"));
const never = new AbortController().signal;

describe.each(KERNELS)("ErasureCodec with the kernel %s", (kernel) => {
  const codec = new ErasureCodec({ kernel });
  test.each(CODEC_CHECKS)("$name", async (check) => {
    await check.run(codec);
  });
});

describe("ErasureCodec", () => {
  test("chooses SIMD here, and the table where the engine has none or the page forbids WebAssembly", () => {
    expect(new ErasureCodec().kernel).toBe("simd");
    const validate = vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    expect(new ErasureCodec().kernel).toBe("table");
    expect(() => new ErasureCodec({ kernel: "simd" })).toThrow("runs no WebAssembly SIMD");
    validate.mockRestore();
    vi.spyOn(WebAssembly, "Module").mockImplementation(function () {
      throw new WebAssembly.CompileError("Refused to compile as 'wasm-unsafe-eval' is not allowed");
    });
    expect(new ErasureCodec().kernel).toBe("table");
  });

  test("makes and rebuilds the same bytes with both kernels, whatever the code and the lengths", () => {
    const [simd, table] = KERNELS.map((kernel) => new ErasureCodec({ kernel }));
    const cases = fc.record({
      dataShards: fc.integer({ min: 1, max: 16 }),
      parityShards: fc.integer({ min: 1, max: 6 }),
      sizeBytes: fc.integer({ min: 1, max: 120_000 }),
      keys: fc.array(fc.nat(1_000), { minLength: 22, maxLength: 22 }),
      missing: fc.nat(100),
    });
    const property = fc.property(cases, ({ dataShards, parityShards, sizeBytes, keys, missing }) => {
      const code = { dataShards, parityShards, matrix: MATRIX };
      const chunk = filled(sizeBytes, missing);
      const parity = simd?.encode(code, chunk);
      expect(hashes(parity)).toEqual(hashes(table?.encode(code, chunk)));
      // Shards of any length, as for columns at the end of a chunk.
      const order = keys.slice(0, dataShards + parityShards).map((key, shard) => ({ key, shard }));
      const shards = order.toSorted((a, b) => a.key - b.key).map(({ shard }) => shard);
      const columns = Math.ceil(sizeBytes / dataShards);
      const inputs = new Map(
        shards.slice(0, dataShards).map((shard) => [shard, filled(Math.max(0, columns - (missing % 70)), shard)]),
      );
      const wanted = { code, inputs, outputs: shards.slice(dataShards), columns };
      expect(hashes(simd?.rebuild(wanted))).toEqual(hashes(table?.rebuild(wanted)));
    });
    fc.assert(property, { seed: 61, numRuns: 200 });
  });

  test("rebuilds what readParts() asks for, for any range of a chunk and any shards at hand", () => {
    const cases = fc.record({
      dataShards: fc.integer({ min: 1, max: 8 }),
      parityShards: fc.integer({ min: 0, max: 4 }),
      sizeBytes: fc.integer({ min: 1, max: 60_000 }),
      ends: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
      keys: fc.array(fc.nat(1_000), { minLength: 12, maxLength: 12 }),
    });
    const codec = new ErasureCodec();
    const property = fc.property(cases, ({ dataShards, parityShards, sizeBytes, ends, keys }) => {
      const code = { dataShards, parityShards, matrix: MATRIX };
      const geometry = geometryOf(code, sizeBytes);
      const chunk = filled(sizeBytes, 1);
      const whole = Buffer.concat([chunk], dataShards * geometry.shardBytes);
      const parity = codec.encode(code, chunk);
      // As the nodes have them: data shards without their zeros.
      const stored = Array.from({ length: shardCount(code) }, (_, shard) => {
        const start = shard * geometry.shardBytes;
        return parity[shard - dataShards] ?? whole.subarray(start, start + storedBytes(geometry, shard));
      });
      const order = [...stored.keys()].toSorted((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
      const [start = 0, end = 0] = ends.map((share) => Math.floor(share * sizeBytes)).toSorted((a, b) => a - b);
      const read = readParts(geometry, { start, end }, order.slice(0, dataShards));
      if (read.can === "not") return expect.fail("k shards were too few");
      const bytesOf = (range: ShardRange) => stored[range.shard]?.subarray(range.start, range.end) ?? new Uint8Array();
      const found = read.parts.map((part) => {
        if (part.how === "copy") return bytesOf(part.from);
        const inputs = new Map(part.inputs.map((range) => [range.shard, bytesOf(range)]));
        const columns = part.from.end - part.from.start;
        return codec.rebuild({ code, inputs, outputs: [part.from.shard], columns })[0] ?? new Uint8Array();
      });
      expect(Buffer.concat(found).equals(chunk.subarray(start, end))).toBe(true);
    });
    fc.assert(property, { seed: 62, numRuns: 300 });
  });

  test("writes to the arrays that it is given", () => {
    const codec = new ErasureCodec();
    const chunk = filled(1_000, 1);
    const outputs = [new Uint8Array(384).fill(9), new Uint8Array(384).fill(9)];
    expect(codec.encode(DEFAULT_CODE, chunk, outputs)).toBe(outputs);
    expect(outputs).toEqual(codec.encode(DEFAULT_CODE, chunk));
  });

  test("says how many shards are needed when too few are given", () => {
    const inputs = new Map([
      [0, new Uint8Array(64)],
      [4, new Uint8Array(64)],
    ]);
    const wanted = { code: DEFAULT_CODE, inputs, outputs: [1, 2], columns: 64 };
    const message = "Cannot rebuild shards 1, 2 as 3 shards are needed: 2 are given";
    expect(() => new ErasureCodec().rebuild(wanted)).toThrow(expect.objectContaining({ code: "unavailable", message }));
  });

  test("does not guess at a matrix that it does not know", async () => {
    const code = { ...DEFAULT_CODE, matrix: "cauchy" };
    const codec = new ErasureCodec();
    expect(() => codec.encode(code, new Uint8Array(10))).toThrow(expect.objectContaining({ code: "bad-answer" }));
    await expect(codec.open(code, 10, never)).rejects.toMatchObject({ code: "bad-answer" });
  });

  test("uses no arena that was closed: its memory may be another's", async () => {
    const arena = await new ErasureCodec().open(DEFAULT_CODE, 100, never);
    arena.close();
    expect(() => arena.encode()).toThrow("an arena that was closed");
  });

  test("opens arenas with zeros behind the stored bytes, whatever was in the memory before", async () => {
    const codec = new ErasureCodec();
    const before = await codec.open(DEFAULT_CODE, 3_000, never);
    for (const slot of before.slots) slot.fill(255);
    before.close();
    const arena = await codec.open(DEFAULT_CODE, 150, never);
    const chunk = filled(150, 1);
    for (const shard of [0, 1, 2]) arena.slots[shard]?.set(chunk.subarray(shard * 64, (shard + 1) * 64));
    arena.encode();
    expect(arena.slots.slice(3).map((slot) => slot.slice())).toEqual(codec.encode(DEFAULT_CODE, chunk));
  });
});
