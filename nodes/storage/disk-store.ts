/**
 * The store of pieces on a disk. A PUT is answered after, in this order: bytes written, flushed (fdatasync), renamed to their
 * name, folder flushed, reference written and flushed. A crash before the last step leaves a file without reference: nobody
 * was told of it, and the next start removes it. A DELETE is answered when the removal of the reference is flushed; the
 * file goes afterwards, and if a crash prevents that, at the next start.
 */
import type { NodeId } from "#core/ids.ts";
import type { PieceId } from "#core/placement/piece.ts";
import { mayDelete } from "#core/redundancy/release.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { MAX_REFERENCES_PER_CHUNK } from "#wire/contract/limits.ts";
import type { Damage, PieceVerdict } from "#wire/contract/piece-api.ts";
import type { Log } from "#wire/server/log.ts";
import { ChunkFiles } from "./chunk-files.ts";
import type {
  ChunkStore,
  Claim,
  DereferenceResult,
  KeptPiece,
  OpenChunk,
  PutResult,
  StoreStats,
} from "./chunk-store.ts";
import { openFormat } from "./disk-format.ts";
import type { FileSystem, ReadableFile } from "./file-system.ts";
import { FolderRest } from "./folder-rest.ts";
import { KeyedLock } from "./keyed-lock.ts";
import { hasErrorCode } from "#wire/server/system-error.ts";
import { livePause, ReaderCourtesy } from "./reader-courtesy.ts";
import type { ReferenceChange } from "./reference-index.ts";
import { ReferenceIndex } from "./reference-index.ts";
import { matchFiles } from "./match-files.ts";
import { openReferenceJournal, type ReferenceJournal } from "./reference-journal.ts";
import { SpaceLedger } from "./space-ledger.ts";
import {
  corruptError,
  laterVersionError,
  otherBytesError,
  storageError,
  tooManyReferencesError,
} from "./store-errors.ts";

export interface DiskStoreOptions {
  readonly fileSystem: FileSystem;
  /** An existing folder that this process alone uses. */
  readonly folder: string;
  readonly nodeId: NodeId;
  /** Largest sum of the bytes of pieces; undefined leaves it to the disk. */
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
  const unreferenced = await matchFiles(names, { files, index, journal });
  log.info({ chunks: index.chunkCount, shards: index.shardCount, leftovers, unreferenced }, "opened the store");
  return new DiskStore(options, { incarnation, files, index, journal });
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
  readonly #rest: FolderRest;
  readonly #log: Log;
  readonly #readers: ReaderCourtesy;
  readonly #changes = new KeyedLock<PieceId>();
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor({ fileSystem, folder, capacityBytes, nowMs, log }: DiskStoreOptions, parts: StoreParts) {
    this.incarnation = parts.incarnation;
    this.#files = parts.files;
    this.#index = parts.index;
    this.#journal = parts.journal;
    this.#log = log;
    this.#readers = new ReaderCourtesy({ nowMs, pause: livePause });
    this.#rest = new FolderRest({ fileSystem, folder, nowMs });
    this.#space = new SpaceLedger({
      nowMs,
      space: () => fileSystem.space(folder),
      usedBytes: () => parts.index.usedBytes,
      capacityBytes,
    });
  }

  put(piece: PieceId, bytes: Uint8Array, claim: Claim, beside = () => {}): Promise<PutResult> {
    return this.#change(piece, async () => {
      const { reference, digest } = claim;
      const isNew = this.#index.versionOf(piece, reference) === undefined;
      const before = this.#index.referencesOf(piece) ?? 0;
      if (isNew && before >= MAX_REFERENCES_PER_CHUNK) throw tooManyReferencesError();
      // Whoever puts again may do so because what is here is rotten, which nobody has noticed yet.
      const existed = (await this.#examine(piece)) === "intact";
      if (existed && this.#index.digestOf(piece) !== digest) throw otherBytesError(piece);
      const isKnown = this.#index.isKnown(piece, claim);
      if (existed) beside();
      if (!existed) await this.#store(piece, bytes, { claim, isKnown, beside });
      else if (!isKnown) await this.#journal.append(additionOf(piece, bytes, claim));
      return { existed, references: this.#index.referencesOf(piece) ?? 0 };
    });
  }

  sizeOf(piece: PieceId): number | undefined {
    return this.#index.sizeOf(piece);
  }

  digestOf(piece: PieceId): Claim["digest"] | undefined {
    return this.#index.digestOf(piece);
  }

  async open(piece: PieceId): Promise<OpenChunk | undefined> {
    const file = await this.#openFile(piece);
    if (file !== undefined) return this.#opened(piece, file);
    // Deleted before or while it was opened: no fault of the disk.
    if (this.#index.sizeOf(piece) === undefined) return undefined;
    await this.#suspect(piece);
    const again = await this.#openFile(piece);
    if (again !== undefined) return this.#opened(piece, again);
    if (this.#index.sizeOf(piece) === undefined) return undefined;
    throw corruptError(piece);
  }

  dereference(piece: PieceId, reference: string, epoch?: number): Promise<DereferenceResult | undefined> {
    return this.#change(piece, async () => {
      const before = this.#index.referencesOf(piece);
      if (before === undefined) return undefined;
      const given = this.#index.versionOf(piece, reference);
      if (given === undefined) return { references: before, deleted: false };
      if (epoch !== undefined && !mayDelete(given, epoch)) throw laterVersionError({ given, epoch });
      await this.#journal.append({ change: "remove", piece, reference });
      const references = this.#index.referencesOf(piece) ?? 0;
      if (references > 0) return { references, deleted: false };
      await this.#files.remove(piece).catch((error: unknown) => {
        this.#log.warn({ err: error, piece }, "Cannot remove a piece now: the next start will");
      });
      return { references, deleted: true };
    });
  }

  verify(piece: PieceId): Promise<PieceVerdict> {
    return this.#change(piece, () => this.#examine(piece));
  }

  list(after: string, limit: number): KeptPiece[] {
    return this.#index.list(after, limit);
  }

  damage(piece: PieceId, damage: Damage["damage"]): Promise<boolean> {
    return this.#change(piece, async () => {
      if (this.#index.sizeOf(piece) === undefined) return false;
      return await this.#files.damage(piece, damage);
    });
  }

  async stats(): Promise<StoreStats> {
    const { chunkCount, shardCount, usedBytes } = this.#index;
    const otherBytes = await this.#rest.bytes();
    return { chunkCount, shardCount, usedBytes, otherBytes, ...(await this.#space.measure()) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#running);
    await this.#journal.close();
  }

  /** Runs one change of a piece at a time; `close` waits for all of them. */
  async #change<Result>(piece: PieceId, work: () => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new VStackError("unavailable", "Cannot change a chunk as the node stops");
    const running = this.#changes.run(piece, work);
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      throw storageError(error);
    } finally {
      this.#running.delete(running);
    }
  }

  /** Reads a piece from the disk, as one of its changes. What is not intact is not here any more. */
  async #examine(piece: PieceId): Promise<PieceVerdict> {
    const digest = this.#index.digestOf(piece);
    if (digest === undefined) return "absent";
    const file = await this.#files.look(piece, () => this.#readers.giveWay());
    if (file.found === "bytes" && file.digest === digest) return "intact";
    this.#index.markMissing(piece);
    if (file.found === "nothing") {
      this.#log.error({ piece }, "The file of a piece is gone");
      return "absent";
    }
    this.#log.error({ piece }, "The bytes of a piece are wrong: put into quarantine");
    await this.#files.quarantine(piece).catch((error: unknown) => {
      this.#log.error({ err: error, piece }, "Cannot move a wrong piece: it is not served all the same");
    });
    return "corrupt";
  }

  async #store(
    piece: PieceId,
    bytes: Uint8Array,
    { claim, isKnown, beside }: { readonly claim: Claim; readonly isKnown: boolean; readonly beside: () => void },
  ): Promise<void> {
    const release = await this.#space.reserve(bytes.length);
    let stored = false;
    try {
      await this.#files.write(piece, bytes, beside);
      // A known reference without bytes: a repair after quarantine or after a lost disk block.
      if (!isKnown) {
        await this.#journal.append(additionOf(piece, bytes, claim)).catch(async (error: unknown) => {
          await this.#files.remove(piece).catch(() => {});
          throw error;
        });
      }
      this.#index.markPresent(piece);
      stored = true;
    } finally {
      release(stored);
    }
  }

  /** The file of a piece, undefined when it is absent, unreadable or of another length than it was stored with. */
  async #openFile(piece: PieceId): Promise<ReadableFile | undefined> {
    const sizeBytes = this.#index.sizeOf(piece);
    if (sizeBytes === undefined) return undefined;
    try {
      const file = await this.#files.open(piece);
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

  #opened(piece: PieceId, file: ReadableFile): OpenChunk {
    return {
      sizeBytes: file.sizeBytes,
      read: async (target, position) => {
        this.#readers.begin();
        const isRead = await readFully(file, target, position);
        this.#readers.end();
        if (isRead || this.#index.sizeOf(piece) === undefined) return;
        await this.#suspect(piece);
        // The whole file could be read and hashed: the failure was a passing one.
        if (!(await readFully(file, target, position))) throw corruptError(piece);
      },
      close: () => {
        file.close();
      },
    };
  }

  /** The disk gave an error or another length: hashes the piece, and throws when it is not what was stored. */
  async #suspect(piece: PieceId): Promise<void> {
    if ((await this.verify(piece)) === "corrupt") throw corruptError(piece);
  }
}

function additionOf(piece: PieceId, bytes: Uint8Array, claim: Claim): ReferenceChange {
  return { change: "add", piece, sizeBytes: bytes.length, ...claim };
}

/** Never rejects. */
async function readFully(file: ReadableFile, target: Uint8Array, position: number): Promise<boolean> {
  try {
    return (await file.read(target, position)) === target.length;
  } catch {
    return false;
  }
}
