/**
 * The chunk store on a disk. A PUT is answered after, in this order: bytes written, flushed (fdatasync), renamed to their
 * name, folder flushed, reference written and flushed. A crash before the last step leaves a file without reference: nobody
 * was told of it, and the next start removes it. A DELETE is answered when the removal of the reference is flushed; the
 * file goes afterwards, and if a crash prevents that, at the next start.
 */
import { type ChunkHash, type NodeId, parseChunkHash } from "#core/ids.ts";
import { LOOSE_REFERENCE } from "#wire/contract/chunk-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { MAX_REFERENCES_PER_CHUNK } from "#wire/contract/limits.ts";
import type { Log } from "#wire/server/log.ts";
import { ChunkFiles } from "./chunk-files.ts";
import type { ChunkStore, DereferenceResult, OpenChunk, PutResult, StoreStats } from "./chunk-store.ts";
import { openFormat } from "./disk-format.ts";
import type { FileSystem, ReadableFile } from "./file-system.ts";
import { KeyedLock } from "./keyed-lock.ts";
import { hasErrorCode } from "#wire/server/system-error.ts";
import { ReferenceIndex } from "./reference-index.ts";
import { openReferenceJournal, type ReferenceJournal } from "./reference-journal.ts";
import { SpaceLedger } from "./space-ledger.ts";

export interface DiskStoreOptions {
  readonly fileSystem: FileSystem;
  /** An existing folder that this process alone uses. */
  readonly folder: string;
  readonly nodeId: NodeId;
  /** Largest sum of chunk bytes; undefined leaves it to the disk. */
  readonly capacityBytes?: number | undefined;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  readonly log: Log;
}

/**
 * Opens the store in a folder, making it when the folder is empty.
 *
 * @throws VStackError `conflict` when the folder is of another version or node
 */
export async function openDiskStore(options: DiskStoreOptions): Promise<ChunkStore> {
  const { fileSystem, folder, nodeId, log } = options;
  const incarnation = await openFormat(fileSystem, folder, nodeId);
  const files = new ChunkFiles(fileSystem, folder);
  const leftovers = await files.prepare();
  // The system lists the folders while we read the journal: at 100,000 chunks each takes a good tenth of a second.
  const index = new ReferenceIndex();
  const opening = { fileSystem, folder, index, log };
  const [names, journal] = await Promise.all([files.list(), openReferenceJournal(opening)]);
  const unreferenced = matchFiles(names, index);
  for (const hash of unreferenced) {
    if (journal.damagedLines === 0) await files.remove(hash);
    else await adopt(hash, files, { index, journal });
  }
  log.info({ chunks: index.chunkCount, leftovers, unreferenced: unreferenced.length }, "opened the store");
  return new DiskStore(options, { incarnation, files, index, journal });
}

/** Marks what is here; returns the files that nothing refers to. */
function matchFiles(names: readonly string[], index: ReferenceIndex): ChunkHash[] {
  return names
    .filter((name) => !index.markPresent(name))
    .map((name) => parseChunkHash(name))
    .filter((hash) => hash !== undefined);
}

/** Keeps a chunk whose reference may stand in the unreadable part of the journal. */
async function adopt(
  hash: ChunkHash,
  files: ChunkFiles,
  { index, journal }: { index: ReferenceIndex; journal: ReferenceJournal },
): Promise<void> {
  const file = await files.open(hash);
  if (file === undefined) return;
  const { sizeBytes } = file;
  file.close();
  await journal.append({ change: "add", hash, sizeBytes, reference: LOOSE_REFERENCE });
  index.markPresent(hash);
}

interface StoreParts {
  readonly incarnation: string;
  readonly files: ChunkFiles;
  readonly index: ReferenceIndex;
  readonly journal: ReferenceJournal;
}

class DiskStore implements ChunkStore {
  readonly incarnation: string;
  readonly #files: ChunkFiles;
  readonly #index: ReferenceIndex;
  readonly #journal: ReferenceJournal;
  readonly #space: SpaceLedger;
  readonly #log: Log;
  readonly #changes = new KeyedLock<ChunkHash>();
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor({ fileSystem, folder, capacityBytes, nowMs, log }: DiskStoreOptions, parts: StoreParts) {
    this.incarnation = parts.incarnation;
    this.#files = parts.files;
    this.#index = parts.index;
    this.#journal = parts.journal;
    this.#log = log;
    this.#space = new SpaceLedger({
      nowMs,
      space: () => fileSystem.space(folder),
      usedBytes: () => parts.index.usedBytes,
      capacityBytes,
    });
  }

  put(hash: ChunkHash, bytes: Uint8Array, reference: string): Promise<PutResult> {
    return this.#change(hash, async () => {
      const existed = this.#index.sizeOf(hash) !== undefined;
      const before = this.#index.referencesOf(hash) ?? [];
      const known = before.includes(reference);
      if (!known && before.length >= MAX_REFERENCES_PER_CHUNK) {
        throw new VStackError("conflict", `Cannot refer to the chunk as ${before.length} positions already do`);
      }
      if (!existed) await this.#store(hash, bytes, { reference, known });
      else if (!known) await this.#journal.append({ change: "add", hash, sizeBytes: bytes.length, reference });
      return { existed, references: this.#index.referencesOf(hash)?.length ?? 0 };
    });
  }

  sizeOf(hash: ChunkHash): number | undefined {
    return this.#index.sizeOf(hash);
  }

  async open(hash: ChunkHash): Promise<OpenChunk | undefined> {
    const file = await this.#openFile(hash);
    if (file !== undefined) return this.#opened(hash, file);
    // Deleted before or while it was opened: no fault of the disk.
    if (this.#index.sizeOf(hash) === undefined) return undefined;
    await this.#suspect(hash);
    const again = await this.#openFile(hash);
    if (again !== undefined) return this.#opened(hash, again);
    if (this.#index.sizeOf(hash) === undefined) return undefined;
    throw corruptError(hash);
  }

  dereference(hash: ChunkHash, reference: string): Promise<DereferenceResult | undefined> {
    return this.#change(hash, async () => {
      const before = this.#index.referencesOf(hash);
      if (before === undefined) return undefined;
      if (!before.includes(reference)) return { references: before.length, deleted: false };
      await this.#journal.append({ change: "remove", hash, reference });
      const references = this.#index.referencesOf(hash)?.length ?? 0;
      if (references > 0) return { references, deleted: false };
      await this.#files.remove(hash).catch((error: unknown) => {
        this.#log.warn({ err: error, hash }, "Cannot remove a chunk now: the next start will");
      });
      return { references, deleted: true };
    });
  }

  verify(hash: ChunkHash): Promise<"intact" | "corrupt" | "absent"> {
    return this.#change(hash, async () => {
      if (this.#index.sizeOf(hash) === undefined) return "absent";
      if ((await this.#files.digest(hash)) === hash) return "intact";
      this.#index.markMissing(hash);
      this.#log.error({ hash }, "The bytes of a chunk are wrong: put into quarantine");
      await this.#files.quarantine(hash).catch((error: unknown) => {
        this.#log.error({ err: error, hash }, "Cannot move a wrong chunk: it is not served all the same");
      });
      return "corrupt";
    });
  }

  async stats(): Promise<StoreStats> {
    return { chunkCount: this.#index.chunkCount, usedBytes: this.#index.usedBytes, ...(await this.#space.measure()) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#running);
    await this.#journal.close();
  }

  /** Runs one change of a hash at a time; `close` waits for all of them. */
  async #change<Result>(hash: ChunkHash, work: () => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new VStackError("unavailable", "Cannot change a chunk as the node stops");
    const running = this.#changes.run(hash, work);
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      throw storageError(error);
    } finally {
      this.#running.delete(running);
    }
  }

  async #store(
    hash: ChunkHash,
    bytes: Uint8Array,
    { reference, known }: { reference: string; known: boolean },
  ): Promise<void> {
    const release = await this.#space.reserve(bytes.length);
    let stored = false;
    try {
      await this.#files.write(hash, bytes);
      // A known reference without bytes: a repair after quarantine or after a lost disk block.
      if (!known) {
        await this.#journal
          .append({ change: "add", hash, sizeBytes: bytes.length, reference })
          .catch(async (error: unknown) => {
            if (this.#index.referencesOf(hash) === undefined) await this.#files.remove(hash).catch(() => {});
            throw error;
          });
      }
      this.#index.markPresent(hash);
      stored = true;
    } finally {
      release(stored);
    }
  }

  /** The file of a chunk, undefined when it is absent, unreadable or of another length than it was stored with. */
  async #openFile(hash: ChunkHash): Promise<ReadableFile | undefined> {
    const sizeBytes = this.#index.sizeOf(hash);
    if (sizeBytes === undefined) return undefined;
    try {
      const file = await this.#files.open(hash);
      if (file?.sizeBytes === sizeBytes) return file;
      file?.close();
    } catch (cause) {
      // Too many open files say nothing about this one.
      if (hasErrorCode(cause, "EMFILE", "ENFILE", "ENOMEM")) {
        throw new VStackError("unavailable", "Cannot open the chunk as too many files are open", { cause });
      }
    }
    return undefined;
  }

  #opened(hash: ChunkHash, file: ReadableFile): OpenChunk {
    return {
      sizeBytes: file.sizeBytes,
      read: async (target, position) => {
        if ((await readFully(file, target, position)) || this.#index.sizeOf(hash) === undefined) return;
        await this.#suspect(hash);
        // The whole file could be read and hashed: the failure was a passing one.
        if (!(await readFully(file, target, position))) throw corruptError(hash);
      },
      close: () => {
        file.close();
      },
    };
  }

  /** The disk gave an error or another length: hashes the chunk, and throws when it is not what its name says. */
  async #suspect(hash: ChunkHash): Promise<void> {
    if ((await this.verify(hash)) === "corrupt") throw corruptError(hash);
  }
}

async function readFully(file: ReadableFile, target: Uint8Array, position: number): Promise<boolean> {
  try {
    return (await file.read(target, position)) === target.length;
  } catch {
    return false;
  }
}

function corruptError(hash: ChunkHash): VStackError {
  return new VStackError("corrupt", "Cannot serve the chunk as its bytes on this node are damaged: ask another node", {
    details: { hash },
  });
}

function storageError(error: unknown): unknown {
  if (error instanceof VStackError) return error;
  if (hasErrorCode(error, "ENOSPC", "EDQUOT")) {
    return new VStackError("storage-full", "Cannot store the chunk as the disk is full", { cause: error });
  }
  if (error instanceof Error && "code" in error) {
    return new VStackError("unavailable", "Cannot change the chunk as the disk failed", { cause: error });
  }
  return error;
}
