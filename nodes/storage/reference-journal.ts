/**
 * The durable half of the reference index: an append-only journal with group commit. Changes that come while a flush runs
 * share the next one, so that sixty-four concurrent PUTs cost a handful of flushes. A change reaches the index only when it
 * is durable, so the index is at any moment what a restart would find.
 *
 * Compaction writes the index as a new journal beside the old one and puts it in its place by rename. The same way heals a
 * failed write or flush: after a failed fsync nothing may be assumed of the file (Rebello et al., "Can applications recover
 * from fsync failures?", USENIX ATC 2020), so it is never appended to again.
 */
import { VStackError } from "#wire/contract/errors.ts";
import type { Log } from "#wire/server/log.ts";
import type { FileSystem, WritableFile } from "./file-system.ts";
import { readWholeFile, writeWholeFile } from "./file-system.ts";
import { hasErrorCode } from "#wire/server/system-error.ts";
import type { ReferenceChange, ReferenceIndex } from "./reference-index.ts";
import { changeLine, LOG_HEADER, readLog } from "./reference-log.ts";

const FILE_NAME = "references.log";
/** Changes of one flush; a longer queue takes several, so that no buffer grows without end. */
const MAX_BATCH_CHANGES = 4_096;
/** A journal shorter than this is never compacted: reading it costs nothing. */
const MIN_COMPACTION_LINES = 20_000;
/** Compaction when the journal has this many lines for each living reference: restart stays within twice the best. */
const MAX_LINES_PER_REFERENCE = 2;

interface Waiting {
  readonly change: ReferenceChange;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export interface JournalOpening {
  readonly fileSystem: FileSystem;
  readonly folder: string;
  readonly index: ReferenceIndex;
  readonly log: Log;
  /** Tests compact earlier. */
  readonly minCompactionLines?: number;
}

export class ReferenceJournal {
  readonly #opening: JournalOpening;
  readonly #path: string;
  readonly #queue: Waiting[] = [];
  #file: WritableFile | undefined;
  #lineCount: number;
  #flushing: Promise<void> | undefined;
  #closed = false;
  /** Lines that could not be read in the middle of the journal; above 0 nothing unreferenced may be removed. */
  readonly damagedLines: number;

  private constructor(opening: JournalOpening, state: { lineCount: number; damagedLines: number }) {
    this.#opening = opening;
    this.#path = `${opening.folder}/${FILE_NAME}`;
    this.#lineCount = state.lineCount;
    this.damagedLines = state.damagedLines;
  }

  /**
   * Replays the journal into an empty index, and leaves a journal that ends with a whole line.
   *
   * @throws VStackError `conflict` when the journal is of another version
   */
  static async open(opening: JournalOpening): Promise<ReferenceJournal> {
    const { fileSystem, folder, index, log } = opening;
    const bytes = await readWholeFile(fileSystem, `${folder}/${FILE_NAME}`);
    const reading =
      bytes === undefined
        ? undefined
        : readLog(bytes, (change) => {
            index.apply(change);
          });
    const journal = new ReferenceJournal(opening, {
      lineCount: reading?.lineCount ?? 0,
      damagedLines: reading?.damagedLines ?? 0,
    });
    if (reading !== undefined && reading.damagedLines > 0) {
      log.error({ damagedLines: reading.damagedLines }, "Cannot read some references: unreferenced chunks are kept");
      await writeWholeFile(fileSystem, { folder, name: `${FILE_NAME}.damaged`, bytes: bytes ?? LOG_HEADER });
    }
    if (reading === undefined || reading.torn || reading.damagedLines > 0 || journal.#isWasteful()) {
      await journal.#rewrite();
    } else {
      journal.#file = await fileSystem.append(journal.#path);
    }
    return journal;
  }

  /**
   * Appends a change, returns when it is durable and in the index.
   *
   * @throws VStackError `storage-full` or `unavailable`: then the change is not in the index, and may or may not be found
   *   by a restart
   */
  append(change: ReferenceChange): Promise<void> {
    if (this.#closed)
      return Promise.reject(new VStackError("unavailable", "Cannot change references as the node stops"));
    return new Promise((resolve, reject) => {
      this.#queue.push({ change, resolve, reject });
      this.#flushing ??= this.#flushAll();
    });
  }

  /** Lets what was asked for become durable, then closes the file. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushing;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #flushAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, MAX_BATCH_CHANGES);
      try {
        await this.#flush(batch);
        for (const { change } of batch) this.#opening.index.apply(change);
        for (const { resolve } of batch) resolve();
      } catch (cause) {
        await this.#abandonFile();
        for (const { reject } of batch) reject(journalError(cause));
      }
      if (this.#file !== undefined && this.#isWasteful()) await this.#compact();
    }
    this.#flushing = undefined;
  }

  async #flush(batch: readonly Waiting[]): Promise<void> {
    if (this.#file === undefined) await this.#rewrite();
    await this.#file?.write(Buffer.from(batch.map(({ change }) => changeLine(change)).join(""), "latin1"));
    await this.#file?.datasync();
    this.#lineCount += batch.length;
  }

  #isWasteful(): boolean {
    const { minCompactionLines = MIN_COMPACTION_LINES } = this.#opening;
    const wanted = Math.max(minCompactionLines, MAX_LINES_PER_REFERENCE * this.#opening.index.referenceCount);
    return this.#lineCount > wanted;
  }

  async #compact(): Promise<void> {
    try {
      await this.#rewrite();
    } catch (error) {
      this.#opening.log.warn({ err: error }, "Cannot compact the references");
      await this.#abandonFile();
    }
  }

  async #abandonFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => {});
  }

  /** Writes the index as a new journal, durably, and goes on in it. */
  async #rewrite(): Promise<void> {
    const { fileSystem, folder, index } = this.#opening;
    await this.#abandonFile();
    const temporary = `${this.#path}.new`;
    await fileSystem.remove(temporary);
    const file = await fileSystem.create(temporary);
    try {
      this.#lineCount = await writeIndex(file, index);
      await file.datasync();
      await fileSystem.rename(temporary, this.#path);
      await fileSystem.syncFolder(folder);
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
    this.#file = file;
  }
}

/** Writes in slices, so that reads are answered in between. */
async function writeIndex(file: WritableFile, index: ReferenceIndex): Promise<number> {
  await file.write(LOG_HEADER);
  let lines: string[] = [];
  let lineCount = 0;
  for (const change of index.changes()) {
    lines.push(changeLine(change));
    lineCount += 1;
    if (lines.length < MAX_BATCH_CHANGES) continue;
    await file.write(Buffer.from(lines.join(""), "latin1"));
    lines = [];
  }
  if (lines.length > 0) await file.write(Buffer.from(lines.join(""), "latin1"));
  return lineCount;
}

function journalError(cause: unknown): VStackError {
  if (cause instanceof VStackError) return cause;
  if (hasErrorCode(cause, "ENOSPC", "EDQUOT")) {
    return new VStackError("storage-full", "Cannot store the reference as the disk is full", { cause });
  }
  return new VStackError("unavailable", "Cannot store the reference as the disk failed", { cause });
}
