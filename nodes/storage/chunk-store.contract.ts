/** What every chunk store must do, whatever is behind it. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type ChunkHash, parseChunkHash } from "#core/ids.ts";
import { errorCode } from "#wire/contract/errors.ts";
import type { ChunkStore } from "./chunk-store.ts";

export interface TestChunk {
  readonly bytes: Buffer;
  readonly hash: ChunkHash;
}

/** Bytes that differ for each text, and their hash. */
export function testChunk(text: string, sizeBytes = 1000): TestChunk {
  const bytes = Buffer.alloc(sizeBytes, `${text}/`);
  const hash = parseChunkHash(createHash("sha256").update(bytes).digest("hex"));
  if (hash === undefined) throw new Error("SHA-256 gave no chunk hash");
  return { bytes, hash };
}

/** The whole chunk, undefined when it is not there. */
export async function readAll(store: ChunkStore, hash: ChunkHash): Promise<Buffer | undefined> {
  const chunk = await store.open(hash);
  if (chunk === undefined) return undefined;
  try {
    const bytes = Buffer.alloc(chunk.sizeBytes);
    await chunk.read(bytes, 0);
    return bytes;
  } finally {
    chunk.close();
  }
}

/** @param openStore makes an empty store that is full at 95 % of `capacityBytes` */
export function chunkStoreContract(name: string, openStore: (capacityBytes: number) => Promise<ChunkStore>): void {
  const one = testChunk("one");
  const open = () => openStore(1_000_000);

  describe(`${name} as a chunk store`, () => {
    test("put() stores bytes that open() reads back, whole and in part", async () => {
      const store = await open();
      expect(await store.put(one.hash, one.bytes, "a")).toEqual({ existed: false, references: 1 });
      expect(store.sizeOf(one.hash)).toBe(1000);
      expect(await readAll(store, one.hash)).toEqual(one.bytes);
      const chunk = await store.open(one.hash);
      const part = Buffer.alloc(10);
      await chunk?.read(part, 990);
      chunk?.close();
      expect(part).toEqual(one.bytes.subarray(990));
    });

    test("put() keeps its own copy: the caller may reuse the bytes", async () => {
      const store = await open();
      const bytes = Buffer.from(one.bytes);
      await store.put(one.hash, bytes, "a");
      bytes.fill(0);
      expect(await readAll(store, one.hash)).toEqual(one.bytes);
    });

    test("put() of an empty chunk is a chunk", async () => {
      const store = await open();
      const empty = testChunk("empty", 0);
      await store.put(empty.hash, empty.bytes, "a");
      expect(await readAll(store, empty.hash)).toEqual(empty.bytes);
    });

    test("put() twice by one position counts once, by two positions twice", async () => {
      const store = await open();
      await store.put(one.hash, one.bytes, "a");
      expect(await store.put(one.hash, one.bytes, "a")).toEqual({ existed: true, references: 1 });
      expect(await store.put(one.hash, one.bytes, "b")).toEqual({ existed: true, references: 2 });
      expect((await store.stats()).usedBytes).toBe(1000);
    });

    test("dereference() removes the bytes with the last reference and not before", async () => {
      const store = await open();
      await store.put(one.hash, one.bytes, "a");
      await store.put(one.hash, one.bytes, "b");
      expect(await store.dereference(one.hash, "a")).toEqual({ references: 1, deleted: false });
      expect(await store.dereference(one.hash, "a")).toEqual({ references: 1, deleted: false });
      expect(await readAll(store, one.hash)).toEqual(one.bytes);
      expect(await store.dereference(one.hash, "b")).toEqual({ references: 0, deleted: true });
      expect(await readAll(store, one.hash)).toBeUndefined();
      expect(await store.dereference(one.hash, "b")).toBeUndefined();
    });

    test("open() goes on reading what is deleted meanwhile", async () => {
      const store = await open();
      await store.put(one.hash, one.bytes, "a");
      const chunk = await store.open(one.hash);
      await store.dereference(one.hash, "a");
      const bytes = Buffer.alloc(1000);
      await chunk?.read(bytes, 0);
      chunk?.close();
      expect(bytes).toEqual(one.bytes);
    });

    test("put() by two positions at once stores once and refers twice", async () => {
      const store = await open();
      const results = await Promise.all(["a", "b"].map((reference) => store.put(one.hash, one.bytes, reference)));
      expect(results.map(({ existed }) => existed).sort()).toEqual([false, true]);
      expect(await store.dereference(one.hash, "a")).toEqual({ references: 1, deleted: false });
      expect(await readAll(store, one.hash)).toEqual(one.bytes);
    });

    test("put() and dereference() of one hash at once leave bytes exactly when a reference is left", async () => {
      const store = await open();
      for (let round = 0; round < 20; round += 1) {
        await Promise.all([
          store.put(one.hash, one.bytes, "a"),
          store.dereference(one.hash, "b"),
          store.put(one.hash, one.bytes, "b"),
          store.dereference(one.hash, "a"),
        ]);
        expect(await readAll(store, one.hash)).toEqual(one.bytes);
        expect(await store.dereference(one.hash, "b")).toEqual({ references: 0, deleted: true });
      }
    });

    test("put() refuses above 95 % and leaves no trace, also when many come at once", async () => {
      const store = await openStore(10_000);
      const chunks = Array.from({ length: 20 }, (_, index) => testChunk(`chunk ${index}`));
      const results = await Promise.allSettled(chunks.map(({ hash, bytes }) => store.put(hash, bytes, "a")));
      const refused = results.flatMap((result) => (result.status === "rejected" ? [errorCode(result.reason)] : []));
      expect(refused).toEqual(Array.from({ length: 11 }, () => "storage-full"));
      expect(await store.stats()).toMatchObject({ chunkCount: 9, usedBytes: 9000, freeBytes: 500, fillRatio: 0.9 });
      expect(chunks.filter(({ hash }) => store.sizeOf(hash) !== undefined)).toHaveLength(9);
    });

    test("stats() count chunks and bytes", async () => {
      const store = await open();
      const two = testChunk("two", 500);
      await store.put(one.hash, one.bytes, "a");
      await store.put(two.hash, two.bytes, "a");
      await store.dereference(one.hash, "a");
      expect(await store.stats()).toMatchObject({ chunkCount: 1, usedBytes: 500, freeBytes: 949_500 });
    });

    test("verify() tells intact from absent", async () => {
      const store = await open();
      await store.put(one.hash, one.bytes, "a");
      expect(await store.verify(one.hash)).toBe("intact");
      expect(await store.verify(testChunk("two").hash)).toBe("absent");
    });

    test("close() lets started changes end and refuses new ones", async () => {
      const store = await open();
      const started = store.put(one.hash, one.bytes, "a");
      await store.close();
      expect(await started).toEqual({ existed: false, references: 1 });
      await expect(store.put(one.hash, one.bytes, "b")).rejects.toMatchObject({ code: "unavailable" });
      await expect(store.dereference(one.hash, "a")).rejects.toMatchObject({ code: "unavailable" });
    });
  });
}
