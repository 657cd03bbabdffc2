/**
 * An append-only journal with group commit: what makes a state in memory durable. Changes that come in one turn of the
 * event loop, and those that come while a flush runs, share a flush, so that sixty-four concurrent requests cost a handful.
 *
 * Compaction writes the state as a new journal beside the old one, while changes go on into the old one; whatever came
 * meanwhile is added, and the new one put in the place of the old by rename. A failed write or flush ends a file: after a
 * failed fsync nothing may be assumed of it (Rebello et al., "Can applications recover from fsync failures?", USENIX ATC
 * 2020), so it is never appended to again, and the state is written anew before the next change.
 */
import { VStackError } from "#wire/contract/errors.ts";
import type { Log } from "#wire/server/log.ts";
import { hasErrorCode } from "#wire/server/system-error.ts";
import type { FileSystem, WritableFile } from "./file-system.ts";
import { readWholeFile, writeWholeFile } from "./file-system.ts";
import type { JournalFile } from "./journal-draft.ts";
import { JournalDraft } from "./journal-draft.ts";
import type { LineFormat } from "./journal-lines.ts";
import { lineOf, readLines } from "./journal-lines.ts";

/** Changes of one flush; a longer queue takes several, so that no buffer grows without end. */
const MAX_BATCH_CHANGES = 4_096;
/** Changes in line, above which whoever can refuse should: ten seconds of a disk that is in trouble. */
const MAX_QUEUED_CHANGES = 32_768;
/** A journal shorter than this is never compacted: reading it costs nothing. */
const MIN_COMPACTION_LINES = 20_000;
/** Compaction when the journal has this many lines for each that is needed: restart stays within twice the best. */
const MAX_LINES_PER_CHANGE = 2;

/** What a journal makes durable. */
export interface JournalState<Change> {
  /** A change that was read: the state is as it was after it. */
  replay(change: Change): void;
  /** A change of this program has become durable. */
  onDurable(change: Change): void;
  /**
   * The state as the changes that would make it. Each is as new as any change that was durable before the first one was asked
   * for; the state may change between one and the next. Repeating later changes over them must give the later state.
   */
  changes(): Iterable<Change>;
  /** How many these are, about. */
  changeCount(): number;
}

export interface JournalOpening<Change> {
  readonly fileSystem: FileSystem;
  readonly folder: string;
  readonly fileName: string;
  readonly format: LineFormat<Change>;
  readonly state: JournalState<Change>;
  /**
   * Lines in the middle cannot be read, so something acknowledged may be lost. The file is kept beside the journal, which is
   * written anew from the state as this call leaves it.
   */
  readonly onDamage: (damagedLines: number) => void;
  readonly log: Log;
  /** Tests compact earlier. */
  readonly minCompactionLines?: number;
}

interface Waiting<Change> {
  readonly changes: readonly Change[];
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export class Journal<Change> {
  readonly #opening: JournalOpening<Change>;
  readonly #path: string;
  readonly #queue: Waiting<Change>[] = [];
  #queuedChanges = 0;
  #file: WritableFile | undefined;
  #lineCount: number;
  #flushing: Promise<void> | undefined;
  /** The next file, when the present one is being compacted. */
  #draft: JournalDraft<Change> | undefined;
  #drafting: Promise<void> | undefined;
  /** Length of the journal when a compaction failed: the next one is tried when it has doubled. */
  #failedAtLines = 0;
  #closed = false;
  /** Lines that could not be read in the middle of the journal when it was opened. */
  readonly damagedLines: number;

  private constructor(opening: JournalOpening<Change>, reading: { lineCount: number; damagedLines: number }) {
    this.#opening = opening;
    this.#path = `${opening.folder}/${opening.fileName}`;
    this.#lineCount = reading.lineCount;
    this.damagedLines = reading.damagedLines;
  }

  /**
   * Replays the journal into an empty state, and leaves a journal that ends with a whole line.
   *
   * @throws VStackError `conflict` when the journal is of another version
   */
  static async open<Change>(opening: JournalOpening<Change>): Promise<Journal<Change>> {
    const { fileSystem, folder, fileName, format, state } = opening;
    const bytes = await readWholeFile(fileSystem, `${folder}/${fileName}`);
    const replay = (change: Change) => {
      state.replay(change);
    };
    const reading =
      bytes === undefined
        ? { lineCount: 0, damagedLines: 0, torn: true, isOlder: false }
        : readLines(format, bytes, replay);
    if (bytes !== undefined && reading.damagedLines > 0) {
      await writeWholeFile(fileSystem, { folder, name: `${fileName}.damaged`, bytes });
      opening.onDamage(reading.damagedLines);
    }
    const journal = new Journal(opening, reading);
    const isUnfit = reading.torn || reading.damagedLines > 0 || reading.isOlder;
    if (isUnfit || journal.#isWasteful()) await journal.#rewrite();
    else journal.#file = await fileSystem.append(journal.#path);
    return journal;
  }

  /** Whether so much waits for the disk that more should be refused. */
  get isBusy(): boolean {
    return this.#queuedChanges >= MAX_QUEUED_CHANGES;
  }

  /**
   * Returns when these changes, and whatever was appended before, are durable. Without changes it returns at once when there
   * is nothing to wait for.
   *
   * @throws VStackError `storage-full` or `unavailable`: then a restart may or may not find the changes
   */
  append(...changes: readonly Change[]): Promise<void> {
    if (this.#closed) {
      const message = `Cannot change ${this.#opening.format.contents} as the node stops`;
      return Promise.reject(new VStackError("unavailable", message));
    }
    const isIdle = this.#flushing === undefined && this.#file !== undefined;
    if (changes.length === 0 && isIdle) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#queue.push({ changes, resolve, reject });
      this.#queuedChanges += changes.length;
      this.#flushing ??= this.#flushAll();
    });
  }

  /**
   * Writes the state as a new journal, for a state that was changed by other ways than changes.
   *
   * @throws VStackError as {@link append}; then it is tried again before the next change
   */
  async rewrite(): Promise<void> {
    await this.#flushing;
    await this.#abandonFile();
    await this.append();
  }

  /** Lets what was asked for become durable, then closes the file. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushing;
    await this.#abandonFile();
    await this.#drafting;
  }

  async #flushAll(): Promise<void> {
    // The rest of this turn of the event loop may have more for the same flush.
    await new Promise((resolve) => setImmediate(resolve));
    for (;;) {
      await this.#goOnCompacting();
      if (this.#queue.length === 0) break;
      const batch = this.#takeBatch();
      const changes = batch.flatMap((waiting) => waiting.changes);
      try {
        await this.#flush(changes);
        for (const { resolve } of batch) resolve();
      } catch (cause) {
        await this.#abandonFile();
        for (const { reject } of batch) reject(this.#journalError(cause));
      }
    }
    this.#flushing = undefined;
  }

  #takeBatch(): Waiting<Change>[] {
    let changeCount = 0;
    const end = this.#queue.findIndex(({ changes }, at) => {
      changeCount += changes.length;
      return at > 0 && changeCount > MAX_BATCH_CHANGES;
    });
    const batch = this.#queue.splice(0, end < 0 ? this.#queue.length : end);
    for (const { changes } of batch) this.#queuedChanges -= changes.length;
    return batch;
  }

  async #flush(changes: readonly Change[]): Promise<void> {
    const { format, state } = this.#opening;
    if (this.#file === undefined) await this.#rewrite();
    if (changes.length === 0) return;
    const lines = changes.map((change) => lineOf(format, change));
    await this.#file?.writeThrough(Buffer.from(lines.join("")));
    this.#lineCount += lines.length;
    // In one step with the state: a compaction that begins before has them here, one that begins after finds them there.
    this.#draft?.add(lines);
    for (const change of changes) state.onDurable(change);
  }

  #isWasteful(): boolean {
    const { minCompactionLines = MIN_COMPACTION_LINES, state } = this.#opening;
    const needed = MAX_LINES_PER_CHANGE * Math.max(state.changeCount(), this.#failedAtLines);
    return this.#lineCount > Math.max(minCompactionLines, needed);
  }

  /** Begins a compaction when it is worth it, ends one that has the whole state. Never throws. */
  async #goOnCompacting(): Promise<void> {
    const draft = this.#draft;
    try {
      if (draft === undefined) {
        if (this.#file === undefined || this.#closed || !this.#isWasteful()) return;
        this.#draft = await JournalDraft.begin(this.#opening);
        this.#drafting = this.#writeDraft(this.#draft);
      } else if (draft.isWhole) {
        this.#draft = undefined;
        await this.#abandonFile();
        this.#goOnIn(await draft.install());
      } else if (draft.isOverdue) {
        throw new VStackError("unavailable", "Cannot write the state as fast as it changes");
      }
    } catch (error) {
      await this.#compactionFailed(error);
      await draft?.discard();
    }
  }

  /** In the background; the flush after it puts the new file in place. Never throws. */
  async #writeDraft(draft: JournalDraft<Change>): Promise<void> {
    try {
      await draft.writeState();
      if (this.#draft === draft) this.#flushing ??= this.#flushAll();
    } catch (error) {
      if (this.#draft === draft) await this.#compactionFailed(error);
    }
  }

  async #compactionFailed(error: unknown): Promise<void> {
    const draft = this.#draft;
    this.#draft = undefined;
    this.#failedAtLines = this.#lineCount;
    this.#opening.log.warn({ err: error }, `Cannot compact ${this.#opening.format.contents}`);
    await draft?.discard();
  }

  async #abandonFile(): Promise<void> {
    const file = this.#file;
    const draft = this.#draft;
    this.#file = undefined;
    this.#draft = undefined;
    await draft?.discard();
    await file?.close().catch(() => {});
  }

  /** Writes the state as a new file, durably, and goes on in it. */
  async #rewrite(): Promise<void> {
    await this.#abandonFile();
    const draft = await JournalDraft.begin(this.#opening);
    try {
      await draft.writeState();
      this.#goOnIn(await draft.install());
    } catch (error) {
      await draft.discard();
      throw error;
    }
  }

  #goOnIn({ file, lineCount }: JournalFile): void {
    this.#file = file;
    this.#lineCount = lineCount;
    this.#failedAtLines = 0;
  }

  #journalError(cause: unknown): VStackError {
    if (cause instanceof VStackError) return cause;
    const { contents } = this.#opening.format;
    if (hasErrorCode(cause, "ENOSPC", "EDQUOT")) {
      return new VStackError("storage-full", `Cannot store ${contents} as the disk is full`, { cause });
    }
    return new VStackError("unavailable", `Cannot store ${contents} as the disk failed`, { cause });
  }
}
