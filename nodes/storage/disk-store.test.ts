import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseNodeId } from "#core/ids.ts";
import { MAX_REFERENCES_PER_CHUNK } from "#wire/contract/limits.ts";
import { silentLog } from "#wire/server/log.ts";
import { chunkStoreContract, putChunk, readAll, testChunk, testShard } from "./chunk-store.contract.ts";
import type { ChunkStore } from "./chunk-store.ts";
import { type DiskStoreOptions, openDiskStore } from "./disk-store.ts";
import { readWholeFile } from "./file-system.ts";
import { liveFileSystem } from "./live-file-system.ts";
import { headerOf, lineOf } from "./journal-lines.ts";
import { REFERENCE_LINES } from "./reference-log.ts";
import { SimulatedDisk, systemError } from "./simulated-disk.ts";

const base = mkdtempSync(join(tmpdir(), "vstack-store-"));
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
}, 60_000);

const nodeId = parseNodeId("node-1");
if (nodeId === undefined) throw new Error("node-1 is a node id");
const one = testChunk("one");
const two = testChunk("two");

function openOn(disk: SimulatedDisk, options: Partial<DiskStoreOptions> = {}): Promise<ChunkStore> {
  if (nodeId === undefined) throw new Error("node-1 is a node id");
  return openDiskStore({ fileSystem: disk, folder: "/data", nodeId, nowMs: () => 0, log: silentLog, ...options });
}

function freshFolder(): string {
  return mkdtempSync(join(base, "data-"));
}

function openIn(folder: string, capacityBytes?: number): Promise<ChunkStore> {
  return openOn(new SimulatedDisk(), {
    fileSystem: liveFileSystem,
    folder,
    capacityBytes,
    nowMs: () => performance.now(),
  });
}

function pathOf(hash: string): string {
  return `/data/chunks/${hash.slice(0, 2)}/${hash}`;
}

chunkStoreContract("openDiskStore() on a real disk", (capacityBytes) => openIn(freshFolder(), capacityBytes));
chunkStoreContract("openDiskStore() on a simulated disk", (capacityBytes) =>
  openOn(new SimulatedDisk(), { capacityBytes }),
);

describe("openDiskStore()", () => {
  test("finds chunks, references and its incarnation again", async () => {
    const folder = freshFolder();
    const before = await openIn(folder);
    await putChunk(before, one, "a");
    await putChunk(before, one, "b");
    await putChunk(before, two, "a");
    await before.dereference(two.hash, "a");
    await before.close();
    const after = await openIn(folder);
    expect(after.incarnation).toBe(before.incarnation);
    expect(await readAll(after, one.hash)).toEqual(one.bytes);
    expect(after.sizeOf(two.hash)).toBeUndefined();
    expect(await after.dereference(one.hash, "a")).toEqual({ references: 1, deleted: false });
  });

  test("removes what a crash left: temporary files and chunks without a reference", async () => {
    const folder = freshFolder();
    await (await openIn(folder)).close();
    writeFileSync(join(folder, "tmp", `${one.hash}.1`), "half");
    writeFileSync(join(folder, "chunks", one.hash.slice(0, 2), one.hash), one.bytes);
    const store = await openIn(folder);
    expect(readdirSync(join(folder, "tmp"))).toEqual([]);
    expect(store.sizeOf(one.hash)).toBeUndefined();
    expect(readdirSync(join(folder, "chunks", one.hash.slice(0, 2)))).toEqual([]);
  });

  test("refuses the folder of another node, of another version, and one that lost its format", async () => {
    const folder = freshFolder();
    await (await openIn(folder)).close();
    const format = join(folder, "format.json");
    const text = readFileSync(format, "utf8");
    writeFileSync(format, text.replace("node-1", "node-2"));
    await expect(openIn(folder)).rejects.toThrow(/belongs to node "node-2": this is "node-1"/);
    writeFileSync(format, text.replace('"version":2', '"version":3'));
    await expect(openIn(folder)).rejects.toThrow(/its version is 3: version 2 is wanted/);
    rmSync(format);
    await expect(openIn(folder)).rejects.toMatchObject({ code: "conflict" });
  });

  test("takes over a folder of version 1: chunks, references and incarnation stay, older programs are kept out", async () => {
    const disk = new SimulatedDisk();
    const before = await openOn(disk);
    await putChunk(before, one, "a");
    await before.close();
    const older = { write: (words: string) => words };
    disk.tamper("/data/references.log", () =>
      Buffer.from(`vstack-references 1\n${lineOf(older, `+ ${one.hash} 1000 a`)}`),
    );
    disk.tamper("/data/format.json", (bytes) => Buffer.from(bytes.toString().replace('"version":2', '"version":1')));
    const after = await openOn(disk);
    expect(after.incarnation).toBe(before.incarnation);
    expect(await readAll(after, one.hash)).toEqual(one.bytes);
    expect((await readWholeFile(disk, "/data/format.json"))?.toString()).toContain('"version":2');
    await putChunk(after, testShard("one", 0), "a", 2);
    await expect(after.dereference(one.hash, "a", 0)).rejects.toMatchObject({ code: "conflict" });
    expect(await after.dereference(one.hash, "a", 1)).toEqual({ references: 0, deleted: true });
  });

  test("finds shards, their digests and the versions of references again", async () => {
    const disk = new SimulatedDisk();
    const shard = testShard("one", 4);
    const before = await openOn(disk);
    await putChunk(before, shard, "a", 3);
    await putChunk(before, shard, "a", 6);
    await before.close();
    const after = await openOn(disk);
    expect(after.digestOf(shard.piece)).toBe(shard.digest);
    expect(await after.verify(shard.piece)).toBe("intact");
    await expect(after.dereference(shard.piece, "a", 5)).rejects.toMatchObject({ code: "conflict" });
    expect(disk.paths()).toContain(pathOf(shard.piece));
    expect(await after.stats()).toMatchObject({ chunkCount: 0, shardCount: 1, usedBytes: 400 });
  });

  test("refuses a journal of another version instead of taking its chunks for unreferenced", async () => {
    const folder = freshFolder();
    await (await openIn(folder)).close();
    writeFileSync(join(folder, "references.log"), "vstack-references 3\n");
    await expect(openIn(folder)).rejects.toMatchObject({ code: "conflict" });
  });

  test("keeps unreferenced chunks when the middle of the journal cannot be read", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk);
    const shard = testShard("one", 2);
    for (const piece of [one, two, shard]) await putChunk(store, piece, "a");
    disk.tamper("/data/references.log", (bytes) => {
      bytes[40] = (bytes[40] ?? 0) ^ 1;
      return bytes;
    });
    const after = await openOn(disk);
    expect(await readAll(after, one.hash)).toEqual(one.bytes);
    expect(disk.paths()).toContain("/data/references.log.damaged");
    expect(await readAll(await openOn(disk), one.hash)).toEqual(one.bytes);
  });

  test("put() refuses more references than the limit", async () => {
    const folder = freshFolder();
    const before = await openIn(folder);
    await putChunk(before, one, "0");
    await before.close();
    const references = Array.from({ length: MAX_REFERENCES_PER_CHUNK }, (_, index) => String(index));
    const lines = references.map((reference) =>
      lineOf(REFERENCE_LINES, {
        ...{ change: "add", piece: one.piece, digest: one.digest, sizeBytes: 1000 },
        ...{ reference, version: 1 },
      }),
    );
    writeFileSync(join(folder, "references.log"), headerOf(REFERENCE_LINES).toString() + lines.join(""));
    const store = await openIn(folder);
    await expect(putChunk(store, one, "one more")).rejects.toMatchObject({ code: "conflict" });
    expect((await putChunk(store, one, "7")).references).toBe(MAX_REFERENCES_PER_CHUNK);
  });

  test("put() answers after write, flush, rename, folder flush and durable reference, in this order", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk);
    const from = disk.operations.length;
    await putChunk(store, one, "a");
    const temporary = `/data/tmp/${one.hash}.1`;
    expect(disk.operations.slice(from)).toEqual([
      { do: "create", path: temporary },
      { do: "write", path: temporary },
      { do: "datasync", path: temporary },
      { do: "rename", path: pathOf(one.hash) },
      { do: "sync-folder", path: `/data/chunks/${one.hash.slice(0, 2)}` },
      { do: "write", path: "/data/references.log" },
      { do: "datasync", path: "/data/references.log" },
    ]);
  });

  test("put() runs what goes beside it while the bytes are flushed, before any name or reference", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk);
    const from = disk.operations.length;
    const { piece, bytes, digest } = one;
    const doneBefore: string[] = [];
    await store.put(piece, bytes, { reference: "a", version: 1, digest }, () => {
      doneBefore.push(...disk.operations.slice(from).map((operation) => operation.do));
    });
    expect(doneBefore).toEqual(["create", "write"]);
  });

  test("dereference() answers after the removal is durable, and the bytes go after it", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk);
    await putChunk(store, one, "a");
    const from = disk.operations.length;
    await store.dereference(one.hash, "a");
    expect(disk.operations.slice(from).map((operation) => operation.do)).toEqual(["write", "datasync", "remove"]);
  });

  test("put() of many at once shares the flushes of the journal", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk);
    const chunks = Array.from({ length: 64 }, (_, index) => testChunk(`many ${index}`));
    const from = disk.operations.length;
    await Promise.all(chunks.map((chunk) => putChunk(store, chunk, "a")));
    const flushes = disk.operations
      .slice(from)
      .filter(({ do: what, path }) => what === "datasync" && path.includes("references"));
    expect(flushes.length).toBeLessThanOrEqual(8);
  });
});

describe("DiskStore with a failing disk", () => {
  test("put() without space answers storage-full and leaves nothing, at every step", async () => {
    for (const step of ["create", "write", "datasync", "rename", "sync-folder"] as const) {
      const disk = new SimulatedDisk();
      const store = await openOn(disk);
      disk.before = (operation) => {
        if (operation.do === step && !operation.path.includes("references")) throw systemError("ENOSPC");
      };
      await expect(putChunk(store, one, "a"), step).rejects.toMatchObject({ code: "storage-full" });
      disk.before = () => {};
      expect(
        disk.paths().filter((path) => path.includes("/tmp/")),
        step,
      ).toEqual([]);
      expect(store.sizeOf(one.hash), step).toBeUndefined();
      expect(await store.stats(), step).toMatchObject({ chunkCount: 0, usedBytes: 0 });
      expect(await putChunk(store, one, "a"), step).toEqual({ existed: false, references: 1 });
    }
  });

  test("put() whose reference cannot be written fails, and the journal heals with the next one", async () => {
    for (const step of ["write", "datasync"] as const) {
      const disk = new SimulatedDisk();
      const store = await openOn(disk);
      await putChunk(store, two, "a");
      disk.before = (operation) => {
        if (operation.do === step && operation.path.includes("references")) throw systemError("ENOSPC");
      };
      await expect(putChunk(store, one, "a"), step).rejects.toMatchObject({ code: "storage-full" });
      expect(store.sizeOf(one.hash), step).toBeUndefined();
      expect(disk.paths(), step).not.toContain(pathOf(one.hash));
      disk.before = () => {};
      await putChunk(store, one, "b");
      const after = await openOn(disk);
      expect(await readAll(after, one.hash), step).toEqual(one.bytes);
      expect(await readAll(after, two.hash), step).toEqual(two.bytes);
    }
  });

  test("put() refuses when the disk is 95 % full, and reads go on", async () => {
    const disk = new SimulatedDisk();
    const times = { nowMs: 0 };
    const store = await openOn(disk, { nowMs: () => times.nowMs });
    await putChunk(store, one, "a");
    disk.freeSpace = { totalBytes: 100_000, availableBytes: 5_500 };
    times.nowMs = 2_000;
    await expect(putChunk(store, two, "a")).rejects.toMatchObject({ code: "storage-full" });
    expect((await store.stats()).fillRatio).toBeCloseTo(0.945);
    expect(await readAll(store, one.hash)).toEqual(one.bytes);
  });

  test("open() puts a chunk of the wrong length into quarantine, and a later put() repairs it", async () => {
    const folder = freshFolder();
    const store = await openIn(folder);
    await putChunk(store, one, "a");
    await putChunk(store, one, "b");
    truncateSync(join(folder, "chunks", one.hash.slice(0, 2), one.hash), 999);
    await expect(store.open(one.hash)).rejects.toMatchObject({ code: "corrupt" });
    expect(await store.open(one.hash)).toBeUndefined();
    expect(readdirSync(join(folder, "quarantine"))).toEqual([`${one.hash}.0`]);
    expect(await store.stats()).toMatchObject({ chunkCount: 0, usedBytes: 0 });
    expect(await putChunk(store, one, "a")).toEqual({ existed: false, references: 2 });
    expect(await readAll(store, one.hash)).toEqual(one.bytes);
    await store.close();
    expect(await (await openIn(folder)).dereference(one.hash, "a")).toEqual({ references: 1, deleted: false });
  });

  test("read() that fails once serves the bytes when the whole chunk proves to be good", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk);
    await putChunk(store, one, "a");
    let failures = 1;
    disk.before = (operation) => {
      if (operation.do === "read" && failures > 0) {
        failures -= 1;
        throw systemError("EIO");
      }
    };
    expect(await readAll(store, one.hash)).toEqual(one.bytes);
  });

  test("read() that always fails is a corrupt chunk, never served again", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk);
    await putChunk(store, one, "a");
    disk.before = (operation) => {
      if (operation.do === "read") throw systemError("EIO");
    };
    await expect(readAll(store, one.hash)).rejects.toMatchObject({ code: "corrupt" });
    disk.before = () => {};
    expect(await readAll(store, one.hash)).toBeUndefined();
  });

  test("open() without file descriptors blames no chunk", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk);
    await putChunk(store, one, "a");
    disk.before = () => {
      throw systemError("EMFILE");
    };
    await expect(store.open(one.hash)).rejects.toMatchObject({ code: "unavailable" });
    await expect(store.verify(one.hash)).rejects.toMatchObject({ code: "unavailable" });
    disk.before = () => {};
    expect(await readAll(store, one.hash)).toEqual(one.bytes);
  });

  test("verify() finds a flipped bit", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk);
    await putChunk(store, one, "a");
    disk.tamper(pathOf(one.hash), (bytes) => {
      bytes[500] = (bytes[500] ?? 0) ^ 1;
      return bytes;
    });
    expect(await store.verify(one.hash)).toBe("corrupt");
    expect(store.sizeOf(one.hash)).toBeUndefined();
  });

  test("a chunk whose file vanished is absent, and keeps its references for the repair", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk);
    await putChunk(store, one, "a");
    disk.tamper(pathOf(one.hash), () => undefined);
    const after = await openOn(disk);
    expect(after.sizeOf(one.hash)).toBeUndefined();
    expect(await putChunk(after, one, "b")).toEqual({ existed: false, references: 2 });
  });
});

test("makes its folders where there are none", () => {
  mkdirSync(join(base, "empty"));
  return expect(openIn(join(base, "empty"))).resolves.toBeDefined();
});
