/** What every store of pieces must do, whatever is behind it. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type ChunkHash, parseChunkHash } from "#core/ids.ts";
import type { PieceId } from "#core/placement/piece.ts";
import { shardId } from "#core/placement/piece.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import type { ChunkStore, PutResult } from "./chunk-store.ts";

export interface TestPiece {
  readonly bytes: Buffer;
  /** Of the chunk. */
  readonly hash: ChunkHash;
  readonly piece: PieceId;
  /** Of the bytes. */
  readonly digest: ChunkHash;
}

/** Bytes that differ for each text, and their hash. */
export function testChunk(text: string, sizeBytes = 1000): TestPiece {
  const bytes = Buffer.alloc(sizeBytes, `${text}/`);
  const hash = hashOf(bytes);
  return { bytes, hash, piece: hash, digest: hash };
}

/** Bytes that differ for each text, as a shard of the chunk of the same text. */
export function testShard(text: string, shard: number, sizeBytes = 400): TestPiece {
  const { hash } = testChunk(text);
  const bytes = Buffer.alloc(sizeBytes, `${text} ${shard}/`);
  return { bytes, hash, piece: shardId(hash, shard), digest: hashOf(bytes) };
}

function hashOf(bytes: Buffer): ChunkHash {
  const hash = parseChunkHash(createHash("sha256").update(bytes).digest("hex"));
  if (hash === undefined) throw new Error("SHA-256 gave no chunk hash");
  return hash;
}

/** Puts the piece by a reference, for a version of its record. */
export function putChunk(store: ChunkStore, piece: TestPiece, reference: string, version = 1): Promise<PutResult> {
  return store.put(piece.piece, piece.bytes, { reference, version, digest: piece.digest });
}

/** The whole piece, undefined when it is not there. */
export async function readAll(store: ChunkStore, piece: PieceId): Promise<Buffer | undefined> {
  const chunk = await store.open(piece);
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
      expect(await putChunk(store, one, "a")).toEqual({ existed: false, references: 1 });
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
      await putChunk(store, { ...one, bytes }, "a");
      bytes.fill(0);
      expect(await readAll(store, one.hash)).toEqual(one.bytes);
    });

    test("put() of an empty chunk is a chunk", async () => {
      const store = await open();
      const empty = testChunk("empty", 0);
      await putChunk(store, empty, "a");
      expect(await readAll(store, empty.hash)).toEqual(empty.bytes);
    });

    test("put() twice by one position counts once, by two positions twice", async () => {
      const store = await open();
      await putChunk(store, one, "a");
      expect(await putChunk(store, one, "a")).toEqual({ existed: true, references: 1 });
      expect(await putChunk(store, one, "b")).toEqual({ existed: true, references: 2 });
      expect((await store.stats()).usedBytes).toBe(1000);
    });

    test("dereference() removes the bytes with the last reference and not before", async () => {
      const store = await open();
      await putChunk(store, one, "a");
      await putChunk(store, one, "b");
      expect(await store.dereference(one.hash, "a")).toEqual({ references: 1, deleted: false });
      expect(await store.dereference(one.hash, "a")).toEqual({ references: 1, deleted: false });
      expect(await readAll(store, one.hash)).toEqual(one.bytes);
      expect(await store.dereference(one.hash, "b")).toEqual({ references: 0, deleted: true });
      expect(await readAll(store, one.hash)).toBeUndefined();
      expect(await store.dereference(one.hash, "b")).toBeUndefined();
    });

    test("open() goes on reading what is deleted meanwhile", async () => {
      const store = await open();
      await putChunk(store, one, "a");
      const chunk = await store.open(one.hash);
      await store.dereference(one.hash, "a");
      const bytes = Buffer.alloc(1000);
      await chunk?.read(bytes, 0);
      chunk?.close();
      expect(bytes).toEqual(one.bytes);
    });

    test("put() fails without trace when what goes beside it does, and runs it once, also for bytes that are here", async () => {
      const store = await open();
      const { piece, bytes, digest } = one;
      const put = (beside: () => void) => store.put(piece, bytes, { reference: "a", version: 1, digest }, beside);
      const refuse = () => {
        throw new VStackError("bad-request", "Cannot go beside it");
      };
      await expect(put(refuse)).rejects.toMatchObject({ code: "bad-request" });
      expect(store.sizeOf(piece)).toBeUndefined();
      expect(await store.stats()).toMatchObject({ chunkCount: 0, usedBytes: 0 });
      let runs = 0;
      const count = () => {
        runs += 1;
      };
      await put(count);
      await put(count);
      expect(runs).toBe(2);
    });

    test("put() by two positions at once stores once and refers twice", async () => {
      const store = await open();
      const results = await Promise.all(["a", "b"].map((reference) => putChunk(store, one, reference)));
      expect(results.map(({ existed }) => existed).sort()).toEqual([false, true]);
      expect(await store.dereference(one.hash, "a")).toEqual({ references: 1, deleted: false });
      expect(await readAll(store, one.hash)).toEqual(one.bytes);
    });

    test("put() and dereference() of one hash at once leave bytes exactly when a reference is left", async () => {
      const store = await open();
      for (let round = 0; round < 20; round += 1) {
        await Promise.all([
          putChunk(store, one, "a"),
          store.dereference(one.hash, "b"),
          putChunk(store, one, "b"),
          store.dereference(one.hash, "a"),
        ]);
        expect(await readAll(store, one.hash)).toEqual(one.bytes);
        expect(await store.dereference(one.hash, "b")).toEqual({ references: 0, deleted: true });
      }
    });

    test("put() refuses above 95 % and leaves no trace, also when many come at once", async () => {
      const store = await openStore(10_000);
      const chunks = Array.from({ length: 20 }, (_, index) => testChunk(`chunk ${index}`));
      const results = await Promise.allSettled(chunks.map((chunk) => putChunk(store, chunk, "a")));
      const refused = results.flatMap((result) => (result.status === "rejected" ? [errorCode(result.reason)] : []));
      expect(refused).toEqual(Array.from({ length: 11 }, () => "storage-full"));
      expect(await store.stats()).toMatchObject({ chunkCount: 9, usedBytes: 9000, freeBytes: 500, fillRatio: 0.9 });
      expect(chunks.filter(({ hash }) => store.sizeOf(hash) !== undefined)).toHaveLength(9);
    });

    test("stats() count chunks and bytes", async () => {
      const store = await open();
      const two = testChunk("two", 500);
      await putChunk(store, one, "a");
      await putChunk(store, two, "a");
      await store.dereference(one.hash, "a");
      expect(await store.stats()).toMatchObject({ chunkCount: 1, usedBytes: 500, freeBytes: 949_500 });
    });

    test("verify() tells intact from absent", async () => {
      const store = await open();
      await putChunk(store, one, "a");
      expect(await store.verify(one.hash)).toBe("intact");
      expect(await store.verify(testChunk("two").hash)).toBe("absent");
    });

    test("shards of a chunk stand beside it, each with its own references", async () => {
      const store = await open();
      const shards = [testShard("one", 0), testShard("one", 4, 300)];
      for (const piece of [one, ...shards]) await putChunk(store, piece, "a");
      for (const { piece, bytes, digest } of [one, ...shards]) {
        expect(store.sizeOf(piece)).toBe(bytes.length);
        expect(store.digestOf(piece)).toBe(digest);
        expect(await readAll(store, piece)).toEqual(bytes);
      }
      expect(await store.stats()).toMatchObject({ chunkCount: 1, shardCount: 2, usedBytes: 1700 });
      expect(await store.dereference(one.hash, "a")).toEqual({ references: 0, deleted: true });
      expect(await store.stats()).toMatchObject({ chunkCount: 0, shardCount: 2, usedBytes: 700 });
      expect(await readAll(store, shardId(one.hash, 4))).toEqual(shards[1]?.bytes);
      expect(store.sizeOf(shardId(one.hash, 1))).toBeUndefined();
      expect(store.digestOf(one.hash)).toBeUndefined();
    });

    test("dereference() with an epoch takes what was given up to it, and refuses what was given later", async () => {
      const store = await open();
      const shard = testShard("one", 3);
      await putChunk(store, shard, "a", 4);
      await expect(store.dereference(shard.piece, "a", 3)).rejects.toMatchObject({ code: "conflict" });
      // The highest counts, in whatever order they came.
      await putChunk(store, shard, "a", 2);
      await expect(store.dereference(shard.piece, "a", 3)).rejects.toMatchObject({ code: "conflict" });
      expect(await readAll(store, shard.piece)).toEqual(shard.bytes);
      expect(await store.dereference(shard.piece, "b", 1)).toEqual({ references: 1, deleted: false });
      expect(await store.dereference(shard.piece, "a", 4)).toEqual({ references: 0, deleted: true });
      await putChunk(store, shard, "a", 7);
      expect(await store.dereference(shard.piece, "a")).toEqual({ references: 0, deleted: true });
    });

    test("versions of two positions have nothing to do with each other", async () => {
      const store = await open();
      await putChunk(store, one, "a", 9);
      await putChunk(store, one, "b", 2);
      expect(await store.dereference(one.hash, "b", 2)).toEqual({ references: 1, deleted: false });
      await expect(store.dereference(one.hash, "a", 8)).rejects.toMatchObject({ code: "conflict" });
    });

    test("put() keeps intact bytes, and refuses others under the name of a shard", async () => {
      const store = await open();
      const shard = testShard("one", 1);
      await putChunk(store, shard, "a");
      expect(await putChunk(store, shard, "a", 2)).toEqual({ existed: true, references: 1 });
      const other = { ...testShard("another", 1), piece: shard.piece };
      await expect(putChunk(store, other, "a", 3)).rejects.toMatchObject({ code: "conflict" });
      expect(await readAll(store, shard.piece)).toEqual(shard.bytes);
    });

    test("put() heals what has rotted unnoticed, and what is gone", async () => {
      const store = await open();
      for (const piece of [one, testShard("one", 2)]) {
        for (const damage of ["corrupt", "delete"] as const) {
          await putChunk(store, piece, "a");
          expect(await store.damage(piece.piece, damage)).toBe(true);
          expect(await putChunk(store, piece, "b", 2)).toEqual({ existed: false, references: 2 });
          expect(await readAll(store, piece.piece)).toEqual(piece.bytes);
          expect(await store.verify(piece.piece)).toBe("intact");
        }
      }
      expect(await store.damage(testChunk("two").hash, "corrupt")).toBe(false);
    });

    test("verify() finds damage; the references stay for the repair, with bytes of any digest", async () => {
      const store = await open();
      const shard = testShard("one", 2);
      await putChunk(store, shard, "a", 5);
      await store.damage(shard.piece, "corrupt");
      expect(await store.verify(shard.piece)).toBe("corrupt");
      expect(await store.verify(shard.piece)).toBe("absent");
      expect(await store.open(shard.piece)).toBeUndefined();
      expect(await store.stats()).toMatchObject({ shardCount: 0, usedBytes: 0 });
      const references = [{ reference: "a", version: 5 }];
      expect(store.list("", 9)).toEqual([{ piece: shard.piece, sizeBytes: 400, isHere: false, references }]);
      const other = { ...testShard("another", 2, 300), piece: shard.piece };
      expect(await putChunk(store, other, "a", 5)).toEqual({ existed: false, references: 1 });
      expect(await readAll(store, shard.piece)).toEqual(other.bytes);
      expect(await store.verify(shard.piece)).toBe("intact");
      await store.damage(shard.piece, "delete");
      expect(await store.verify(shard.piece)).toBe("absent");
    });

    test("list() gives every piece once in the order of the names, page by page", async () => {
      const store = await open();
      const kept = ["x", "y", "z"].flatMap((text) => [testChunk(text), testShard(text, 0), testShard(text, 10)]);
      for (const [at, piece] of kept.entries()) await putChunk(store, piece, "a", at + 1);
      await putChunk(store, testShard("x", 0), "b", 20);
      const found = [];
      for (let page = store.list("", 2); page.length > 0; page = store.list(page.at(-1)?.piece ?? "", 2)) {
        expect(page.length).toBeLessThanOrEqual(2);
        found.push(...page);
      }
      const names = kept.map(({ piece }) => piece).sort();
      expect(found.map(({ piece }) => piece)).toEqual(names);
      const two = found.find(({ piece }) => piece === testShard("x", 0).piece);
      expect(two?.references.toSorted((a, b) => a.version - b.version)).toEqual([
        { reference: "a", version: 2 },
        { reference: "b", version: 20 },
      ]);
      await store.dereference(names[0] ?? one.hash, "a");
      await putChunk(store, one, "a");
      const after = store.list("", 20).map(({ piece }) => piece);
      expect(after).toContain(one.piece);
      expect(after).toEqual(after.toSorted());
    });

    test("close() lets started changes end and refuses new ones", async () => {
      const store = await open();
      const started = putChunk(store, one, "a");
      await store.close();
      expect(await started).toEqual({ existed: false, references: 1 });
      await expect(putChunk(store, one, "b")).rejects.toMatchObject({ code: "unavailable" });
      await expect(store.dereference(one.hash, "a")).rejects.toMatchObject({ code: "unavailable" });
    });
  });
}
